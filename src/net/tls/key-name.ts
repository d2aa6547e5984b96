/** The key of a certificate in a word, its kind and its size: `RSA2048`, `EC256`. */
import { X509Certificate } from 'node:crypto';
import type { CertificateFacts } from './tls-facts.ts';

const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** What is known already: one that stands in every header is read once. */
const known = new WeakMap<CertificateFacts, string>();

/** Undefined: a kind that has no such name. */
export function keyName(certificate: CertificateFacts): string | undefined {
  const name = known.get(certificate) ?? readName(certificate.der);
  if (name !== undefined) known.set(certificate, name);
  return name;
}

/** `der`: bytes of one char each. */
function readName(der: string): string | undefined {
  let key;
  try {
    key = new X509Certificate(Buffer.from(der, 'latin1')).publicKey;
  } catch {
    return undefined;
  }
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') return `EC${CURVE_BITS[namedCurve ?? ''] ?? ''}`;
  if (key.asymmetricKeyType === 'dsa') return `DSA${modulusLength}`;
  return modulusLength === undefined ? undefined : `RSA${modulusLength}`;
}
