/** Frames of HTTP/2 in numbers (RFC 9113 sections 4, 6 and 7; RFC 8441 section 3). */

export const FRAME_HEAD = 9;
/** What every peer takes, and what one may be told to take at most (section 6.5.2). */
export const LEAST_FRAME = 16_384;
export const LARGEST_FRAME = 0xffffff;
export const DEFAULT_WINDOW = 65_535;
export const LARGEST_WINDOW = 0x7fffffff;
export const LARGEST_STREAM = 0x7fffffff;
/** What a peer may have in its header table until it hears otherwise. */
export const DEFAULT_TABLE = 4096;

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const WITH_PRIORITY = 0x20;

export const SETTING_TABLE = 1;
export const SETTING_PUSH = 2;
export const SETTING_STREAMS = 3;
export const SETTING_WINDOW = 4;
export const SETTING_FRAME = 5;
export const SETTING_LIST = 6;
export const SETTING_CONNECT = 8;

export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;
export const INTERNAL_ERROR = 0x2;
export const FLOW_CONTROL_ERROR = 0x3;
export const STREAM_CLOSED = 0x5;
export const FRAME_SIZE_ERROR = 0x6;
export const REFUSED_STREAM = 0x7;
export const CANCEL = 0x8;
export const COMPRESSION_ERROR = 0x9;
export const ENHANCE_YOUR_CALM = 0xb;

/** What a client begins with (section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** How long the payload of a frame may be by its type; in what types is the least and the most the same. */
const SHORTEST = [0, 1, 5, 4, 0, 4, 8, 8, 4, 0];
const LONGEST = [Infinity, Infinity, 5, 4, Infinity, Infinity, 8, Infinity, 4, Infinity];
/** Types that tell of a stream, and such that tell of the connection; all others may do both. */
const OF_STREAM = (1 << DATA) | (1 << HEADERS) | (1 << PRIORITY) | (1 << RST_STREAM) | (1 << PUSH_PROMISE);
const OF_CONNECTION = (1 << SETTINGS) | (1 << PING) | (1 << GOAWAY);

/** What is wrong with such a frame, whatever has come before it; NO_ERROR: nothing. Unknown types are fine. */
export function wrongFrame(type: number, length: number, stream: number): number {
  if (type > CONTINUATION) return NO_ERROR;
  const isOfStream = ((OF_STREAM | (1 << CONTINUATION)) & (1 << type)) !== 0;
  if (isOfStream && stream === 0) return PROTOCOL_ERROR;
  if ((OF_CONNECTION & (1 << type)) !== 0 && stream !== 0) return PROTOCOL_ERROR;
  if (length < (SHORTEST[type] as number) || length > (LONGEST[type] as number)) return FRAME_SIZE_ERROR;
  return NO_ERROR;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** The number of a stream: what comes before it is reserved. */
export function readStream(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & LARGEST_STREAM;
}

export function writeUint32(bytes: Uint8Array, value: number, at: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function writeFrameHead(
  bytes: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeUint32(bytes, stream, at + 5);
  return at + FRAME_HEAD;
}
