/** The points of connections that speak HTTP/2. */
import { ERROR, PROTO, STATE, USER } from '../../traces/source.ts';
import { TRACE_SOURCE_TABLE } from '../../traces/sources.ts';
import { tracePoint, type TracePoint } from '../../traces/trace-point.ts';

const { h2 } = TRACE_SOURCE_TABLE;

type Event = (typeof h2)['events'][number]['name'];

export const H2_POINTS = {
  connected: tracePoint(h2, STATE, ['h2c_new'], 'Session', 'connection begins'),
  over: tracePoint(h2, STATE, ['h2c_end'], 'lost', 'connection is over'),
  noPreface: tracePoint(h2, ERROR, ['rx_preface', 'proto_err', 'h2c_err'], 'prefaceIsWrong', 'no preface'),
  prefaceSent: tracePoint(h2, PROTO, ['tx_preface', 'h2c_send'], 'start', 'preface is sent'),
  failed: tracePoint(h2, ERROR, ['h2c_err', 'proto_err'], 'fail', 'connection fails'),
  opened: tracePoint(h2, STATE, ['h2s_new'], 'frameBegins', 'stream is opened'),
  closed: tracePoint(h2, STATE, ['h2s_end'], 'sideEnded', 'stream is over'),
  cut: tracePoint(h2, STATE, ['h2s_end', 'h2s_err'], 'end', 'stream is cut'),
  streamFailed: tracePoint(h2, ERROR, ['h2s_err', 'proto_err'], 'streamError', 'stream fails'),
  request: tracePoint(h2, USER, ['strm_new', 'rx_hdr'], 'requestArrived', 'request received'),
  answer: tracePoint(h2, USER, ['tx_hdr'], 'responseAllowed', 'response is sent'),
  finished: tracePoint(h2, STATE, ['strm_end'], 'finish', 'exchange is over'),
};

interface FramePoints {
  readonly name: string;
  readonly received: TracePoint;
  readonly sent: TracePoint;
  /** Where the message of its sender ends with it. */
  readonly receivedLast: TracePoint;
  readonly sentLast: TracePoint;
}

function frame(name: string, rx: readonly Event[], tx: readonly Event[]): FramePoints {
  const received = (events: readonly Event[]): TracePoint =>
    tracePoint(h2, PROTO, [rx[0] ?? 'rx_frame', ...events], 'frameBegins', 'frame received');
  const sent = (events: readonly Event[]): TracePoint =>
    tracePoint(h2, PROTO, [tx[0] ?? 'tx_frame', ...events], 'flush', 'frame is sent');
  const [all, allSent] = [['rx_fhdr', 'rx_frame', 'h2c_recv'] as const, ['tx_frame', 'h2c_send'] as const];
  return {
    name,
    received: received(all),
    sent: sent(allSent),
    receivedLast: received([...all, 'rx_eoi']),
    sentLast: sent([...allSent, 'tx_eoi']),
  };
}

/** By type (RFC 9113 section 6). */
export const FRAMES: readonly FramePoints[] = [
  frame('DATA', ['rx_data'], ['tx_data']),
  frame('HEADERS', ['rx_hdr'], ['tx_hdr']),
  frame('PRIORITY', ['rx_prio'], []),
  frame('RST_STREAM', ['rx_rst'], ['tx_rst']),
  frame('SETTINGS', ['rx_settings'], ['tx_settings']),
  frame('PUSH_PROMISE', ['rx_push'], []),
  frame('PING', ['rx_ping'], ['tx_ping']),
  frame('GOAWAY', ['rx_goaway'], ['tx_goaway']),
  frame('WINDOW_UPDATE', ['rx_wu'], ['tx_wu']),
  frame('CONTINUATION', ['rx_cont'], ['tx_cont']),
];

export const OTHER_FRAME = frame('unknown frame', [], []);
