/**
 * How OCSP names a certificate (RFC 6960, section 4.1.1): by its serial number, and hashes of its issuer's name and key.
 *
 *   CertID  { hash algorithm, issuer name hash, issuer key hash, serial number }
 */
import { createHash, X509Certificate } from 'node:crypto';
import { certificateFields, keyBits } from './certificate-fields.ts';
import { DER } from './der.ts';
import { derElement, sequence } from './der-writer.ts';
import { readPem } from './pem.ts';

/** SHA-1, with empty parameters. */
const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex');

interface CertificateOfIssuer {
  readonly certPem: string;
  readonly chainPem: string;
  readonly issuerPem?: string;
}

/** The certificate that signed this one: of its chain, or given beside it. */
export function issuerOf({ certPem, chainPem, issuerPem }: CertificateOfIssuer): X509Certificate | undefined {
  const x509 = new X509Certificate(certPem);
  for (const pem of readPem(chainPem).certificates) {
    const candidate = new X509Certificate(pem);
    if (x509.checkIssued(candidate)) return candidate;
  }
  return issuerPem === undefined ? undefined : new X509Certificate(issuerPem);
}

/** DER of the CertID; undefined: its issuer is not known. */
export function ocspId(certificate: CertificateOfIssuer): Buffer | undefined {
  const issuer = issuerOf(certificate);
  const raw = new X509Certificate(certificate.certPem).raw;
  const own = certificateFields(raw);
  const above = issuer && certificateFields(issuer.raw);
  const key = above && keyBits(issuer.raw, above.key);
  if (own === undefined || key === undefined) return undefined;
  const nameHash = sha1(raw.subarray(own.issuer.at, own.issuer.end));
  const keyHash = sha1(key);
  const serial = raw.subarray(own.serial.at, own.serial.end);
  return sequence(
    SHA1,
    derElement(DER.OCTET_STRING, nameHash),
    derElement(DER.OCTET_STRING, keyHash),
    serial,
  );
}

/** A request about one certificate (RFC 6960, section 4.1.1). */
export function ocspRequest(id: Buffer): Buffer {
  const list = sequence(sequence(id));
  return sequence(sequence(list));
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}
