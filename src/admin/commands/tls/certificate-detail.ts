/** A certificate, or a revocation list, in HAProxy's words (`show ssl cert`, `show ssl ca-file`, `show ssl crl-file`). */
import { X509Certificate } from 'node:crypto';
import type { IssuerChain } from '../../../certificates/issuer-chains.ts';
import { Certificate } from '../../../net/tls/certificate.ts';
import { readPem } from '../../../net/tls/pem.ts';
import { RevocationList } from '../../../net/tls/revocation-list.ts';

const CURVE_BITS: Readonly<Record<string, number>> = {
  prime256v1: 256,
  secp256k1: 256,
  secp384r1: 384,
  secp521r1: 521,
};

/** `RSA2048`, `EC256`; empty where HAProxy has no word for it. */
function keyText({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  switch (publicKey.asymmetricKeyType) {
    case 'rsa':
      return `RSA${modulusLength}`;
    case 'ec':
      return `EC${CURVE_BITS[namedCurve ?? ''] ?? /\d+/.exec(namedCurve ?? '')?.[0] ?? ''}`;
    case 'dsa':
      return `DSA${modulusLength}`;
    case undefined:
    default:
      return '';
  }
}

/** Names of other kinds leave their place empty, as in HAProxy. */
function alternativeNames({ subjectAltName }: X509Certificate): string {
  const names = (subjectAltName ?? '').match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? [];
  return names.map(name => (name.trim().startsWith('DNS:') ? name.trim() : '')).join(', ');
}

interface Chain {
  readonly pem: string;
  /** From `issuers-chain-path`. */
  readonly from: IssuerChain | undefined;
}

export function certificateDetail(pem: string, chain?: Chain): string {
  const x509 = new X509Certificate(pem);
  const certificate = new Certificate(x509.raw);
  const serial = Buffer.from(certificate.serial ?? '', 'latin1')
    .toString('hex')
    .toUpperCase();
  const lines = [
    ...(chain?.from === undefined ? [] : [`Chain Filename: ${chain.from.path}`]),
    `Serial: ${serial}`,
    `notBefore: ${x509.validFrom}`,
    `notAfter: ${x509.validTo}`,
    `Subject Alternative Name: ${alternativeNames(x509)}`,
  ];
  const key = keyText(x509);
  // HAProxy ends here where it has no word for the key
  if (key === '') return `${lines.join('\n')}\nAlgorithm: `;
  lines.push(
    `Algorithm: ${key}`,
    `SHA1 FingerPrint: ${x509.fingerprint.replaceAll(':', '')}`,
    `Subject: ${certificate.subject?.oneLine() ?? ''}`,
    `Issuer: ${certificate.issuer?.oneLine() ?? ''}`,
  );
  for (const one of readPem(chain?.pem ?? '').certificates) {
    const { subject, issuer } = new Certificate(new X509Certificate(one).raw);
    lines.push(`Chain Subject: ${subject?.oneLine() ?? ''}`, `Chain Issuer: ${issuer?.oneLine() ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

export function revocationDetail(pem: string): string {
  const list = RevocationList.read(pem);
  if (list === undefined) return '';
  const entries = list.entries.map(
    ({ serial, date }) => `    Serial Number: ${serial}\n        Revocation Date: ${date}\n`,
  );
  return `Version ${list.version}
Signature Algorithm: ${list.signatureAlgorithm}
Issuer: ${list.issuer}
Last Update: ${list.lastUpdate}
Next Update: ${list.nextUpdate}
${entries.length === 0 ? 'No Revoked Certificates.' : 'Revoked Certificates:'}
${entries.join('')}`;
}
