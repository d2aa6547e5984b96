/**
 * The side that hands over or yields: its addresses are with the next master, but connections that it began go on. A local route
 * stands in for each address, so that packets which the next master relays (connection-relay.ts) still arrive at their
 * sockets; nobody is told of it, and ARP does not answer for it. Remembered on disk like addresses. IPv4 only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { VrrpInstance } from '../../model/vrrp-instance.ts';
import type { Clock } from '../clock.ts';
import type { HeldStateFile } from '../held-state.ts';
import { deviceOf } from '../holdings.ts';
import { ipOf } from '../ip-bytes.ts';
import { errorText } from '../kernel-calls.ts';
import type { Log } from '../log.ts';
import type { Network } from '../network.ts';
import { relayedAddresses } from './relayed-addresses.ts';

/** For a master that yields: requests in flight end in that time. */
const WHILE_MS = 60_000;

interface KeptConnectionsPorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly held: HeldStateFile;
  readonly log: Log;
}

export class KeptConnections {
  readonly #ports: KeptConnectionsPorts;
  /** What to undo, by instance. */
  readonly #kept = new Map<string, () => void>();

  constructor(ports: KeptConnectionsPorts) {
    this.#ports = ports;
  }

  /** Right before the addresses are removed. `for good`: until `drop`, for this node is about to end. */
  keep(config: VrrpInstance, howLong: 'for good' | 'a while'): void {
    const { network, held, log } = this.#ports;
    const addresses = relayedAddresses(config);
    if (addresses.length === 0) return;
    this.drop(config.name);
    for (const { address } of addresses) {
      const result = network.addLocalRoute(ipOf(address));
      if (result < 0)
        log('warning', `(${config.name}) cannot keep connections of ${address}: ${errorText(result)}`);
    }
    const restore = [...new Set(addresses.map(entry => deviceOf(entry, config)))].flatMap(silenceArp);
    held.set(ownerOf(config.name), {
      addresses: [],
      undo: addresses.map(({ address }) => `route del local ${address} dev lo table local metric 1`),
    });
    const cancel =
      howLong === 'a while' ? this.#ports.clock.after(WHILE_MS, () => this.drop(config.name)) : undefined;
    this.#kept.set(config.name, () => {
      cancel?.();
      for (const { address } of addresses) network.removeLocalRoute(ipOf(address));
      for (const undo of restore) undo();
      held.set(ownerOf(config.name), undefined);
    });
  }

  drop(name: string): void {
    this.#kept.get(name)?.();
    this.#kept.delete(name);
  }

  dropAll(): void {
    for (const name of this.#kept.keys()) this.drop(name);
  }
}

function ownerOf(name: string): string {
  return `connections of ${name}`;
}

/**
 * ARP answers for addresses of the interface only, and asks in their name only (ip-sysctl: arp_ignore 1, arp_announce
 * 2). Gives what puts the old settings back.
 */
function silenceArp(device: string): (() => void)[] {
  return [raise(device, 'arp_ignore', 1), raise(device, 'arp_announce', 2)];
}

function raise(device: string, setting: string, wanted: number): () => void {
  const path = `/proc/sys/net/ipv4/conf/${device}/${setting}`;
  try {
    const before = readFileSync(path, 'latin1').trim();
    if (Number(before) >= wanted) return () => {};
    writeFileSync(path, String(wanted));
    return () => {
      try {
        writeFileSync(path, before);
      } catch {
        // the interface is gone
      }
    };
  } catch {
    return () => {};
  }
}
