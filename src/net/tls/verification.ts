/**
 * Every error of a certificate's verification with its depth, in the order OpenSSL meets them (RFC 5280, section 6).
 * Node goes on over all of them and tells the last only; `ca-ignore-err`, `crt-ignore-err`, `ssl_c_err` and `ssl_c_ca_err`
 * are about the first ones. So once Node says that there was an error, the chain is built here once more from what the
 * peer sent and the authorities it was held against. Nothing is decided here about good chains: those Node has judged.
 */
import type { X509Certificate } from 'node:crypto';

export interface VerificationError {
  /** 0: the peer's own certificate. */
  readonly depth: number;
  /** X509_V_ERR_* */
  readonly code: number;
}

export interface CertificateChain {
  /** From the peer's own upwards. */
  readonly certificates: readonly X509Certificate[];
  readonly error: VerificationError | undefined;
}

const UNABLE_TO_GET_ISSUER_CERT = 2;
const CERT_SIGNATURE_FAILURE = 7;
const CERT_NOT_YET_VALID = 9;
const CERT_HAS_EXPIRED = 10;
const DEPTH_ZERO_SELF_SIGNED_CERT = 18;
const SELF_SIGNED_CERT_IN_CHAIN = 19;
const UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20;
const UNABLE_TO_VERIFY_LEAF_SIGNATURE = 21;
/** As OpenSSL's default of `depth`. */
const MOST_CERTIFICATES = 101;

/** Authorities are looked at before what the peer sent. */
export function buildChain(
  own: X509Certificate,
  sent: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): CertificateChain {
  const certificates = [own];
  let trustedFrom = authorities.some(({ raw }) => raw.equals(own.raw)) ? 0 : Number.POSITIVE_INFINITY;
  let top = own;
  while (!isSelfIssued(top) && certificates.length < MOST_CERTIFICATES) {
    const current = top;
    const issues = (other: X509Certificate): boolean => current.checkIssued(other);
    const trusted = authorities.find(issues);
    const next = trusted ?? sent.find(other => issues(other) && !certificates.includes(other));
    if (next === undefined) return { certificates, error: noIssuer(certificates.length, trustedFrom) };
    if (trusted !== undefined) trustedFrom = Math.min(trustedFrom, certificates.length);
    certificates.push(next);
    top = next;
  }
  const depth = certificates.length - 1;
  const isTrusted = trustedFrom <= depth || authorities.some(({ raw }) => raw.equals(top.raw));
  if (isTrusted) return { certificates, error: undefined };
  return {
    certificates,
    error: { depth, code: depth === 0 ? DEPTH_ZERO_SELF_SIGNED_CERT : SELF_SIGNED_CERT_IN_CHAIN },
  };
}

function noIssuer(length: number, trustedFrom: number): VerificationError {
  const code = trustedFrom < length ? UNABLE_TO_GET_ISSUER_CERT : UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  return { depth: length - 1, code };
}

/** Errors of a chain whose verification ended in `result`; empty when that is 0. */
export function verificationErrors(
  chain: CertificateChain,
  result: number,
  nowMs: number,
): readonly VerificationError[] {
  if (result === 0) return [];
  const errors = chain.error === undefined ? [] : [chain.error];
  errors.push(...linkErrors(chain.certificates, nowMs));
  if (errors.at(-1)?.code !== result && !errors.some(({ code }) => code === result))
    errors.push({ depth: depthOf(result, chain.certificates.length), code: result });
  return errors;
}

/** Signatures and dates, from the top down. A top that did not issue itself is only looked at for its key. */
function linkErrors(certificates: readonly X509Certificate[], nowMs: number): VerificationError[] {
  const errors: VerificationError[] = [];
  const top = certificates.length - 1;
  const highest = certificates[top];
  if (highest === undefined) return errors;
  const isWhole = isSelfIssued(highest);
  if (!isWhole && top === 0) return [{ depth: 0, code: UNABLE_TO_VERIFY_LEAF_SIGNATURE }];
  for (let depth = isWhole ? top : top - 1; depth >= 0; depth--) {
    const certificate = certificates[depth];
    if (certificate === undefined) continue;
    const issuer = certificates[depth + 1];
    if (issuer !== undefined && !isSignedBy(certificate, issuer))
      errors.push({ depth, code: CERT_SIGNATURE_FAILURE });
    const code = dateError(certificate, nowMs);
    if (code !== undefined) errors.push({ depth, code });
  }
  return errors;
}

function dateError({ validFrom, validTo }: X509Certificate, nowMs: number): number | undefined {
  if (Date.parse(validFrom) > nowMs) return CERT_NOT_YET_VALID;
  return Date.parse(validTo) < nowMs ? CERT_HAS_EXPIRED : undefined;
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

const INVALID_CA = 24;
const PATH_LENGTH_EXCEEDED = 25;
const INVALID_NON_CA = 37;
const KEYUSAGE_NO_CERTSIGN = 32;
const CA_KEY_TOO_SMALL = 67;
const OF_AUTHORITIES = new Set([
  INVALID_CA,
  PATH_LENGTH_EXCEEDED,
  INVALID_NON_CA,
  KEYUSAGE_NO_CERTSIGN,
  CA_KEY_TOO_SMALL,
]);

/** Where an error belongs that is not of the kinds looked for here: revocation, purposes and constraints. */
function depthOf(code: number, length: number): number {
  return OF_AUTHORITIES.has(code) && length > 1 ? 1 : 0;
}
