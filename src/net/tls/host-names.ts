/** Whether a certificate is for a host (RFC 6125): its dNSNames, or where none fits, its common names. */
import type { PeerCertificate } from 'node:tls';

/** Undefined: it is. */
export function checkHostName(name: string, certificate: PeerCertificate): Error | undefined {
  if (namesOf(certificate).some(pattern => fits(name, pattern))) return undefined;
  const error: NodeJS.ErrnoException = new Error(`the certificate is not for ${name}`);
  error.code = 'ERR_TLS_CERT_ALTNAME_INVALID';
  return error;
}

function namesOf({ subject, subjectaltname }: PeerCertificate): readonly string[] {
  const alternative = [...(subjectaltname ?? '').matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(
    match => match[1] ?? '',
  );
  // of several common names Node makes a list
  const common: string | readonly string[] | undefined = subject?.CN;
  return [...alternative, ...(common === undefined ? [] : typeof common === 'string' ? [common] : common)];
}

/** An asterisk stands for characters of the first label, and not for those of an internationalized one. */
function fits(name: string, pattern: string): boolean {
  const host = name.toLowerCase();
  const wanted = pattern.toLowerCase();
  if (host === wanted) return true;
  const [first = '', ...rest] = wanted.split('.');
  const [label = '', ...others] = host.split('.');
  const star = first.indexOf('*');
  if (star < 0 || first.startsWith('xn--') || rest.length < 2 || rest.join('.') !== others.join('.'))
    return false;
  const [before, after] = [first.slice(0, star), first.slice(star + 1)];
  if (after.includes('*') || label.startsWith('xn--')) return false;
  return label.length >= first.length && label.startsWith(before) && label.endsWith(after);
}
