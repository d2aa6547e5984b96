/** What the fields of a request mean together: its framing, its persistence, its host, what it asks for. */
import {
  agreesWith,
  agreesWithConnect,
  isStrictHost,
  isConnectTarget,
  isPossibleAuthority,
  normalizedAuthority,
  normalizedTarget,
  readAbsoluteTarget,
} from './authority.ts';
import { CLASS, PLAIN_HOST } from './char-class.ts';
import { readConnectionOptions } from './connection-options.ts';
import type { HeadLimits } from './head-limits.ts';
import type { HeaderList } from './header-list.ts';
import { HOST } from './known-fields.ts';
import {
  CONNECT_WITH_BODY,
  INVALID_HOST,
  INVALID_METHOD,
  INVALID_TARGET,
  INVALID_WEBSOCKET_KEY,
  MISSING_HOST,
  UNEXPECTED_BODY,
} from './parse-errors.ts';
import type { Http1RequestHead } from './request-head.ts';

const SLASH = 0x2f;
const ASTERISK = 0x2a;

/** What the fields mean whatever the request line says, but for its version. Negative: refuse. */
export function settleFields(head: Http1RequestHead, limits: HeadLimits): number {
  const { fields, headers } = head;
  const verdict = fields.read(headers, limits);
  if (verdict < 0) return verdict;
  readConnectionOptions(headers, fields, true, head.version, limits);
  // RFC 9112 section 6.1: a transfer coding from an HTTP/1.0 client ends the trust in its connection
  if (fields.chunked && head.version < 11) fields.connectionClose = true;
  if (fields.isWebsocket && head.wantsUpgrade && limits.relaxed !== true && !hasWebsocketKey(headers))
    return INVALID_WEBSOCKET_KEY;
  return settleHost(head, limits);
}

/** And what they mean with this line. Negative: refuse. */
export function settleRequest(head: Http1RequestHead, limits: HeadLimits): number {
  const body = settleBody(head, limits);
  if (body < 0) return body;
  head.keepAlive = head.fields.persistent(head.version);
  head.hostIndex = head.headers.firstKnown(HOST);
  return settleTarget(head, limits);
}

function settleBody(head: Http1RequestHead, limits: HeadLimits): number {
  const { fields, method } = head;
  const hasBody = fields.chunked || fields.contentLength > 0;
  head.framing = fields.chunked ? 'chunked' : hasBody ? 'length' : 'none';
  if (!hasBody) return 0;
  if (method === 'CONNECT') return CONNECT_WITH_BODY;
  const expectsNone = method === 'GET' || method === 'HEAD' || method === 'DELETE';
  if (head.version < 11 && expectsNone && limits.payloadWithAnyMethod !== true) return UNEXPECTED_BODY;
  return 0;
}

/** RFC 6455 section 4.2.1: 16 bytes in base64. */
function hasWebsocketKey(headers: HeaderList): boolean {
  return headers.get('sec-websocket-key')?.length === 24;
}

/** One Host: repeated equal ones become one (RFC 9112 section 3.2). */
function settleHost(head: Http1RequestHead, limits: HeadLimits): number {
  const { headers } = head;
  const index = headers.firstKnown(HOST);
  const strict = limits.strict === true;
  if (index < 0) return strict && head.version >= 11 ? MISSING_HOST : 0;
  if (!isPlainHost(headers, index) && !isPossibleAuthority(headers.valueAt(index))) return INVALID_HOST;
  if (strict && !isStrictHost(headers.valueAt(index))) return INVALID_HOST;
  return (headers.repeated & (1 << HOST)) === 0 ? 0 : mergeHosts(headers, index, strict);
}

/** The usual host, without a closer look and before it is a string. */
function isPlainHost(headers: HeaderList, index: number): boolean {
  const { sourceStart } = headers;
  const source = headers.source as Buffer;
  const end = headers.valueEnd(index) + sourceStart;
  let at = headers.valueStart(index) + sourceStart;
  while (at < end && ((CLASS[source[at] as number] as number) & PLAIN_HOST) !== 0) at++;
  return at === end;
}

function mergeHosts(headers: HeaderList, index: number, strict: boolean): number {
  const host = headers.valueAt(index);
  for (let at = headers.find('host', index + 1); at >= 0; at = headers.find('host', at)) {
    if (strict || headers.valueAt(at).toLowerCase() !== host.toLowerCase()) return INVALID_HOST;
    headers.discardAt(at);
  }
  return 0;
}

/** The four forms of a target (RFC 9112 section 3.2), and whether it says the same as Host. */
function settleTarget(head: Http1RequestHead, limits: HeadLimits): number {
  const { method } = head;
  const first = head.line.targetBegin;
  if (first === SLASH) return method === 'CONNECT' ? INVALID_TARGET : method === 'PRI' ? INVALID_METHOD : 0;
  if (method === 'PRI') return INVALID_METHOD;
  const { target } = head;
  if (first === ASTERISK) return target.length === 1 && mayAskForAll(method, limits) ? 0 : INVALID_TARGET;
  const host = head.hostIndex < 0 ? undefined : head.headers.valueAt(head.hostIndex);
  if (method === 'CONNECT') {
    if (!isConnectTarget(target)) return INVALID_TARGET;
    return host === undefined || agreesWithConnect(target, host) ? 0 : INVALID_HOST;
  }
  return settleAbsoluteTarget(head, host, limits);
}

/** `*` is for OPTIONS, and unless strictly read for methods nobody here knows. */
function mayAskForAll(method: string, limits: HeadLimits): boolean {
  return limits.strict === true ? method === 'OPTIONS' : !KNOWN_METHODS.has(method);
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']);

function settleAbsoluteTarget(head: Http1RequestHead, host: string | undefined, limits: HeadLimits): number {
  const parts = readAbsoluteTarget(head.target);
  if (parts === undefined) return INVALID_TARGET;
  const unsafe = limits.relaxed === true;
  if (!unsafe && (parts.authority === '' || !isPossibleAuthority(parts.authority))) return INVALID_TARGET;
  if (host !== undefined && !unsafe && !agreesWith(parts, host)) return INVALID_HOST;
  const target = normalizedTarget(head.target, parts, head.method === 'OPTIONS');
  if (target === head.target) return 0;
  head.settleTarget(target);
  if (host !== undefined) head.headers.amendValueAt(head.hostIndex, normalizedAuthority(parts));
  return 0;
}
