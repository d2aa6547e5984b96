/** Why a message cannot be parsed: negative codes, each with the status a client is answered and a text for logs. */
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
export const H2_PREFACE = -14;
export const CONNECT_WITH_BODY = -15;
export const WEBSOCKET_WITHOUT_KEY = -16;

export const PARSE_ERRORS: ReadonlyMap<number, ParseError> = new Map([
  [INVALID_METHOD, { status: 400, text: 'invalid method' }],
  [INVALID_TARGET, { status: 400, text: 'invalid request target' }],
  [INVALID_VERSION, { status: 400, text: 'invalid HTTP version' }],
  [INVALID_HEADER_NAME, { status: 400, text: 'invalid header name' }],
  [INVALID_HEADER_VALUE, { status: 400, text: 'invalid header value' }],
  [INVALID_LINE_END, { status: 400, text: 'line does not end in CRLF' }],
  [TOO_MANY_HEADERS, { status: 431, text: 'too many headers' }],
  [TOO_LARGE, { status: 431, text: 'head larger than a buffer' }],
  [INVALID_LENGTH, { status: 400, text: 'invalid or ambiguous content-length' }],
  [INVALID_TRANSFER_ENCODING, { status: 400, text: 'invalid transfer-encoding' }],
  [INVALID_HOST, { status: 400, text: 'invalid, repeated or mismatching host' }],
  [INVALID_STATUS_LINE, { status: 502, text: 'invalid status line' }],
  [UNKNOWN_TRANSFER_ENCODING, { status: 422, text: 'transfer-encoding other than chunked' }],
  [H2_PREFACE, { status: 400, text: 'HTTP/2 connection preface' }],
  [WEBSOCKET_WITHOUT_KEY, { status: 400, text: 'websocket upgrade without a key' }],
  [CONNECT_WITH_BODY, { status: 400, text: 'CONNECT with a body' }],
]);
