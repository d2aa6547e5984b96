/**
 * `dynamic-cookie-key` (manual, section 4.2): the cookie of a server is made of its address and a secret, the same on
 * all balancers that share the secret, and follows the server when it moves.
 */
import { ipToBytes } from '../base/ip-address.ts';
import { xxh64 } from '../base/xxhash.ts';
import type { ServerAddress } from './server-addresses.ts';

/** 16 hexadecimal digits; undefined: it has no address now. */
export function addressCookie(key: string, { ip, port }: ServerAddress): string | undefined {
  if (ip === undefined) return undefined;
  const portBytes = Buffer.alloc(4);
  portBytes.writeInt32BE(port);
  const secret = Buffer.concat([Buffer.from(key + ipToBytes(ip), 'latin1'), portBytes]);
  return xxh64(secret, 0n).toString(16).padStart(16, '0');
}
