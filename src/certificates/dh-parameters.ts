/** Loads the Diffie-Hellman parameters of `ssl-dh-param-file` (manual, section 3.1), in HAProxy's words. */
import { createSecureContext } from 'node:tls';
import { DER, derAt, derWithin } from '../net/tls/der.ts';
import { readPem } from '../net/tls/pem.ts';
import type { CertificateFiles } from './files.ts';

export function loadDhParameters(
  path: string,
  files: CertificateFiles,
): { readonly pem: string } | { readonly error: string } {
  const bytes = files.read(path);
  const [pem] = 'error' in bytes ? [] : readPem(Buffer.from(bytes).toString('latin1')).dhParameters;
  const why = 'error' in bytes ? bytes.error : pem === undefined ? 'there are none' : refusalOf(pem);
  if (pem !== undefined && why === undefined) return { pem };
  return { error: `unable to load DH parameters from file <${path}>: ${why}.` };
}

/** What speaks against them; undefined: nothing. Node passes over those that OpenSSL cannot read. */
function refusalOf(pem: string): string | undefined {
  const der = Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  const whole = derAt(der, 0, der.length);
  const [prime, generator] = whole === undefined ? [] : derWithin(der, whole);
  if (prime?.tag !== DER.INTEGER || generator?.tag !== DER.INTEGER) return 'they cannot be read';
  try {
    createSecureContext({ ca: [], dhparam: pem });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
