/**
 * The sources of traces, their events and how much each can tell. Names are HAProxy's wherever it has something alike. A
 * source has at most 62 events (state/trace-board.ts).
 */
import type { TraceSource, TraceWord } from './source.ts';

function words(pairs: Readonly<Record<string, string>>): readonly TraceWord[] {
  return Object.entries(pairs).map(([name, summary]) => ({ name, summary }));
}

const NUMBERS = {
  clean: 'what a user understands',
  minimal: 'and the numbers of session, connection and stream',
};

const PEERS = { ...NUMBERS, simple: 'and addresses, and names of proxies and servers' };

const MESSAGES = words({
  ...PEERS,
  advanced: 'and the fields of heads',
  complete: 'and the begin of contents',
});

const OF_TRAFFIC = ['nothing', 'connection', 'frontend', 'listener', 'session', 'thread'];
const OF_STREAMS = ['nothing', 'backend', ...OF_TRAFFIC.slice(1), 'server', 'stream'];

export const TRACE_SOURCE_TABLE = {
  session: {
    name: 'session',
    summary: 'connections of clients',
    events: words({
      sess_new: 'a connection becomes a session',
      sess_end: 'it is over',
      sess_err: 'it was given up before its first request',
    }),
    unheard: ['sess_kill'],
    verbosities: words(PEERS),
    criteria: OF_TRAFFIC,
  },
  stream: {
    name: 'stream',
    summary: 'requests, and sessions of mode tcp',
    events: words({
      strm_new: 'begin of a stream',
      strm_free: 'its end',
      strm_err: 'it fails, or is cut',
      http_ana: 'a message of HTTP passes rules and filters',
      http_err: 'it does not, or is answered here',
      tcp_ana: 'a session of mode tcp passes rules and filters',
      tcp_err: 'it does not',
      sc_state: 'a server is looked for, reached or left',
    }),
    unheard: ['strm_ana', 'strm_proc', 'flt_ana', 'flt_err'],
    verbosities: MESSAGES,
    criteria: OF_STREAMS,
  },
  h1: {
    name: 'h1',
    summary: 'HTTP/1 with clients and servers',
    events: words({
      h1c_new: 'a connection is accepted',
      h1c_recv: 'bytes have come',
      h1c_send: 'bytes are sent',
      h1c_end: 'a connection is over',
      h1c_err: 'it fails',
      rx_headers: 'a head has come',
      rx_body: 'some of a body has come',
      rx_data: 'a head, or some of a body, has come',
      rx_eoi: 'all of a message has come',
      tx_headers: 'a head is sent',
      tx_body: 'some of a body is sent',
      tx_data: 'a head, or some of a body, is sent',
      tx_eoi: 'all of a message is sent',
      h1s_new: 'a request begins',
      h1s_end: 'it is over',
      h1s_err: 'a message is none',
      strm_new: 'the head of a request is given to its stream',
      strm_end: 'the stream has ended',
      strm_err: 'the stream was cut',
    }),
    unheard: [
      'h1c_blk',
      'h1c_wake',
      'rx_trailerus',
      'tx_trailerus',
      'h1s_blk',
      'strm_recv',
      'strm_send',
      'strm_wake',
      'strm_shut',
    ],
    verbosities: MESSAGES,
    criteria: OF_STREAMS,
  },
  h2: {
    name: 'h2',
    summary: 'HTTP/2 with clients and servers',
    events: words({
      h2c_new: 'a connection begins',
      h2c_recv: 'a frame has come',
      h2c_send: 'a frame is sent',
      h2c_end: 'a connection is over',
      h2c_err: 'it fails',
      rx_fhdr: 'the head of a frame has come',
      rx_frame: 'a frame has come',
      rx_eoi: 'all of a message has come',
      rx_preface: 'what came first is no preface',
      rx_data: 'DATA has come',
      rx_hdr: 'HEADERS have come',
      rx_prio: 'PRIORITY has come',
      rx_rst: 'RST_STREAM has come',
      rx_settings: 'SETTINGS have come',
      rx_push: 'PUSH_PROMISE has come',
      rx_ping: 'PING has come',
      rx_goaway: 'GOAWAY has come',
      rx_wu: 'WINDOW_UPDATE has come',
      rx_cont: 'CONTINUATION has come',
      tx_frame: 'a frame is sent',
      tx_eoi: 'all of a message is sent',
      tx_preface: 'the preface is sent',
      tx_data: 'DATA is sent',
      tx_hdr: 'HEADERS are sent',
      tx_rst: 'RST_STREAM is sent',
      tx_settings: 'SETTINGS are sent',
      tx_ping: 'PING is sent',
      tx_goaway: 'GOAWAY is sent',
      tx_wu: 'WINDOW_UPDATE is sent',
      tx_cont: 'CONTINUATION is sent',
      h2s_new: 'a stream is opened',
      h2s_end: 'a stream is over',
      h2s_err: 'a stream fails',
      strm_new: 'a request is given to its stream',
      strm_end: 'the stream has ended',
      proto_err: 'the peer breaks the protocol',
    }),
    unheard: [
      'h2c_fctl',
      'h2c_blk',
      'h2c_wake',
      'tx_prio',
      'tx_push',
      'h2s_recv',
      'h2s_send',
      'h2s_fctl',
      'h2s_blk',
      'h2s_wake',
      'strm_recv',
      'strm_send',
      'strm_full',
      'strm_wake',
      'strm_shut',
      'strm_err',
    ],
    verbosities: MESSAGES,
    criteria: OF_STREAMS,
  },
  ssl: {
    name: 'ssl',
    summary: 'TLS handshakes of clients',
    events: words({
      sslc_hndshk: 'a handshake is over',
      sslc_err: 'a handshake has failed',
    }),
    unheard: [
      'sslc_new',
      'sslc_recv',
      'sslc_send',
      'sslc_end',
      'sslc_vfy_cb',
      'sslc_stapling',
      'sslc_switchctx_cb',
    ],
    verbosities: words(PEERS),
    criteria: OF_TRAFFIC,
  },
  applet: {
    name: 'applet',
    summary: 'statistics, metrics and services of scripts',
    events: words({
      app_new: 'a service begins to answer a request',
    }),
    unheard: ['app_err', 'app_free', 'app_recv', 'app_send', 'app_blk', 'app_proc'],
    verbosities: words(PEERS),
    criteria: OF_STREAMS,
  },
  check: {
    name: 'check',
    summary: 'checks of servers, and their agents',
    events: words({
      hchck_start: 'a check begins',
      hchck_run: 'a check is under way',
      hchck_end: 'a check is over',
      hchck_succ: 'a check has passed',
      hchck_err: 'a check has failed',
      tcp_check_conn: 'a check is connected to its server',
    }),
    unheard: [
      'task_wake',
      'hchck_wake',
      'tcp_check_eval',
      'tcp_check_err',
      'tcp_check_send',
      'tcp_check_expect',
      'tcp_check_action',
      'rx_data',
      'rx_blk',
      'rx_err',
      'tx_data',
      'tx_blk',
      'tx_err',
    ],
    verbosities: words({ clean: 'the server, and what was found' }),
    criteria: ['nothing', 'backend', 'server', 'thread'],
  },
  haterm: {
    name: 'haterm',
    summary: 'answers of frontends in mode haterm',
    events: words({
      hstrm_new: 'a request is answered',
      hstrm_end: 'the answer is over',
    }),
    unheard: [],
    verbosities: words(PEERS),
    criteria: OF_STREAMS,
  },
} as const satisfies Readonly<Record<string, TraceSource>>;

export type TraceSourceName = keyof typeof TRACE_SOURCE_TABLE;

/** In the order of the rows in the board. */
export const TRACE_SOURCES: readonly TraceSource[] = Object.values(TRACE_SOURCE_TABLE);

export function sourceNumber(name: string): number {
  return TRACE_SOURCES.findIndex(source => source.name === name);
}

/** Of HAProxy, and of nothing that is here. */
export const UNHEARD_SOURCES: ReadonlySet<string> = new Set([
  'acme',
  'fcgi',
  'h3',
  'hlua',
  'httpclient',
  'peers',
  'pt',
  'qmux',
  'quic',
  'spop',
]);
