/** What a peer is told whose certificate is not accepted (RFC 8446, section 6.2), as OpenSSL chooses it. */

const HANDSHAKE_FAILURE = 40;
const BAD_CERTIFICATE = 42;
const UNSUPPORTED_CERTIFICATE = 43;
const CERTIFICATE_REVOKED = 44;
const CERTIFICATE_EXPIRED = 45;
const CERTIFICATE_UNKNOWN = 46;
const UNKNOWN_CA = 48;
const DECRYPT_ERROR = 51;
const INTERNAL_ERROR = 80;
export const PROTOCOL_VERSION = 70;
const CERTIFICATE_REQUIRED = 116;

/** X509_V_ERR_* by the alert that tells them. */
const RESULTS: readonly (readonly [alert: number, codes: readonly number[]])[] = [
  [BAD_CERTIFICATE, [4, 5, 6, 9, 11, 13, 14, 15, 16, 27, 28, 62, 63, 64, 66, 67, 68]],
  [UNSUPPORTED_CERTIFICATE, [26]],
  [CERTIFICATE_REVOKED, [23]],
  [CERTIFICATE_EXPIRED, [10, 12]],
  [UNKNOWN_CA, [2, 3, 18, 19, 20, 21, 22, 24, 25]],
  [DECRYPT_ERROR, [7, 8]],
  [INTERNAL_ERROR, [1, 17, 65, 69, 70]],
];
const ALERTS: ReadonlyMap<number, number> = new Map(
  RESULTS.flatMap(([alert, codes]) => codes.map(code => [code, alert] as const)),
);

/** `code`: X509_V_ERR_* */
export function alertOfVerification(code: number): number {
  return ALERTS.get(code) ?? CERTIFICATE_UNKNOWN;
}

/** A certificate was asked for, and none came. */
export function alertOfMissing(protocol: string | undefined): number {
  return protocol === 'TLSv1.3' ? CERTIFICATE_REQUIRED : HANDSHAKE_FAILURE;
}
