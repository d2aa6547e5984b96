/**
 * Reads a TLS ClientHello out of raw bytes without terminating TLS (RFC 8446, section 4.1.2; RFC 6066).
 *
 *   record  16 | version:2 | length:2
 *   hello   01 | length:3 | version:2 | random:32 | session:<1> | ciphers:<2> | compression:<1> | extensions:<2>
 *   extension  type:2 | data:<2>
 */
import { latin1Slice } from '../../base/latin1.ts';

/** Bytes in a buffer that holds others too. */
interface HelloBytes {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** `short`: more bytes can make it a hello. `other`: it is none, or it lacks what was asked for. */
export type HelloFailure = 'short' | 'other';

/** Offsets into the view's buffer. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ClientHello {
  /** major << 16 | minor */
  readonly version: number;
  readonly ciphers: Span;
  readonly extensions: Span;
}

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
/** A hello that has room for an extension: version, random, and the empty forms of all lists. */
const LEAST_HELLO = 2 + 32 + 1 + 2 + 2 + 1 + 1 + 2 + 2;

export function parseClientHello({ buffer, offset, length }: HelloBytes): ClientHello | HelloFailure {
  const end = offset + length;
  const header = checkHeaders(buffer, offset, length);
  if (header !== undefined) return header;
  const start = offset + RECORD_HEADER + HANDSHAKE_HEADER;
  const helloLength = buffer.readUIntBE(offset + RECORD_HEADER + 1, 3);
  if (helloLength < LEAST_HELLO) return 'other';
  const helloEnd = start + helloLength;
  if (end < helloEnd) return 'short';
  const version = (buffer.readUInt8(start) << 16) | buffer.readUInt8(start + 1);
  if (version < 0x30001) return 'other';
  const sessionLength = buffer.readUInt8(start + 34);
  const ciphersAt = start + 35 + sessionLength;
  if (sessionLength > 32 || ciphersAt + 4 > helloEnd) return 'other';
  const ciphers = readSpan(buffer, ciphersAt, helloEnd, 2);
  if (ciphers === undefined || ciphers.end - ciphers.start < 2) return 'other';
  const compression = readSpan(buffer, ciphers.end, helloEnd, 1);
  if (compression === undefined || compression.end === compression.start) return 'other';
  const extensions = readSpan(buffer, compression.end, helloEnd, 2);
  return extensions === undefined ? 'other' : { version, ciphers, extensions };
}

function checkHeaders(buffer: Buffer, offset: number, length: number): HelloFailure | undefined {
  if (length === 0) return 'short';
  if (buffer.readUInt8(offset) !== 0x16) return 'other';
  if (length < 3) return 'short';
  if (buffer.readUInt8(offset + 1) < 3) return 'other';
  if (length < RECORD_HEADER) return 'short';
  if (buffer.readUInt16BE(offset + 3) < LEAST_HELLO + HANDSHAKE_HEADER) return 'other';
  if (length < RECORD_HEADER + 1) return 'short';
  if (buffer.readUInt8(offset + RECORD_HEADER) !== 1) return 'other';
  return length < RECORD_HEADER + HANDSHAKE_HEADER ? 'short' : undefined;
}

/** A list with its length in front; undefined when it does not fit. */
export function readSpan(buffer: Buffer, at: number, limit: number, lengthBytes: 1 | 2): Span | undefined {
  if (at + lengthBytes > limit) return undefined;
  const start = at + lengthBytes;
  const end = start + buffer.readUIntBE(at, lengthBytes);
  return end > limit ? undefined : { start, end };
}

/** The first extension of that type; undefined when there is none or the list is broken. */
export function findExtension(buffer: Buffer, { start, end }: Span, type: number): Span | undefined {
  let at = start;
  while (at + 4 <= end) {
    const data = readSpan(buffer, at + 2, end, 2);
    if (data === undefined) return undefined;
    if (buffer.readUInt16BE(at) === type) return data;
    at = data.end;
  }
  return undefined;
}

/** RFC 8446, section 4.2.11: the binder of the first session that is offered. */
export function readFirstBinder(buffer: Buffer, extension: Span): Span | undefined {
  const identities = readSpan(buffer, extension.start, extension.end, 2);
  const binders = identities && readSpan(buffer, identities.end, extension.end, 2);
  return binders && readSpan(buffer, binders.start, binders.end, 1);
}

/** RFC 6066, section 3: the first name of the list, when it is a host name. */
export function readServerName(buffer: Buffer, extension: Span): string | undefined {
  const list = readSpan(buffer, extension.start, extension.end, 2);
  if (list === undefined || list.end - list.start < 4 || buffer.readUInt8(list.start) !== 0) return undefined;
  const name = readSpan(buffer, list.start + 1, list.end, 2);
  return name && latin1Slice(buffer, name.start, name.end);
}

/** RFC 7301, section 3.1: the names, comma separated. */
export function readProtocolNames(buffer: Buffer, extension: Span): string | undefined {
  return readProtocols(buffer, extension)?.join(',');
}

/** RFC 7301, section 3.1 */
export function readProtocols(buffer: Buffer, extension: Span): string[] | undefined {
  const list = readSpan(buffer, extension.start, extension.end, 2);
  if (list === undefined) return undefined;
  const names: string[] = [];
  let at = list.start;
  while (at < list.end) {
    const name = readSpan(buffer, at, list.end, 1);
    if (name === undefined) return undefined;
    names.push(latin1Slice(buffer, name.start, name.end));
    at = name.end;
  }
  return names;
}

/** RFC 8446, section 4.2.8: the groups a key share was sent for, two bytes each. */
export function readKeyShareGroups(buffer: Buffer, extension: Span): string | undefined {
  const list = readSpan(buffer, extension.start, extension.end, 2);
  if (list === undefined || list.end - list.start < 4) return undefined;
  let groups = '';
  let at = list.start;
  while (at + 4 <= list.end) {
    groups += latin1Slice(buffer, at, at + 2);
    at += 4 + buffer.readUInt16BE(at + 2);
  }
  return groups;
}
