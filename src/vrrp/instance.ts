/**
 * A failover: one `vrrp_instance` at work. The machine decides (machine/step.ts); this file performs its effects in the
 * order they come - advertise, take or release, announce - and hands packets to their judge (advert-judge.ts).
 * Called by vrrp-router.ts.
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { AdvertJudge } from './advert-judge.ts';
import { SequenceNumbers } from './authentication-header.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcement, Announcer } from './announcer.ts';
import type { Clock } from './clock.ts';
import { newCounters } from './counters.ts';
import type { InstanceCounters } from '../model/vrrp-snapshot.ts';
import { onExtraInterfaces } from './extra-interfaces.ts';
import { deviceOf, entriesOf, Holdings, type HoldingsPorts } from './holdings.ts';
import { ipOf } from './ip-bytes.ts';
import { errorText } from './kernel-calls.ts';
import type { Link } from './links.ts';
import type { RareLog } from './log.ts';
import type { HeardAdvert } from './machine/machine-state.ts';
import { advertWithoutChecksum, encodeAdvert, type AdvertToSend, type Envelope } from './packet.ts';
import { SignedOrder, sign } from './advert-signature.ts';

export interface InstancePorts extends HoldingsPorts {
  readonly clock: Clock;
  readonly rareLog: RareLog;
  readonly announcer: Pick<Announcer, 'announce'>;
  openSender(family: 4 | 6, device: Link | undefined): AdvertSender;
}

export class Instance {
  config: VrrpInstance;
  readonly counters: InstanceCounters = newCounters();
  /** Our address in adverts; undefined while the interface has none. */
  source: IpAddress | undefined;
  readonly #ports: InstancePorts;
  readonly #holdings: Holdings;
  readonly #numbers = new SequenceNumbers();
  readonly #signedOrder = new SignedOrder();
  #judge: AdvertJudge;
  #sender: AdvertSender | undefined;
  /** The next announcement for `garp_extra_if`. */
  #cancelExtra = (): void => {};
  #cancelAgain = (): void => {};

  constructor(config: VrrpInstance, ports: InstancePorts) {
    this.config = config;
    this.#ports = ports;
    this.#holdings = new Holdings(ports);
    this.#judge = this.#newJudge();
  }

  /** Addresses, routes and rules are in the kernel because of us. */
  get holding(): boolean {
    return this.#holdings.present;
  }

  /** Where adverts leave and arrive. */
  get device(): string | undefined {
    const { useVmac, interface: base } = this.config;
    return useVmac === undefined || useVmac.xmitBase ? base : useVmac.name;
  }

  /** A changed configuration: a master takes what is new and lets go of what is not there any more. */
  reconfigure(config: VrrpInstance): void {
    const before = this.config;
    this.config = config;
    this.#judge = this.#newJudge();
    this.close();
    if (!this.holding) return;
    this.#announce(this.#holdings.change(before, config), config.garp.masterRepeat);
    this.#scheduleExtra();
  }

  hear(payload: Buffer, envelope: Envelope): HeardAdvert | undefined {
    return this.#judge.hear(payload, envelope, this.source);
  }

  refuse(payload: Buffer, envelope: Envelope): void {
    this.#judge.refuse(payload, envelope, this.source);
  }

  /** `keepsConnections`: with priority 0, see handover/. */
  advertise(priority: number, keepsConnections = false): void {
    const { config, source } = this;
    const sender = source === undefined ? undefined : this.#senderOf();
    if (sender === undefined || source === undefined) return;
    const unicast = config.unicastPeers.length > 0;
    const seal =
      config.authKey === undefined
        ? undefined
        : { key: config.authKey, sequence: this.#numbers.next(), unicast };
    const addresses = config.virtualAddresses.map(entry => ipOf(entry.address));
    const advert = { ...config, priority, addresses };
    const trailer = this.#trailerOf(advert, source);
    for (const text of unicast ? config.unicastPeers.map(peer => peer.address) : [config.multicastGroup]) {
      const destination = ipOf(text);
      const payload = encodeAdvert(advert, source, destination, trailer);
      const result = sender.send(
        payload,
        source,
        destination,
        unicast ? config.unicastTtl : 255,
        keepsConnections,
        seal,
      );
      if (result < 0) this.#sendFailed(text, result);
    }
    this.counters.advertsSent++;
    if (priority === 0) this.counters.priorityZeroSent++;
  }

  /** One for all destinations. */
  #trailerOf(advert: AdvertToSend, source: IpAddress): Buffer | undefined {
    const { signature } = this.config;
    if (signature === undefined || signature.mode === 'receive-only') return undefined;
    const now = this.#ports.clock.wallClock();
    return sign(advertWithoutChecksum(advert), source, signature, this.#signedOrder.next(now, signature));
  }

  /** A timer that came late is counted: adverts shall leave within a tenth of their interval. */
  advertIsDue(latenessMs: number): void {
    const { counters, config } = this;
    counters.worstLatenessMs = Math.max(counters.worstLatenessMs, latenessMs);
    if (latenessMs > config.advertIntMs / 10) counters.advertsLate++;
  }

  take(): void {
    this.#holdings.take(this.config);
    this.#scheduleExtra();
  }

  /** `now`: the process ends, nothing may be left for later. */
  release(now = false): void {
    this.#cancelExtra();
    this.#cancelAgain();
    this.#holdings.release(this.config, now);
  }

  /**
   * Once more an interval later: the master before may have answered a neighbour solicitation after our announcement and
   * before it heard our advert, and clients would stay with it.
   */
  announce(repeat: number): void {
    this.#announce(entriesOf(this.config), repeat);
    if (this.config.family === 4) return;
    this.#cancelAgain();
    this.#cancelAgain = this.#ports.clock.after(this.config.advertIntMs, () => {
      if (this.holding) this.#announce(entriesOf(this.config), 1);
    });
  }

  /** Addresses that somebody else removed while we are master come back, and are announced again; routes come back, too. */
  repair(routesAreLost: boolean): void {
    this.#announce(this.#holdings.repair(this.config, routesAreLost), 1);
  }

  close(): void {
    this.#sender?.close();
    this.#sender = undefined;
  }

  #newJudge(): AdvertJudge {
    const { clock, rareLog } = this.#ports;
    return new AdvertJudge(this.config, this.counters, {
      rareLog,
      clock,
      numbers: this.#numbers,
      signedOrder: this.#signedOrder,
    });
  }

  #announce(entries: readonly IpAddressEntry[], repeat: number): void {
    const { config } = this;
    const list = entries.map((entry): Announcement => ({
      ip: ipOf(entry.address),
      device: deviceOf(entry, config),
    }));
    this.#ports.announcer.announce(list, repeat, true, () => this.holding);
  }

  /** `garp_extra_if`: adverts refresh switches on our interface only, so other interfaces of addresses are told. */
  #scheduleExtra(delayMs = this.config.garp.masterDelayMs): void {
    this.#cancelExtra();
    const { extraIfMs } = this.config.garp;
    const elsewhere = extraIfMs === 0 ? [] : onExtraInterfaces(this.config);
    if (elsewhere.length === 0) return;
    this.#cancelExtra = this.#ports.clock.after(delayMs + extraIfMs, () => {
      this.#announce(elsewhere, 1);
      this.#scheduleExtra(0);
    });
  }

  #senderOf(): AdvertSender | undefined {
    if (this.#sender !== undefined) return this.#sender;
    const { network } = this.#ports;
    const link = this.device === undefined ? undefined : network.link(this.device);
    if (link === undefined && this.device !== undefined) return undefined;
    return (this.#sender = this.#ports.openSender(this.config.family, link));
  }

  #sendFailed(destination: string, result: number): void {
    const { name } = this.config;
    this.counters.sendErrors++;
    const message = `(${name}) advert to ${destination}: ${errorText(result)}`;
    this.#ports.rareLog.say('warning', `${name} send`, () => message);
    // the interface may have come back under another index
    this.close();
  }
}
