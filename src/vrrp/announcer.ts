/**
 * Sends announcements of addresses, paced where `vrrp_garp_interval`, `vrrp_gna_interval` or a `garp_group` ask for it.
 * The first of each address leaves at once where no pace is set. Called by instance.ts.
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { GarpGroup, KeepalivedGlobal } from '../model/keepalived.ts';
import type { Clock } from './clock.ts';
import type { Network } from './network.ts';

export interface Announcement {
  readonly ip: IpAddress;
  readonly device: string;
}

interface Lane {
  /** When the next one may leave. */
  freeAt: number;
}

export class Announcer {
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #global: Pick<KeepalivedGlobal, 'garpIntervalMs' | 'gnaIntervalMs'>;
  readonly #groups: readonly GarpGroup[];
  readonly #lanes = new Map<string, Lane>();
  readonly #pending = new Set<() => void>();

  constructor(
    clock: Clock,
    network: Network,
    global: Pick<KeepalivedGlobal, 'garpIntervalMs' | 'gnaIntervalMs'>,
    groups: readonly GarpGroup[],
  ) {
    this.#clock = clock;
    this.#network = network;
    this.#global = global;
    this.#groups = groups;
  }

  /** Each address `repeat` times; `stillWanted` is asked before each that waits. */
  announce(
    list: readonly Announcement[],
    repeat: number,
    isRouter: boolean,
    stillWanted: () => boolean,
  ): void {
    for (let round = 0; round < repeat; round++)
      for (const one of list) this.#schedule(one, isRouter, stillWanted);
  }

  stop(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }

  #schedule(one: Announcement, isRouter: boolean, stillWanted: () => boolean): void {
    const { key, intervalMs } = this.#paceOf(one);
    if (intervalMs === 0) {
      this.#send(one, isRouter);
      return;
    }
    const lane = this.#lanes.get(key) ?? { freeAt: 0 };
    this.#lanes.set(key, lane);
    const now = this.#clock.now();
    const at = Math.max(now, lane.freeAt);
    lane.freeAt = at + intervalMs;
    if (at <= now) {
      this.#send(one, isRouter);
      return;
    }
    const cancel = this.#clock.after(at - now, () => {
      this.#pending.delete(cancel);
      if (stillWanted()) this.#send(one, isRouter);
    });
    this.#pending.add(cancel);
  }

  #paceOf({ ip, device }: Announcement): { readonly key: string; readonly intervalMs: number } {
    const index = this.#groups.findIndex(group => group.interfaces.includes(device));
    const pace = this.#groups[index] ?? this.#global;
    const key = `${ip.family} ${index < 0 ? device : `group ${index}`}`;
    return { key, intervalMs: ip.family === 4 ? pace.garpIntervalMs : pace.gnaIntervalMs };
  }

  #send({ ip, device }: Announcement, isRouter: boolean): void {
    const link = this.#network.link(device);
    if (link !== undefined) this.#network.announce(ip, link, isRouter);
  }
}
