/** Host against the request target (RFC 9112 section 3.2): two different names in one request are refused. */

/** Host and port of an absolute-form or authority-form target; undefined for origin-form and `*`. */
export function authorityOf(method: string, target: string): string | undefined {
  if (method === 'CONNECT') return target;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(target);
  if (scheme === null) return undefined;
  const rest = target.slice(scheme[0].length);
  const end = rest.search(/[/?#]/);
  return end < 0 ? rest : rest.slice(0, end);
}

/** RFC 9112 section 3.2: origin-form, absolute-form, authority-form for CONNECT alone, or `*`. */
export function isTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return /^[^/?#@]+:\d{1,5}$/.test(target);
  if (target.includes('#')) return false;
  return (
    target.charCodeAt(0) === 0x2f ||
    target === '*' ||
    /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]+(?:\/|$)/.test(target)
  );
}

export function authorityMatches(method: string, target: string, host: string): boolean {
  if (/[\s,/?#@\\]/.test(host)) return false;
  if (target.charCodeAt(0) === 0x2f) return true;
  const authority = authorityOf(method, target);
  if (authority === undefined) return true;
  const [wanted, given] = [withoutDefaultPort(target, authority), withoutDefaultPort(target, host)];
  return wanted.toLowerCase() === given.toLowerCase();
}

/** A registered name, an IPv4 or a bracketed IPv6 address, and perhaps a port (RFC 3986 section 3.2.2). */
export function isStrictHost(host: string): boolean {
  const match = /^(?:[A-Za-z0-9._~!$&'()*+;=%-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?$/.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

function withoutDefaultPort(target: string, authority: string): string {
  const port = /^https:/i.test(target) ? ':443' : ':80';
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}
