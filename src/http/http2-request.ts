/**
 * The fields of an HTTP/2 request as the head of an HTTP/1.1 one, so that all that follows treats both alike (RFC 9113
 * section 8.3.1, RFC 8441). nghttp2 has checked names, values and the order of pseudo-fields by then; what is left to be
 * refused here is what could be read differently in HTTP/1. Called by proxy/http2-session.ts.
 */
import { randomBytes } from 'node:crypto';
import { isPossibleAuthority } from './authority.ts';

/** How the body is told in HTTP/1: not at all, by its length, in chunks; or there is none, but bytes both ways. */
export type BodyKind = 'none' | 'length' | 'chunked' | 'tunnel';

export interface Http2Request {
  /** As the client has it. */
  readonly method: string;
  /** A head in HTTP/1.1, its target in origin form. */
  readonly head: string;
  /** What samples and logs show: the absolute form. */
  readonly target: string;
  readonly body: BodyKind;
  /** Extended CONNECT: the answer to the upgrade is a 200. */
  readonly upgrades: boolean;
}

interface PseudoFields {
  readonly method: string;
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string | undefined;
  readonly protocol: string | undefined;
}

/** Fields of one connection that is not the next one (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'upgrade',
  'transfer-encoding',
]);

/**
 * `fields`: names and values, alternating. `ended`: no body follows. Undefined: malformed, a stream error. `relaxed`:
 * `accept-unsafe-violations-in-http-request`.
 */
export function readHttp2Request(
  fields: readonly string[],
  ended: boolean,
  relaxed: boolean,
): Http2Request | undefined {
  const pseudo = pseudoFields(fields);
  const lines = regularLines(fields, pseudo.authority !== undefined);
  if (lines === undefined || !isPathAllowed(pseudo.path, relaxed)) return undefined;
  if (pseudo.authority !== undefined && !isPossibleAuthority(pseudo.authority)) return undefined;
  if (pseudo.method === 'CONNECT') return connectRequest(pseudo, lines);
  const { method, scheme, path } = pseudo;
  if (scheme === undefined || path === undefined || pseudo.protocol !== undefined) return undefined;
  const authority = plainAuthority(pseudo.authority, scheme);
  const body = ended ? 'none' : lines.hasLength ? 'length' : 'chunked';
  const coding = body === 'chunked' ? 'transfer-encoding: chunked\r\n' : '';
  return {
    method,
    head: `${method} ${path} HTTP/1.1\r\n${hostLine(authority)}${lines.text}${coding}\r\n`,
    target: absoluteTarget(scheme, authority, path),
    body,
    upgrades: false,
  };
}

function pseudoFields(fields: readonly string[]): PseudoFields {
  let method = '';
  let scheme: string | undefined;
  let authority: string | undefined;
  let path: string | undefined;
  let protocol: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.charCodeAt(0) !== COLON) break;
    const value = fields[at + 1] as string;
    if (name === ':method') method = value;
    else if (name === ':path') path = value;
    else if (name === ':authority') authority = value;
    else if (name === ':scheme') scheme = value;
    else if (name === ':protocol') protocol = value;
  }
  return { method, scheme, authority, path, protocol };
}

const COLON = 0x3a;

interface RegularLines {
  readonly text: string;
  readonly hasLength: boolean;
}

/** The first Host counts, and none beside `:authority`; crumbs of cookies become one field, behind all others. */
function regularLines(fields: readonly string[], hasAuthority: boolean): RegularLines | undefined {
  let text = '';
  let cookies = '';
  let hasHost = hasAuthority;
  let hasLength = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (name.charCodeAt(0) === COLON) continue;
    if (CONNECTION_FIELDS.has(name) || (name === 'te' && value !== 'trailers')) return undefined;
    if (name === 'cookie') {
      cookies = cookies === '' ? value : `${cookies}; ${value}`;
      continue;
    }
    if (name === 'host') {
      if (hasHost) continue;
      hasHost = true;
    } else if (name === 'content-length') hasLength = true;
    text += `${name}: ${value}\r\n`;
  }
  return { text: cookies === '' ? text : `${text}cookie: ${cookies}\r\n`, hasLength };
}

/** Absent, an absolute path, or `*`; nothing in it that ends a target in HTTP/1. */
function isPathAllowed(path: string | undefined, relaxed: boolean): boolean {
  if (path === undefined || path === '*') return true;
  if (!path.startsWith('/')) return false;
  // eslint-disable-next-line no-control-regex
  return !(relaxed ? /[\0-\x20\x7f]/ : /[\0-\x20\x7f#]/).test(path);
}

function hostLine(authority: string | undefined): string {
  return authority === undefined ? '' : `host: ${authority}\r\n`;
}

/** A port that goes without saying is not said (RFC 9110 section 4.2.3). */
function plainAuthority(authority: string | undefined, scheme: string): string | undefined {
  const ending = scheme === 'https' ? ':443' : scheme === 'http' ? ':80' : undefined;
  if (authority === undefined || ending === undefined || !authority.endsWith(ending)) return authority;
  return authority.slice(0, -ending.length);
}

function absoluteTarget(scheme: string, authority: string | undefined, path: string): string {
  if (authority === undefined) return path;
  return `${scheme}://${authority}${path === '*' ? '' : path}`;
}

/** A tunnel, by CONNECT, or by an upgrade in HTTP/1 (RFC 8441 section 4). */
function connectRequest(pseudo: PseudoFields, lines: RegularLines): Http2Request | undefined {
  const { scheme, authority, path, protocol } = pseudo;
  if (authority === undefined) return undefined;
  if (protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return undefined;
    const head = `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${withoutLength(lines)}\r\n`;
    return { method: 'CONNECT', head, target: authority, body: 'tunnel', upgrades: false };
  }
  if (scheme === undefined || path === undefined || /^h2c?$/i.test(protocol)) return undefined;
  const host = plainAuthority(authority, scheme);
  const upgrade = `upgrade: ${protocol}\r\nconnection: upgrade\r\n${websocketKey(protocol)}`;
  return {
    method: 'GET',
    head: `GET ${path} HTTP/1.1\r\n${hostLine(host)}${withoutLength(lines)}${upgrade}\r\n`,
    target: absoluteTarget(scheme, host, path),
    body: 'tunnel',
    upgrades: true,
  };
}

/** What follows is no body: a length would mean nothing. */
function withoutLength({ text, hasLength }: RegularLines): string {
  return hasLength ? text.replace(/^content-length:.*\r\n/m, '') : text;
}

/** HTTP/2 needs none, HTTP/1 does (RFC 6455 section 4.1). */
function websocketKey(protocol: string): string {
  if (protocol.toLowerCase() !== 'websocket') return '';
  return `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\n`;
}
