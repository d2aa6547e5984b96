/** Host against the request target (RFC 9112 section 3.2): two different names in one request are refused. */
import { CLASS, PLAIN_HOST } from './char-class.ts';

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;
const PORT = /:([0-9]*)$/;

/** A target in absolute form. */
interface AbsoluteTarget {
  /** In lower case. */
  readonly scheme: string;
  /** Without user information. */
  readonly authority: string;
  /** Where the authority starts and ends in the target. */
  readonly start: number;
  readonly end: number;
}

export function readAbsoluteTarget(target: string): AbsoluteTarget | undefined {
  const match = SCHEME.exec(target);
  if (match === null) return undefined;
  const from = match[0].length;
  const slash = target.indexOf('/', from);
  const end = slash < 0 ? target.length : slash;
  const start = Math.max(from, target.lastIndexOf('@', end - 1) + 1);
  return { scheme: (match[1] as string).toLowerCase(), authority: target.slice(start, end), start, end };
}

/**
 * May be a Host, or an authority: visible ASCII, brackets around the whole host only (RFC 3986 section 3.2), and
 * no comma, since lists of hosts do not exist.
 */
export function isPossibleAuthority(text: string): boolean {
  let open = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (((CLASS[code & 0xff] as number) & PLAIN_HOST) !== 0) continue;
    if (code === 0x5b && at === 0) open = true;
    else if (code === 0x5d && open && (at === text.length - 1 || text.charCodeAt(at + 1) === 0x3a))
      open = false;
    else return false;
  }
  return !open;
}

/**
 * `tune.http.strict on`: a registered name, an IPv4 or a bracketed IPv6 address, and perhaps a port (RFC 3986
 * section 3.2.2).
 */
export function isStrictHost(host: string): boolean {
  const match = /^(?:[A-Za-z0-9._~!$&'()*+;=%-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?$/.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

/** The port is undefined when there is no colon, empty when nothing stands behind it. */
function splitPort(authority: string): { host: string; port: string | undefined } {
  const match = PORT.exec(authority);
  if (match === null) return { host: authority, port: undefined };
  return { host: authority.slice(0, match.index), port: match[1] };
}

/** RFC 9110 section 4.2: the port that need not be said. `*`: of any scheme. */
function isDefaultPort(scheme: string, port: string | undefined): boolean {
  if (port === undefined || port === '') return true;
  if (port === '80') return scheme === 'http' || scheme === '*';
  return port === '443' && (scheme === 'https' || scheme === '*');
}

function sameText(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

/** Does a Host say the same as a target in absolute form? The scheme's own port may stand on one side only. */
export function agreesWith(target: AbsoluteTarget, host: string): boolean {
  if (sameText(target.authority, host)) return true;
  const wanted = splitPort(target.authority);
  const given = splitPort(host);
  return (
    sameText(wanted.host, given.host) &&
    isDefaultPort(target.scheme, wanted.port) &&
    isDefaultPort(target.scheme, given.port)
  );
}

/** RFC 9112 section 3.2.3: what CONNECT names is a host and a port. */
export function isConnectTarget(target: string): boolean {
  const { host, port } = splitPort(target);
  return host !== '' && port !== undefined && port !== '' && isPossibleAuthority(target);
}

/** Does a Host say the same as CONNECT's target? */
export function agreesWithConnect(target: string, host: string): boolean {
  const wanted = splitPort(target);
  const given = splitPort(host);
  if (!sameText(wanted.host, given.host)) return false;
  if (given.port === undefined || given.port === '') return isDefaultPort('*', wanted.port);
  return given.port === wanted.port;
}

/**
 * RFC 9110 section 4.2.3: the scheme's own port goes, an empty path becomes `/` (but for OPTIONS). Gives the
 * target to use, the same one when there is nothing to do.
 */
export function normalizedTarget(target: string, parts: AbsoluteTarget, isOptions: boolean): string {
  const authority = normalizedAuthority(parts);
  const path = parts.end === target.length && !isOptions ? '/' : target.slice(parts.end);
  if (authority === parts.authority && path.length === target.length - parts.end) return target;
  return target.slice(0, parts.start) + authority + path;
}

/** What Host is to say then. */
export function normalizedAuthority(parts: AbsoluteTarget): string {
  const { host, port } = splitPort(parts.authority);
  return port !== undefined && isDefaultPort(parts.scheme, port) ? host : parts.authority;
}
