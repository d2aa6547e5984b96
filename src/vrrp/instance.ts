/**
 * A failover: one `vrrp_instance` at work. The machine decides (machine.ts); this file performs its effects in their
 * order - advertise, take or release addresses, routes and rules, announce - and judges the packets that arrive.
 * Called by manager.ts.
 */
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcement, Announcer } from './announcer.ts';
import type { Clock } from './clock.ts';
import { newCounters, type InstanceCounters } from './counters.ts';
import type { HeldStateFile } from './held-state.ts';
import { ipOf } from './ip-bytes.ts';
import type { IpBatch } from './ip-batch.ts';
import { errorText } from './kernel-calls.ts';
import type { Link } from './links.ts';
import type { Log, RareLog } from './log.ts';
import type { HeardAdvert } from './machine.ts';
import { holds, type Network } from './network.ts';
import {
  encodeAdvert,
  parseAdvert,
  type Advert,
  type Badness,
  type Envelope,
  type Parsed,
} from './packet.ts';
import { routeAddLine, routeDeleteLine, ruleAddLine, ruleDeleteLine } from './route-lines.ts';

export interface InstancePorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly announcer: Pick<Announcer, 'announce'>;
  readonly batch: IpBatch;
  readonly held: HeldStateFile;
  readonly log: Log;
  readonly rareLog: RareLog;
  openSender(family: 4 | 6, device: Link | undefined): AdvertSender;
}

export class Instance {
  config: VrrpInstance;
  readonly counters: InstanceCounters = newCounters();
  /** Our address in adverts; undefined while the interface has none. */
  source: IpAddress | undefined;
  /** Addresses, routes and rules are in the kernel because of us. */
  holding = false;
  readonly #ports: InstancePorts;
  #sender: AdvertSender | undefined;
  #lastMaster: IpAddress | undefined;
  #virtual: readonly IpAddress[];

  constructor(config: VrrpInstance, ports: InstancePorts) {
    this.config = config;
    this.#ports = ports;
    this.#virtual = addressesOf(config);
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
    this.#virtual = addressesOf(config);
    this.close();
    if (!this.holding) return;
    const kept = new Set(entriesOf(config).map(keyOf));
    for (const entry of entriesOf(before)) if (!kept.has(keyOf(entry))) this.#remove(entry, before);
    const routes = new Set(this.#addLines(config));
    void this.#ports.batch.run(this.#deleteLines(before, line => !routes.has(line)));
    const old = new Set(entriesOf(before).map(keyOf));
    const fresh = entriesOf(config).filter(entry => !old.has(keyOf(entry)));
    this.take();
    this.#announce(fresh, config.garp.masterRepeat);
  }

  // ---- packets

  /** A packet with our router id: an advert to act upon, or a kind of badness that is counted and changes nothing. */
  hear(payload: Buffer, envelope: Envelope): HeardAdvert | undefined {
    const refused = this.#checkSource(envelope);
    if (refused !== undefined) return this.countBad(refused, envelope.source);
    const parsed = this.#parse(payload, envelope);
    if (parsed.bad !== undefined) return this.countBad(parsed.bad, envelope.source);
    this.counters.advertsReceived++;
    if (parsed.advert.priority === 0) this.counters.priorityZeroReceived++;
    this.#compare(parsed.advert);
    return parsed.advert;
  }

  /** A packet that the kernel's filter refused; where nothing else is wrong it came from afar. */
  refuse(payload: Buffer, envelope: Envelope): void {
    this.countBad(this.#parse(payload, envelope).bad ?? 'ttl', envelope.source);
  }

  #parse(payload: Buffer, envelope: Envelope): Parsed {
    const { config } = this;
    return parseAdvert(payload, this.#withDestinations(envelope), {
      version: config.version,
      virtualRouterId: config.virtualRouterId,
      ttl: this.#ttlRange(envelope.source),
      v3ChecksumAsV2: config.v3ChecksumAsV2,
      ...(config.authPass === undefined ? {} : { authPass: config.authPass }),
    });
  }

  countBad(kind: Badness, source: IpAddress | undefined): undefined {
    this.counters.bad[kind]++;
    const from = source === undefined ? '' : ` from ${source.toString()}`;
    this.#ports.rareLog.say(
      'warning',
      `${this.config.name} ${kind}`,
      `(${this.config.name}) bad advert${from}: ${kind}`,
    );
    return undefined;
  }

  #checkSource(envelope: Envelope): Badness | undefined {
    const { checkUnicastSrc, unicastPeers } = this.config;
    if (!checkUnicastSrc || unicastPeers.length === 0) return undefined;
    return unicastPeers.some(peer => sameIp(ipOf(peer.address), envelope.source)) ? undefined : 'source';
  }

  /** A raw IPv6 socket does not say the destination: it was the group, or our own address. */
  #withDestinations(envelope: Envelope): Envelope {
    if (envelope.destinations.length > 0 || this.source === undefined) return envelope;
    const { unicastPeers, multicastGroup } = this.config;
    return { ...envelope, destinations: [unicastPeers.length > 0 ? this.source : ipOf(multicastGroup)] };
  }

  /** RFC 5798 5.1.1.3: 255, so that no router lies between. Unicast peers may be further off. */
  #ttlRange(source: IpAddress): readonly [number, number] {
    const { unicastPeers } = this.config;
    if (unicastPeers.length === 0) return [255, 255];
    const peer = unicastPeers.find(one => sameIp(ipOf(one.address), source));
    return [peer?.minTtl ?? 0, peer?.maxTtl ?? 255];
  }

  /**
   * RFC 3768 7.1 would have us drop adverts whose interval or addresses differ from ours, which makes both routers
   * master at once. They take part in the election instead, and the difference is reported.
   */
  #compare(advert: Advert): void {
    const { name, advertIntMs, skipCheckAdvAddr } = this.config;
    const from = advert.source.toString();
    const known = this.#lastMaster !== undefined && sameIp(this.#lastMaster, advert.source);
    this.#lastMaster = advert.source;
    if (advert.advertIntMs !== advertIntMs) {
      this.counters.intervalDiffers++;
      const message = `(${name}) ${from} advertises every ${advert.advertIntMs} ms, we every ${advertIntMs} ms`;
      this.#ports.rareLog.say('warning', `${name} interval ${from}`, message);
    }
    if ((skipCheckAdvAddr && known) || this.#sameAddresses(advert)) return;
    this.counters.addressListDiffers++;
    const theirs = advert.addresses.join(' ');
    this.#ports.rareLog.say(
      'warning',
      `${name} addresses ${from}`,
      `(${name}) ${from} advertises other addresses than ours: ${theirs}`,
    );
  }

  #sameAddresses(advert: Advert): boolean {
    return (
      advert.addresses.length === this.#virtual.length &&
      this.#virtual.every(own => advert.addresses.some(other => sameIp(own, other)))
    );
  }

  // ---- effects

  advertise(priority: number): void {
    const { config, source } = this;
    const sender = source === undefined ? undefined : this.#senderOf();
    if (sender === undefined || source === undefined) return;
    const unicast = config.unicastPeers.length > 0;
    const destinations = unicast ? config.unicastPeers.map(peer => peer.address) : [config.multicastGroup];
    for (const text of destinations) {
      const destination = ipOf(text);
      const payload = encodeAdvert({ ...config, priority, addresses: this.#virtual }, source, destination);
      const result = sender.send(payload, source, destination, unicast ? config.unicastTtl : 255);
      if (result < 0) this.#sendFailed(text, result);
      else this.counters.advertsSent++;
    }
    if (priority === 0) this.counters.priorityZeroSent++;
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
    this.#ports.rareLog.say(
      'warning',
      `${name} send`,
      `(${name}) advert to ${destination}: ${errorText(result)}`,
    );
    // the interface may have come back under another index
    this.close();
  }

  /** Adds what the master holds; what is there already is left alone. */
  take(): void {
    const { config } = this;
    this.holding = true;
    for (const entry of entriesOf(config)) this.#add(entry);
    void this.#ports.batch.run(this.#addLines(config));
    this.#ports.held.set(config.name, {
      addresses: entriesOf(config).map(entry => ({
        device: this.deviceOf(entry),
        address: entry.address,
        prefixLength: entry.prefixLength,
      })),
      undo: this.#deleteLines(config, () => true),
    });
  }

  /** Removes it; `now` when the process ends and nothing may be left for later. */
  release(now = false): void {
    const { config } = this;
    const lines = this.#deleteLines(config, () => true);
    const wasHolding = this.holding;
    this.holding = false;
    for (const entry of entriesOf(config).toReversed()) this.#remove(entry, config);
    if (now) this.#ports.batch.runNow(lines);
    else if (wasHolding) void this.#ports.batch.run(lines);
    this.#ports.held.set(config.name, undefined);
  }

  announce(repeat: number): void {
    this.#announce(entriesOf(this.config), repeat);
  }

  /** Addresses that somebody else removed while we are master come back, and are announced again. */
  repair(): void {
    if (!this.holding) return;
    const { network, log } = this.#ports;
    const missing = entriesOf(this.config).filter(entry => {
      const link = network.link(this.deviceOf(entry));
      return !entry.noTrack && link !== undefined && link.up && !holds(network, entry, link);
    });
    for (const entry of missing) {
      log(
        'warning',
        `(${this.config.name}) ${entry.address} was removed from ${this.deviceOf(entry)}: adding it again`,
      );
      this.#add(entry);
    }
    this.#announce(missing, 1);
  }

  close(): void {
    this.#sender?.close();
    this.#sender = undefined;
  }

  /** `dev` of the entry, else the virtual MAC interface, else the instance's. */
  deviceOf(entry: IpAddressEntry): string {
    const { useVmac, interface: base = '', family } = this.config;
    if (entry.dev !== undefined && entry.dev !== base) return entry.dev;
    return useVmac !== undefined && entry.family === family ? useVmac.name : base;
  }

  #announce(entries: readonly IpAddressEntry[], repeat: number): void {
    const list = entries.map((entry): Announcement => ({
      ip: ipOf(entry.address),
      device: this.deviceOf(entry),
    }));
    this.#ports.announcer.announce(list, repeat, true, () => this.holding);
  }

  #add(entry: IpAddressEntry): void {
    const { network, log } = this.#ports;
    const device = this.deviceOf(entry);
    const link = network.link(device);
    const result = link === undefined ? undefined : network.addAddress(entry, link);
    if (result === 0) return;
    const why = result === undefined ? 'no such interface' : errorText(result);
    log(
      'error',
      `(${this.config.name}) cannot add ${entry.address}/${entry.prefixLength} to ${device}: ${why}`,
    );
  }

  #remove(entry: IpAddressEntry, config: VrrpInstance): void {
    const { network, log } = this.#ports;
    const link = network.link(this.deviceOf(entry));
    if (link === undefined) return;
    const result = network.removeAddress(entry, link);
    if (result < 0) log('error', `(${config.name}) cannot remove ${entry.address}: ${errorText(result)}`);
  }

  #addLines(config: VrrpInstance): string[] {
    const device = config.useVmac?.name ?? config.interface;
    return [
      ...config.virtualRoutes.map(route => routeAddLine(route, device)),
      ...config.virtualRules.map(ruleAddLine),
    ];
  }

  /** In the opposite order; `wanted` is asked with the line that added each. */
  #deleteLines(config: VrrpInstance, wanted: (addLine: string) => boolean): string[] {
    const device = config.useVmac?.name ?? config.interface;
    const rules = config.virtualRules.filter(rule => wanted(ruleAddLine(rule))).map(ruleDeleteLine);
    const routes = config.virtualRoutes.filter(route => wanted(routeAddLine(route, device)));
    return [...rules, ...routes.map(route => routeDeleteLine(route, device))];
  }
}

function addressesOf(config: VrrpInstance): IpAddress[] {
  return config.virtualAddresses.map(entry => ipOf(entry.address));
}

export function entriesOf(config: VrrpInstance): readonly IpAddressEntry[] {
  return [...config.virtualAddresses, ...config.excludedAddresses];
}

function keyOf(entry: IpAddressEntry): string {
  return `${entry.dev ?? ''} ${entry.address}/${entry.prefixLength}`;
}
