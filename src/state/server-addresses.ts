/**
 * Where the servers are now: what the configuration says, until the state file, name resolution or the admin socket
 * say otherwise. Written by the control thread (ServerWriter.setAddress), read by every thread.
 *
 *   row  0 VERSION  1 FAMILY (0: no IP address)  2 PORT  3 FLAGS  4..7 the address, most significant word first
 *
 * VERSION is odd while a row is written: a reader that saw it so, or saw it change, reads again.
 */
import { IpAddress, parseIp } from '../base/ip-address.ts';
import type { Server } from '../model/server.ts';
import { ADDRESS_ROW, type StateLayout } from './layout.ts';

const VERSION = 0;
const FAMILY = 1;
const PORT = 2;
const FLAGS = 3;
const WORDS = 4;

const MAPS_PORTS = 1;

export interface ServerAddress {
  /** Undefined: none yet (a name that was not resolved), or no IP address at all (a unix socket). */
  readonly ip: IpAddress | undefined;
  /** With `mapPorts` what is added to the client's destination port. */
  readonly port: number;
  readonly mapPorts: boolean;
}

export class ServerAddresses {
  readonly #words: Int32Array;
  readonly #start: number;

  constructor(words: Int32Array, layout: StateLayout) {
    this.#words = words;
    this.#start = layout.addresses;
  }

  /**
   * Changes whenever the address does: who keeps something made from it compares, several times a request, so it is a
   * plain load. What counts is read between two that are not.
   */
  version(server: number): number {
    return this.#words[this.#start + server * ADDRESS_ROW + VERSION] as number;
  }

  read(server: number): ServerAddress {
    for (;;) {
      const before = this.#settledVersion(server);
      const address = this.#read(server);
      if ((before & 1) === 0 && this.#settledVersion(server) === before) return address;
    }
  }

  #settledVersion(server: number): number {
    return Atomics.load(this.#words, this.#start + server * ADDRESS_ROW + VERSION);
  }

  #read(server: number): ServerAddress {
    const words = this.#words;
    const at = this.#start + server * ADDRESS_ROW;
    const word = (index: number): number => (words[at + WORDS + index] as number) >>> 0;
    const family = words[at + FAMILY];
    return {
      ip:
        family === 4 || family === 6 ? new IpAddress(family, word(0), word(1), word(2), word(3)) : undefined,
      port: words[at + PORT] as number,
      mapPorts: ((words[at + FLAGS] as number) & MAPS_PORTS) !== 0,
    };
  }

  /** Control thread only. */
  write(server: number, { ip, port, mapPorts }: ServerAddress): void {
    const words = this.#words;
    const at = this.#start + server * ADDRESS_ROW;
    Atomics.add(words, at + VERSION, 1);
    words[at + FAMILY] = ip?.family ?? 0;
    words[at + PORT] = port;
    words[at + FLAGS] = mapPorts ? MAPS_PORTS : 0;
    const parts = ip === undefined ? [0, 0, 0, 0] : [ip.w0, ip.w1, ip.w2, ip.w3];
    for (const [index, part] of parts.entries()) words[at + WORDS + index] = part | 0;
    Atomics.add(words, at + VERSION, 1);
  }
}

export function sameAddress(a: ServerAddress, b: ServerAddress): boolean {
  return a.ip?.toString() === b.ip?.toString() && a.port === b.port && a.mapPorts === b.mapPorts;
}

/** Where the settings of a server say that it is. */
export function addressOf({ address, mapPorts, portOffset }: Server): ServerAddress {
  const port = address.kind === 'ip' || address.kind === 'name' ? address.port : 0;
  return {
    ip: address.kind === 'ip' ? parseIp(address.host) : undefined,
    port: mapPorts ? portOffset : port,
    mapPorts,
  };
}
