/** HMAC by one call of OpenSSL's; node:crypto makes a stream for each. */
import { addressOf } from '../../memory-address.ts';
import { type DigestName, openSsl } from './openssl.ts';

const BYTES = { sha256: 32, sha384: 48 } as const;
const NONE = 0;

/** Where there are no calls to OpenSSL there are no records to have keys for, and this is not asked. */
export function hmac(digest: DigestName, key: Buffer, input: Buffer): Buffer {
  const crypto = openSsl();
  const output = Buffer.allocUnsafe(BYTES[digest]);
  const kind = crypto?.digests[digest] ?? NONE;
  const [keyAt, inputAt, outputAt] = [addressOf(key), addressOf(input), addressOf(output)];
  if (crypto?.hmac(kind, keyAt, key.length, inputAt, input.length, outputAt, NONE) !== outputAt)
    throw new Error(`OpenSSL makes no HMAC with ${digest}`);
  return output;
}
