/** Where connections go, as the kernel wants to be told. The collector must not have an address before it is copied. */
import type { ConnectTarget } from '../../connection.ts';
import { encodeIp } from '../../socket-address.ts';

type IpTarget = Exclude<ConnectTarget, { readonly kind: 'unix' }>;

export class ConnectAddresses {
  readonly #encoded = new WeakMap<ConnectTarget, Buffer>();
  /** Pushed, and not copied yet. */
  #lent: Buffer[] = [];

  /** Kept until `copied`. */
  lend(target: IpTarget): Buffer {
    let address = this.#encoded.get(target);
    if (address === undefined) {
      address = encodeIp(target.family, target.host, target.port);
      this.#encoded.set(target, address);
    }
    this.#lent.push(address);
    return address;
  }

  /** The kernel has taken all that was pushed. */
  copied(): void {
    if (this.#lent.length > 0) this.#lent = [];
  }
}
