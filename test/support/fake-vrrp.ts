/** A clock, a network and a wire that a test moves by hand, for VRRP without root. */
import { constants } from 'node:os';
import type { IpAddress } from '../../src/base/ip-address.ts';
import type { IpAddressEntry } from '../../src/model/ip-entry.ts';
import type { ReceiverEvents } from '../../src/vrrp/advert-receiver.ts';
import type { Clock } from '../../src/vrrp/clock.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import type { HeldAddress, Link } from '../../src/vrrp/links.ts';
import { startVrrp, type VrrpHandle, type VrrpOptions } from '../../src/vrrp/manager.ts';
import type { Network } from '../../src/vrrp/network.ts';
import type { ConfigSource } from '../../src/config-parser/keepalived/source.ts';
import { parseKeepalived } from '../../src/config-parser/keepalived/parse.ts';
import type { KeepalivedConfig } from '../../src/model/keepalived.ts';

export class FakeClock implements Clock {
  timersSet = 0;
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallClock(): number {
    return 1_700_000_000_000 + this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    this.timersSet++;
    const timer = { at: this.#now + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer);
    };
  }

  /** Lets time pass, with everything that becomes due on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers
        .filter(timer => timer.at <= end)
        .toSorted((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter(timer => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await Promise.resolve();
    }
    this.#now = end;
  }

  /** The process was not scheduled: time jumps, timers fire late. */
  stall(ms: number): void {
    this.#now += ms;
  }
}

class FakeNetwork implements Network {
  readonly #links = new Map<string, Link>();
  readonly own: HeldAddress[] = [];
  readonly virtual = new Set<string>();
  readonly localRoutes = new Set<string>();
  /** Addresses that cannot be added. */
  readonly refused = new Set<string>();
  readonly announced: { readonly at: number; readonly ip: string; readonly device: string }[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addLink(name: string, address: string, up = true): void {
    const index = this.#links.size + 1;
    this.#links.set(name, { index, name, up, mac: Buffer.alloc(6, index), mtu: 1500, below: 0 });
    this.own.push({ link: index, ip: ipOf(address), prefixLength: 24, linkLocal: false, tentative: false });
  }

  setUp(name: string, up: boolean): void {
    const link = this.#links.get(name);
    if (link !== undefined) this.#links.set(name, { ...link, up });
  }

  /** With all its addresses. */
  rename(name: string, next: string): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    this.#links.delete(name);
    this.#links.set(next, { ...link, name: next });
    const held = [...this.virtual].map(text => text.replace(`${name} `, `${next} `));
    this.virtual.clear();
    for (const text of held) this.virtual.add(text);
  }

  refresh(): void {}

  link(name: string): Link | undefined {
    return this.#links.get(name);
  }

  linkOfIndex(index: number): Link | undefined {
    return this.links().find(link => link.index === index);
  }

  links(): readonly Link[] {
    return [...this.#links.values()];
  }

  addresses(): readonly HeldAddress[] {
    const held = [...this.virtual].map((text): HeldAddress => {
      const [name = '', address = ''] = text.split(' ');
      return {
        link: this.#links.get(name)?.index ?? 0,
        ip: ipOf(address),
        prefixLength: 32,
        linkLocal: false,
        tentative: false,
      };
    });
    return [...this.own, ...held];
  }

  addLocalRoute(ip: IpAddress): number {
    this.localRoutes.add(ip.toString());
    return 0;
  }

  removeLocalRoute(ip: IpAddress): number {
    this.localRoutes.delete(ip.toString());
    return 0;
  }

  addAddress(entry: IpAddressEntry, link: Link): number {
    if (this.refused.has(entry.address)) return -constants.errno.EINVAL;
    this.virtual.add(`${link.name} ${entry.address}`);
    return 0;
  }

  removeAddress(entry: IpAddressEntry, link: Link): number {
    this.virtual.delete(`${link.name} ${entry.address}`);
    return 0;
  }

  announce(ip: IpAddress, link: Link): number {
    this.announced.push({ at: this.#clock.now(), ip: ip.toString(), device: link.name });
    return 0;
  }

  close(): void {}
}

interface SentAdvert {
  readonly at: number;
  readonly payload: Buffer;
  readonly priority: number;
  readonly destination: string;
}

/** One node whose adverts are recorded; `hear` brings it packets. */
export class FakeNode {
  readonly clock = new FakeClock();
  readonly network = new FakeNetwork(this.clock);
  readonly sent: SentAdvert[] = [];
  readonly log: string[] = [];
  readonly events: string[] = [];
  handle: VrrpHandle | undefined;
  linksChanged = (): void => {};
  /** Packets in sockets that nobody has told of. */
  readonly waiting: (() => void)[] = [];
  #receivers: ReceiverEvents[] = [];

  start(config: KeepalivedConfig, options: Partial<VrrpOptions> = {}): VrrpHandle {
    this.handle = startVrrp(config, {
      clock: this.clock,
      network: this.network,
      log: (level, message) => void this.log.push(`${level}: ${message}`),
      onEvent: event => {
        if (event.kind === 'transition') this.events.push(`${event.name} ${event.from} -> ${event.to}`);
      },
      transport: {
        openReceiver: (_options, events) => {
          this.#receivers.push(events);
          return {
            dropped: 0,
            readWaiting: () => {
              for (const read of this.waiting.splice(0)) read();
            },
            close: () => void (this.#receivers = this.#receivers.filter(other => other !== events)),
          };
        },
        openSender: () => ({
          send: (payload, _source, destination) => {
            const at = this.clock.now();
            this.sent.push({ at, payload, priority: payload[2] ?? 0, destination: destination.toString() });
            return 0;
          },
          close: () => {},
        }),
      },
      watchLinks: onChange => {
        this.linksChanged = onChange;
        return { stop: () => {} };
      },
      ...options,
    });
    return this.handle;
  }

  hear(payload: Buffer, from: string, to = '224.0.0.18', ttl = 255): void {
    const envelope = { family: 4, source: ipOf(from), destinations: [ipOf(to)], ttl } as const;
    for (const receiver of this.#receivers) receiver.packet(payload, envelope);
  }

  get state(): string {
    return this.handle?.snapshot().instances[0]?.state ?? '';
  }
}

/** A configuration of one text, without disk. */
export function configOf(text: string): KeepalivedConfig {
  const source: ConfigSource = {
    read: () => text,
    glob: () => [],
    configId: 'test',
    environment: {},
    random: () => 0,
    hostname: 'test',
  };
  return parseKeepalived('test.conf', source).config;
}
