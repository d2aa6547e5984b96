/**
 * What a name is among the fields of HTTP/2 (RFC 9113 sections 8.2 and 8.3), remembered by name: names come again and
 * again.
 */
import { CLASS, TOKEN } from '../http/char-class.ts';

export const PLAIN = 0;
/** It may be no name: empty, in upper case, other bytes than a token's. */
export const IMPOSSIBLE = 1;
/** Of one connection in HTTP/1; there is none in HTTP/2. */
export const OF_CONNECTION = 2;
export const TE = 3;
export const COOKIE = 4;
export const HOST = 5;
export const CONTENT_LENGTH = 6;
/** All from here on begin with a colon. */
export const UNKNOWN_PSEUDO = 7;
export const METHOD = 8;
export const SCHEME = 9;
export const AUTHORITY = 10;
export const PATH = 11;
export const PROTOCOL = 12;
const STATUS = 13;

const kinds = new Map<string, number>([
  ['connection', OF_CONNECTION],
  ['proxy-connection', OF_CONNECTION],
  ['keep-alive', OF_CONNECTION],
  ['upgrade', OF_CONNECTION],
  ['transfer-encoding', OF_CONNECTION],
  ['te', TE],
  ['cookie', COOKIE],
  ['host', HOST],
  ['content-length', CONTENT_LENGTH],
  [':method', METHOD],
  [':scheme', SCHEME],
  [':authority', AUTHORITY],
  [':path', PATH],
  [':protocol', PROTOCOL],
  [':status', STATUS],
]);

/** Peers choose names: so many are remembered, and no long ones. */
const MOST_KINDS = 4096;
const LONGEST = 64;
const COLON = 0x3a;

export function kindOf(name: string): number {
  return kinds.get(name) ?? classify(name);
}

function classify(name: string): number {
  const kind = name.charCodeAt(0) === COLON ? UNKNOWN_PSEUDO : isLowerToken(name) ? PLAIN : IMPOSSIBLE;
  if (kinds.size < MOST_KINDS && name.length <= LONGEST) kinds.set(name, kind);
  return kind;
}

function isLowerToken(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (((CLASS[code] as number) & TOKEN) === 0 || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return name.length > 0;
}
