/** Cookies that are made of servers' addresses (state/address-cookie.ts), kept as long as a server stays where it is. */
import { addressCookie } from '../../state/address-cookie.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

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
      known = { generation, value: addressCookie(this.#key, server.address) };
      this.#known.set(server, known);
    }
    return known.value;
  }
}
