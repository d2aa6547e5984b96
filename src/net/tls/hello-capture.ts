/**
 * What `tune.ssl.capture-buffer-size` keeps of a ClientHello: its lists, one behind the other in a buffer of that many
 * bytes; what does not fit is cut off (manual, section 3.2). The hash is of all ciphers.
 */
import { latin1Slice } from '../../base/latin1.ts';
import { xxh64 } from '../../base/xxhash.ts';
import { readSpan, type ClientHello, type Span } from './client-hello.ts';
import type { HelloFacts } from './tls-facts.ts';

const SUPPORTED_GROUPS = 10;
const POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const SUPPORTED_VERSIONS = 43;

/** Bytes of the length in front of the lists that are kept, by extension. */
const LENGTH_BYTES: Readonly<Record<number, 1 | 2>> = {
  [SUPPORTED_GROUPS]: 2,
  [POINT_FORMATS]: 1,
  [SIGNATURE_ALGORITHMS]: 2,
  [SUPPORTED_VERSIONS]: 1,
};

interface Extensions {
  /** Their types, two bytes each. */
  readonly types: string;
  /** Undefined: one of them was broken, and nothing is kept of any. */
  readonly lists: Readonly<Record<number, string>> | undefined;
}

export function captureHello(buffer: Buffer, hello: ClientHello, size: number): HelloFacts {
  const all = buffer.subarray(hello.ciphers.start, hello.ciphers.end);
  const ciphers = latin1Slice(buffer, hello.ciphers.start, hello.ciphers.end).slice(0, size);
  let left = size - ciphers.length;
  const { types, lists } = readExtensions(buffer, hello.extensions, left);
  left -= types.length;
  const take = (type: number): string => {
    const list = (lists?.[type] ?? '').slice(0, left);
    left -= list.length;
    return list;
  };
  return {
    version: ((hello.version >> 16) << 8) | (hello.version & 0xff),
    ciphers,
    ciphersHash: BigInt.asIntN(64, xxh64(all, 0n)),
    extensions: types,
    groups: take(SUPPORTED_GROUPS),
    pointFormats: take(POINT_FORMATS),
    versions: take(SUPPORTED_VERSIONS),
    signatureAlgorithms: take(SIGNATURE_ALGORITHMS),
  };
}

/** The types of so many extensions as there is room for, and the lists within those. */
function readExtensions(buffer: Buffer, { start, end }: Span, room: number): Extensions {
  let types = '';
  const lists: Record<number, string> = {};
  for (let at = start; at + 4 < end && types.length + 2 <= room;) {
    types += latin1Slice(buffer, at, at + 2);
    const data = readSpan(buffer, at + 2, end, 2);
    if (data === undefined) return { types, lists: undefined };
    const type = buffer.readUInt16BE(at);
    const lengthBytes = LENGTH_BYTES[type];
    if (lengthBytes !== undefined) {
      const list = readSpan(buffer, data.start, data.end, lengthBytes);
      if (list === undefined) return { types, lists: undefined };
      lists[type] = latin1Slice(buffer, list.start, list.end);
    }
    at = data.end;
  }
  return { types, lists };
}

/** Without the pairs of equal bytes that end in 0xa (RFC 8701). */
export function withoutGrease(list: string): string {
  let kept = '';
  let at = 0;
  for (; at < list.length - 1; at += 2) {
    const first = list.charCodeAt(at);
    if (first !== list.charCodeAt(at + 1) || (first & 0x0f) !== 0x0a) kept += list.slice(at, at + 2);
  }
  return kept + list.slice(at);
}
