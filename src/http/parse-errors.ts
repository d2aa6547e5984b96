/**
 * Why a message cannot be parsed: negative codes, each with the status a client is answered and a text for logs.
 * The statuses are HAProxy 3.4's: 400 where it gives no other (413: an HTTP/1.0 body where none is expected,
 * 405: an HTTP/2 connection opened where that is not allowed, 422: a transfer coding nobody here can undo). A response that cannot be parsed is always a 502 to the client.
 */
export interface ParseError {
  readonly status: number;
  readonly text: string;
}

export const INVALID_METHOD = -1;
export const INVALID_TARGET = -2;
export const INVALID_VERSION = -3;
export const INVALID_HEADER_NAME = -4;
export const INVALID_HEADER_VALUE = -5;
export const INVALID_LINE_END = -6;
export const TOO_MANY_HEADERS = -7;
export const TOO_LARGE = -8;
export const INVALID_LENGTH = -9;
export const INVALID_TRANSFER_ENCODING = -10;
export const INVALID_HOST = -11;
export const INVALID_STATUS_LINE = -12;
export const UNKNOWN_TRANSFER_ENCODING = -13;
/** The 24 bytes that open an HTTP/2 connection (RFC 9113 section 3.4) are here; none was consumed. */
export const H2_PREFACE = -14;
export const CONNECT_WITH_BODY = -15;
export const TARGET_TOO_LONG = -16;
export const FOLDED_LINE = -17;
export const MISSING_HOST = -18;
export const AMBIGUOUS_LENGTH = -19;
export const UNEXPECTED_BODY = -20;
export const INVALID_WEBSOCKET_KEY = -21;
export const UNSUPPORTED_VERSION = -22;
export const BROKEN_CHUNKS = -23;

export const PARSE_ERRORS: ReadonlyMap<number, ParseError> = new Map([
  [INVALID_METHOD, { status: 400, text: 'invalid method' }],
  [INVALID_TARGET, { status: 400, text: 'invalid request target' }],
  [INVALID_VERSION, { status: 400, text: 'invalid HTTP version' }],
  [INVALID_HEADER_NAME, { status: 400, text: 'invalid header name' }],
  [INVALID_HEADER_VALUE, { status: 400, text: 'invalid header value' }],
  [INVALID_LINE_END, { status: 400, text: 'line does not end in CRLF' }],
  [TOO_MANY_HEADERS, { status: 400, text: 'too many headers' }],
  [TOO_LARGE, { status: 431, text: 'head larger than a buffer' }],
  [INVALID_LENGTH, { status: 400, text: 'invalid content-length' }],
  [INVALID_TRANSFER_ENCODING, { status: 400, text: 'invalid transfer-encoding' }],
  [INVALID_HOST, { status: 400, text: 'invalid, repeated or mismatching host' }],
  [INVALID_STATUS_LINE, { status: 502, text: 'invalid status line' }],
  [UNKNOWN_TRANSFER_ENCODING, { status: 422, text: 'transfer-encoding other than chunked' }],
  [H2_PREFACE, { status: 405, text: 'HTTP/2 connection preface' }],
  [CONNECT_WITH_BODY, { status: 400, text: 'CONNECT with a body' }],
  [TARGET_TOO_LONG, { status: 414, text: 'request line larger than a buffer' }],
  [FOLDED_LINE, { status: 400, text: 'header folded over several lines' }],
  [MISSING_HOST, { status: 400, text: 'HTTP/1.1 request without host' }],
  [AMBIGUOUS_LENGTH, { status: 400, text: 'content-length beside transfer-encoding' }],
  [UNEXPECTED_BODY, { status: 413, text: 'HTTP/1.0 GET, HEAD or DELETE with a body' }],
  [INVALID_WEBSOCKET_KEY, { status: 400, text: 'websocket upgrade without a valid key' }],
  [UNSUPPORTED_VERSION, { status: 505, text: 'HTTP version other than 1.0 and 1.1' }],
  [BROKEN_CHUNKS, { status: 400, text: 'invalid chunk' }],
]);
