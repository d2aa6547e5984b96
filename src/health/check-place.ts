/**
 * Where the checks of one server go: to the server's own address unless `addr`, `port` or a rule say otherwise. The
 * addresses may change while running (admin socket, name resolution).
 */
import type { Address } from '../model/address.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget } from '../net/connection.ts';
import { serverSocket } from '../net/server-socket.ts';

interface PlaceOverrides {
  readonly address?: Address | undefined;
  readonly port?: number | undefined;
}

interface KnownTarget {
  readonly address: Address;
  readonly port: number;
  readonly delayAck: boolean;
  readonly target: ConnectTarget | undefined;
}

export class CheckPlace {
  /** The server's own: as it is now. */
  readonly #address: () => Address;
  /** `addr` and `port` of the check, or of the agent. */
  #own: PlaceOverrides = {};
  readonly #source: Server['source'];
  readonly #socket: ReturnType<typeof serverSocket>;
  /** The last target: most checks go where the one before went. */
  #known: KnownTarget | undefined;

  constructor(
    address: () => Address,
    own: PlaceOverrides,
    source: Server['source'],
    socket: Parameters<typeof serverSocket>[0] = {},
  ) {
    this.#address = address;
    this.follow(own);
    this.#source = source;
    this.#socket = serverSocket(socket);
  }

  /** Its own address or port was changed. */
  follow(own: PlaceOverrides | undefined): void {
    this.#own = { address: own?.address, port: own?.port };
  }

  /** The check goes elsewhere than traffic. */
  get elsewhere(): boolean {
    return this.#own.address !== undefined || this.#own.port !== undefined;
  }

  /** Undefined: there is no address to connect to. `delayAck`: see ConnectTarget. */
  target(rule: PlaceOverrides, delayAck = false): ConnectTarget | undefined {
    const address = rule.address ?? this.#own.address ?? this.#address();
    const port = this.#port(rule);
    const known = this.#known;
    if (known?.address === address && known.port === port && known.delayAck === delayAck) return known.target;
    const target = this.#make(address, port, delayAck);
    this.#known = { address, port, delayAck, target };
    return target;
  }

  #make(address: Address, port: number, delayAck: boolean): ConnectTarget | undefined {
    if (address.kind === 'unix') return { kind: 'unix', path: address.path };
    if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
    if (address.kind !== 'ip' && address.kind !== 'name') return undefined;
    if (port === 0) return undefined;
    const family = address.family === 6 ? 6 : 4;
    return { kind: 'ip', family, host: address.host, port, ...this.#from(), ...(delayAck && { delayAck }) };
  }

  #port({ address, port }: PlaceOverrides): number {
    return port || portOf(address) || this.#own.port || portOf(this.#own.address) || portOf(this.#address());
  }

  #from(): Partial<Extract<ConnectTarget, { kind: 'ip' }>> {
    const from = this.#source?.address;
    const device = this.#source?.interface;
    return {
      ...(from?.kind === 'ip' && { source: { host: from.host, port: from.port } }),
      ...(device !== undefined && { interface: device }),
      ...this.#socket,
    };
  }
}

function portOf(address: Address | undefined): number {
  return address?.kind === 'ip' || address?.kind === 'name' ? address.port : 0;
}
