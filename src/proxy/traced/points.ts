/** The points of requests and connections that traces tell of. */
import { DATA, ERROR, PROTO, STATE, USER } from '../../traces/source.ts';
import { TRACE_SOURCE_TABLE } from '../../traces/sources.ts';
import { tracePoint } from '../../traces/trace-point.ts';

const { session, stream, h1, ssl, applet, haterm } = TRACE_SOURCE_TABLE;

export const SESSION = {
  begins: tracePoint(session, USER, ['sess_new'], 'startSession', 'session begins'),
  ends: tracePoint(session, USER, ['sess_end'], 'end', 'session is over'),
  refused: tracePoint(
    session,
    USER,
    ['sess_err', 'sess_end'],
    'end',
    'connection is given up before a session',
  ),
};

export const SSL = {
  done: tracePoint(ssl, USER, ['sslc_hndshk'], 'secured', 'handshake is over'),
  failed: tracePoint(ssl, ERROR, ['sslc_err'], 'failed', 'handshake has failed'),
};

export const STREAM = {
  begins: tracePoint(stream, STATE, ['strm_new'], 'requestStarted', 'stream begins'),
  arrived: tracePoint(stream, PROTO, ['http_ana'], 'receiveRequest', 'request meets its rules'),
  allowed: tracePoint(stream, STATE, ['http_ana'], 'forwardRequest', 'request may pass'),
  decided: tracePoint(stream, USER, ['http_ana', 'http_err'], 'stopRequest', 'request is stopped by rules'),
  dialed: tracePoint(stream, USER, ['sc_state'], 'sendRequest', 'server is connected to'),
  unreached: tracePoint(stream, USER, ['sc_state', 'strm_err'], 'unreached', 'server is not reached'),
  answered: tracePoint(stream, PROTO, ['http_ana'], 'receiveResponse', 'response meets its rules'),
  passes: tracePoint(stream, STATE, ['http_ana'], 'forwardResponse', 'response may pass'),
  refused: tracePoint(stream, USER, ['http_ana', 'http_err'], 'stopResponse', 'response is stopped by rules'),
  fails: tracePoint(stream, USER, ['strm_err', 'http_err'], 'fail', 'request fails'),
  replies: tracePoint(stream, PROTO, ['http_ana'], 'replyWith', 'answer is made here'),
  shutdown: tracePoint(stream, USER, ['strm_err', 'sc_state'], 'shutdown', 'stream is shut down'),
  over: tracePoint(stream, USER, ['strm_free'], 'finish', 'stream is over'),
  cut: tracePoint(stream, USER, ['strm_free', 'strm_err'], 'abort', 'stream is cut'),
};

export const TCP = {
  begins: tracePoint(stream, STATE, ['strm_new'], 'start', 'stream begins'),
  inspected: tracePoint(stream, PROTO, ['tcp_ana'], 'inspectionEnds', 'first bytes have met their rules'),
  refused: tracePoint(stream, USER, ['tcp_ana', 'tcp_err'], 'responseRefused', 'answer is refused by rules'),
  clientGone: tracePoint(stream, USER, ['strm_err', 'tcp_err'], 'clientGone', 'client has gone'),
};

export const H1 = {
  connected: tracePoint(h1, STATE, ['h1c_new'], 'startSession', 'connection is accepted'),
  closed: tracePoint(h1, STATE, ['h1c_end'], 'end', 'connection is over'),
  begins: tracePoint(h1, STATE, ['h1s_new'], 'requestStarted', 'first bytes of a request'),
  request: tracePoint(
    h1,
    USER,
    ['rx_headers', 'rx_data', 'h1c_recv', 'strm_new'],
    'requestArrived',
    'request received',
  ),
  bytes: tracePoint(h1, DATA, ['rx_body', 'rx_data', 'h1c_recv'], 'requestBytesArrived', 'bytes received'),
  forwarding: tracePoint(h1, PROTO, ['tx_headers', 'tx_data', 'h1c_send'], 'sendRequest', 'request is sent'),
  forwarded: tracePoint(h1, STATE, ['tx_eoi', 'rx_eoi'], 'requestForwarded', 'all of the request is sent'),
  interim: tracePoint(
    h1,
    PROTO,
    ['rx_headers', 'rx_data', 'h1c_recv'],
    'interimArrived',
    'interim response received',
  ),
  response: tracePoint(
    h1,
    USER,
    ['rx_headers', 'rx_data', 'h1c_recv'],
    'responseArrived',
    'response received',
  ),
  answer: tracePoint(h1, PROTO, ['tx_headers', 'tx_data', 'h1c_send'], 'sendAnswer', 'response is sent'),
  head: tracePoint(h1, DATA, ['tx_data', 'h1c_send'], 'sendAnswer', 'head is sent, or a whole answer'),
  content: tracePoint(h1, DATA, ['tx_body', 'tx_data', 'h1c_send'], 'sendBody', 'content is sent'),
  complete: tracePoint(h1, STATE, ['tx_eoi', 'rx_eoi'], 'responseForwarded', 'all of the response is sent'),
  over: tracePoint(h1, STATE, ['h1s_end', 'strm_end'], 'finish', 'exchange is over'),
  cut: tracePoint(h1, STATE, ['h1s_end', 'strm_err', 'strm_end', 'h1c_err'], 'abort', 'connection is cut'),
  invalid: tracePoint(h1, ERROR, ['h1s_err', 'rx_headers'], 'keepBadMessage', 'message is malformed'),
  contentInvalid: tracePoint(h1, ERROR, ['h1s_err', 'rx_body'], 'bodyInvalid', 'content is malformed'),
};

export const APPLET = {
  begins: tracePoint(applet, USER, ['app_new'], 'callService', 'service answers'),
};

export const HATERM = {
  begins: tracePoint(haterm, USER, ['hstrm_new'], 'serveHaterm', 'request is answered'),
  ends: tracePoint(haterm, STATE, ['hstrm_end'], 'finish', 'answer is over'),
};
