/** What an ACME server checks of a request before it looks at what it says (RFC 8555, section 6.2). */
import { createHash, createHmac, createPublicKey, verify, type JsonWebKey } from 'node:crypto';

export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

export interface Head {
  readonly alg: string;
  readonly url: string;
  readonly nonce?: string;
  readonly kid?: string;
  readonly jwk?: JsonWebKey;
}

const HASHES: Readonly<Record<string, string>> = {
  RS256: 'sha256',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
};

export function headOf(message: Jws): Head {
  return JSON.parse(Buffer.from(message.protected, 'base64url').toString()) as Head;
}

export function payloadOf({ payload }: Jws): Record<string, unknown> {
  return payload === ''
    ? {}
    : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>);
}

export function isSignedBy(jwk: JsonWebKey, message: Jws): boolean {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const hash = HASHES[headOf(message).alg];
  const text = Buffer.from(`${message.protected}.${message.payload}`);
  const signature = Buffer.from(message.signature, 'base64url');
  return hash !== undefined && verify(hash, text, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** With a key that both know. */
export function isSealedBy(secret: Buffer, { protected: head, payload, signature }: Jws): boolean {
  return createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url') === signature;
}

/** RFC 7638 */
export function thumbprintOf({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
