/**
 * `dynamic-cookie-key` (manual, section 4.2): the cookie of a server is made of its address and a secret, the same on
 * all balancers that share the secret, and follows the server when it moves.
 */
import { ipToBytes } from '../base/ip-address.ts';
import { xxh64 } from '../base/xxhash.ts';
import type { ServerAddress } from '../state/server-addresses.ts';
import type { ServerRuntime } from './runtime.ts';

/** Undefined: it has no address now. */
function cookieAt(key: string, { ip, port }: ServerAddress): string | undefined {
  if (ip === undefined) return undefined;
  const portBytes = Buffer.alloc(4);
  portBytes.writeInt32BE(port);
  const secret = Buffer.concat([Buffer.from(key + ipToBytes(ip), 'latin1'), portBytes]);
  return xxh64(secret, 0n).toString(16).padStart(16, '0');
}

export class DynamicCookies {
  readonly #key: string;
  readonly #known = new WeakMap<
    ServerRuntime,
    { readonly generation: number; readonly value: string | undefined }
  >();

  constructor(key: string) {
    this.#key = key;
  }

  of(server: ServerRuntime): string | undefined {
    const { generation } = server;
    let known = this.#known.get(server);
    if (known?.generation !== generation) {
      known = { generation, value: cookieAt(this.#key, server.address) };
      this.#known.set(server, known);
    }
    return known.value;
  }
}
