/**
 * Who signed an OCSP response (RFC 6960, section 4.2.2.2): the issuer of the certificate it is about, or who has a
 * certificate of that issuer for this purpose, which came along.
 */
import { createVerify, verify, X509Certificate } from 'node:crypto';
import type { OcspResponse } from './ocsp-response.ts';

/** Of the extended key usage (RFC 6960, section 4.2.2.2). */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['sha1WithRSAEncryption', 'sha1'],
  ['sha224WithRSAEncryption', 'sha224'],
  ['sha256WithRSAEncryption', 'sha256'],
  ['sha384WithRSAEncryption', 'sha384'],
  ['sha512WithRSAEncryption', 'sha512'],
  ['ecdsa-with-SHA1', 'sha1'],
  ['ecdsa-with-SHA224', 'sha224'],
  ['ecdsa-with-SHA256', 'sha256'],
  ['ecdsa-with-SHA384', 'sha384'],
  ['ecdsa-with-SHA512', 'sha512'],
]);
/** They have their digest in them. */
const PLAIN: ReadonlySet<string> = new Set(['ED25519', 'ED448']);

/** What speaks against the signature; undefined: nothing. */
export function faultOfSignature(
  response: OcspResponse,
  issuer: X509Certificate,
  nowMs: number,
): string | undefined {
  const { signatureAlgorithm } = response;
  if (!DIGESTS.has(signatureAlgorithm) && !PLAIN.has(signatureAlgorithm))
    return `signature algorithm ${signatureAlgorithm} is not known`;
  if (isSignedBy(response, issuer)) return undefined;
  const signer = response.certificates
    .map(readX509)
    .find(candidate => candidate !== undefined && isSignedBy(response, candidate));
  if (signer === undefined) return 'signer certificate not found, or signature wrong';
  return faultOfSigner(signer, issuer, nowMs);
}

function faultOfSigner(signer: X509Certificate, issuer: X509Certificate, nowMs: number): string | undefined {
  if (signer.raw.equals(issuer.raw)) return undefined;
  if (!signer.checkIssued(issuer) || !signer.verify(issuer.publicKey))
    return 'signer certificate is not of the issuer';
  // with types that do not know it: keyUsage are the extended ones
  const usages = (signer as { readonly keyUsage?: readonly string[] }).keyUsage ?? [];
  if (!usages.includes(OCSP_SIGNING)) return 'signer certificate is not for OCSP';
  return nowMs < Date.parse(signer.validFrom) || nowMs > Date.parse(signer.validTo)
    ? 'signer certificate is not valid now'
    : undefined;
}

function readX509(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** A key of another kind than the signature's is an error to OpenSSL, and so is one that it does not know. */
function isSignedBy(
  { signatureAlgorithm, signed, signature }: OcspResponse,
  certificate: X509Certificate,
): boolean {
  const digest = DIGESTS.get(signatureAlgorithm);
  try {
    const { publicKey } = certificate;
    if (digest === undefined) return verify(null, signed, publicKey, signature);
    return createVerify(digest).update(signed).verify(publicKey, signature);
  } catch {
    return false;
  }
}
