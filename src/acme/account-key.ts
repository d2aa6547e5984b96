/**
 * The key of an account at an authority (RFC 8555, section 7.3): read from its file, made and kept there where the file
 * is missing. Whoever has it can get certificates for the account's names, so that nobody else may read the file.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { describeSystemError } from '../base/system-error.ts';
import type { AcmeSection } from '../model/acme.ts';
import { keyPem, newKeyNow } from '../net/tls/new-key.ts';

type Wrong = { readonly error: string };

/** The members of a public key that its thumbprint is made of, in their order (RFC 7638, section 3.2). */
export type PublicJwk = Readonly<Record<string, string>>;

export interface AccountKey {
  readonly jwk: PublicJwk;
  /** SHA-256 in base64url. */
  readonly thumbprint: string;
  /** RFC 7518, section 3.1 */
  readonly algorithm: string;
  /** As JWS wants it: two numbers one after the other where the curve is elliptic. */
  readonly sign: (text: string) => Buffer;
}

const CURVES: Readonly<Record<string, { readonly algorithm: string; readonly hash: string }>> = {
  'P-256': { algorithm: 'ES256', hash: 'sha256' },
  'P-384': { algorithm: 'ES384', hash: 'sha384' },
  'P-521': { algorithm: 'ES512', hash: 'sha512' },
};

/** Undefined: there is no such file. */
export function readAccountKey(path: string): AccountKey | Wrong | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { error: `unable to read the account key '${path}' : ${describeSystemError(error)}.` };
  }
  try {
    return accountKey(createPrivateKey(pem)) ?? { error: `'${path}' is no RSA key and on no curve of NIST.` };
  } catch {
    return { error: `'${path}' holds no private key in PEM.` };
  }
}

/** `isNew`: its file was made. */
export function openAccountKey({
  accountKey: path,
  key,
}: Pick<AcmeSection, 'accountKey' | 'key'>): { readonly key: AccountKey; readonly isNew: boolean } | Wrong {
  const known = readAccountKey(path);
  if (known !== undefined) return 'error' in known ? known : { key: known, isNew: false };
  const made = newKeyNow(key);
  const wrong = keep(path, keyPem(made));
  // another process may have made one meanwhile: the file counts
  const kept = wrong === undefined ? readAccountKey(path) : undefined;
  if (kept !== undefined) return 'error' in kept ? kept : { key: kept, isNew: true };
  return { error: `unable to write the account key '${path}' : ${wrong ?? 'it is gone'}.` };
}

/** All of it appears at once, and replaces nothing. */
function keep(path: string, pem: string): string | undefined {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, pem, { mode: 0o600, flush: true });
    try {
      linkSync(draft, path);
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return describeSystemError(error);
  }
  return undefined;
}

function accountKey(key: KeyObject): AccountKey | undefined {
  const { crv, kty, x, y, e, n } = createPublicKey(key).export({ format: 'jwk' }) as Record<string, string>;
  if (kty === 'RSA' && e !== undefined && n !== undefined)
    return withJwk({ e, kty, n }, 'RS256', text => sign('sha256', Buffer.from(text), key));
  const curve = CURVES[crv ?? ''];
  if (curve === undefined || crv === undefined || x === undefined || y === undefined) return undefined;
  return withJwk({ crv, kty: 'EC', x, y }, curve.algorithm, text =>
    sign(curve.hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }),
  );
}

function withJwk(jwk: PublicJwk, algorithm: string, signText: AccountKey['sign']): AccountKey {
  const thumbprint = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url');
  return { jwk, thumbprint, algorithm, sign: signText };
}
