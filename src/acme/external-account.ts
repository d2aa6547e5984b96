/** `eab-key-id`, `eab-mac-key`: an account that exists with the authority outside of ACME (RFC 8555, section 7.3.4). */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeSystemError } from '../base/system-error.ts';
import type { ExternalAccount } from '../model/acme.ts';
import type { PublicJwk } from './account-key.ts';
import { flattened, type SignedMessage } from './signed-message.ts';

export interface ExternalCredentials {
  readonly keyId: string;
  readonly macKey: Buffer;
  readonly algorithm: ExternalAccount['algorithm'];
}

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;
/** As long as the hash at least (RFC 7518, section 3.2). */
const LEAST_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** Undefined: a file is empty, they are not needed any more. */
export function readExternalAccount({
  keyIdFile,
  macKeyFile,
  algorithm,
}: ExternalAccount): ExternalCredentials | { readonly error: string } | undefined {
  const keyId = readLine('eab-key-id', keyIdFile);
  if (typeof keyId !== 'string') return keyId;
  const macKey = readLine('eab-mac-key', macKeyFile);
  if (typeof macKey !== 'string') return macKey;
  if (keyId === '' || macKey === '') return undefined;
  if (!/^[\x20-\x7e]+$/.test(keyId)) return { error: `'eab-key-id' : '${keyIdFile}' is no line of ASCII.` };
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(macKey))
    return { error: `'eab-mac-key' : '${macKeyFile}' holds no key in base64url.` };
  const bytes = Buffer.from(macKey, 'base64url');
  if (bytes.length < LEAST_BYTES[algorithm])
    return {
      error: `'eab-mac-key' : '${macKeyFile}' holds ${bytes.length} bytes, ${algorithm} needs ${LEAST_BYTES[algorithm]}.`,
    };
  return { keyId, macKey: bytes, algorithm };
}

/** Without the line's end. */
function readLine(keyword: string, path: string): string | { readonly error: string } {
  try {
    return readFileSync(path, 'latin1').replace(/\r?\n$/, '');
  } catch (error) {
    return { error: `'${keyword}' : unable to read '${path}' : ${describeSystemError(error)}.` };
  }
}

/** Says that the account of that key belongs to who has the credentials. */
export function binding(
  { keyId, macKey, algorithm }: ExternalCredentials,
  jwk: PublicJwk,
  url: string,
): SignedMessage {
  return flattened({ alg: algorithm, kid: keyId, url }, JSON.stringify(jwk), text =>
    createHmac(HASHES[algorithm], macKey).update(text).digest(),
  );
}
