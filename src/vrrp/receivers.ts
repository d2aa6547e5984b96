/**
 * One receiver an interface and family for all instances on it, which hear the packets that carry their router id.
 * Called by vrrp-router.ts.
 */
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { Instance } from './instance.ts';
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import { ipOf } from './ip-bytes.ts';
import type { Link } from './links.ts';
import type { Log, RareLog } from './log.ts';
import type { HeardAdvert } from './machine/machine-state.ts';
import type { Network } from './network.ts';
import type { Envelope } from './packet.ts';

interface ReceiverPorts {
  readonly network: Network;
  readonly log: Log;
  readonly rareLog: RareLog;
  open(options: ReceiverOptions, events: ReceiverEvents): AdvertReceiver;
  heard(instance: Instance, advert: HeardAdvert, keepsConnections: boolean): void;
}

interface Listener {
  readonly instance: Instance;
  readonly group: IpAddress;
  /** Else it hears all but the group. */
  readonly hearsGroup: boolean;
}

interface Lane {
  readonly options: ReceiverOptions;
  readonly receiver: AdvertReceiver;
  /** By router id. */
  readonly listeners: ReadonlyMap<number, readonly Listener[]>;
}

const NOBODY: readonly Listener[] = [];

export class Receivers {
  /** Packets for router ids that nobody here has. */
  unknownRouterIds = 0;
  /** Packets too broken to tell whom they were for. */
  broken = 0;
  readonly #ports: ReceiverPorts;
  readonly #lanes = new Map<string, Lane>();
  #hearing: ReadonlySet<Instance> = new Set();
  /** By sockets that are closed. */
  #droppedBefore = 0;
  #logUnknown = false;

  constructor(ports: ReceiverPorts) {
    this.#ports = ports;
  }

  /** Opens, keeps or closes sockets so that they fit the instances and the interfaces there are now. */
  arrange(instances: Iterable<Instance>, logUnknownVrids: boolean): void {
    this.#logUnknown = logUnknownVrids;
    const wanted = new Map<string, Instance[]>();
    for (const instance of instances) {
      const link = instance.device === undefined ? undefined : this.#ports.network.link(instance.device);
      if (instance.device !== undefined && link === undefined) continue;
      const { family, authKey } = instance.config;
      const key = `${link?.name ?? '*'} ${link?.index ?? 0} ${family}${authKey === undefined ? '' : ' sealed'}`;
      wanted.set(key, [...(wanted.get(key) ?? []), instance]);
    }
    for (const [key, lane] of this.#lanes) if (!wanted.has(key)) this.#drop(key, lane);
    for (const [key, members] of wanted) this.#arrangeOne(key, members);
    const lanes = [...wanted].filter(([key]) => this.#lanes.has(key));
    this.#hearing = new Set(lanes.flatMap(([, members]) => members));
  }

  /** Whoever hears nobody must not believe that nobody is there. */
  hears(instance: Instance): boolean {
    return this.#hearing.has(instance);
  }

  /** Packets that came faster than they are read. */
  get dropped(): number {
    return [...this.#lanes.values()].reduce(
      (sum, { receiver }) => sum + receiver.dropped,
      this.#droppedBefore,
    );
  }

  /** What has come and was not read yet. */
  readWaiting(): void {
    for (const { receiver } of this.#lanes.values()) receiver.readWaiting();
  }

  close(): void {
    for (const [key, lane] of this.#lanes) this.#drop(key, lane);
  }

  #drop(key: string, lane: Lane): void {
    this.#droppedBefore += lane.receiver.dropped;
    lane.receiver.close();
    this.#lanes.delete(key);
  }

  #arrangeOne(key: string, members: readonly Instance[]): void {
    const [first] = members;
    if (first === undefined) return;
    const link = first.device === undefined ? undefined : this.#ports.network.link(first.device);
    const options = optionsOf(
      first.config.family,
      link,
      members.map(member => member.config),
    );
    const old = this.#lanes.get(key);
    if (old !== undefined && JSON.stringify(old.options) === JSON.stringify(options)) {
      this.#lanes.set(key, { ...old, listeners: listenersOf(members) });
      return;
    }
    if (old !== undefined) this.#drop(key, old);
    try {
      const receiver = this.#ports.open(options, this.#eventsOf(key));
      this.#lanes.set(key, { options, receiver, listeners: listenersOf(members) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log('error', `cannot receive adverts on ${link?.name ?? 'any interface'}: ${reason}`);
    }
  }

  #eventsOf(key: string): ReceiverEvents {
    const concerned = (payload: Buffer): readonly Listener[] =>
      this.#lanes.get(key)?.listeners.get(payload[1] ?? -1) ?? NOBODY;
    return {
      packet: (payload, envelope) => this.#dispatch(concerned(payload), payload, envelope),
      rest: (payload, envelope) => {
        const refusing = concerned(payload);
        for (const { instance } of refusing) instance.refuse(payload, envelope);
        if (refusing.length === 0) this.#unknown(payload, envelope);
      },
      broken: () => void this.broken++,
      error: error =>
        this.#ports.rareLog.say('error', `receive ${key}`, () => `receiving adverts: ${error.message}`),
    };
  }

  #dispatch(concerned: readonly Listener[], payload: Buffer, envelope: Envelope): void {
    let isKnown = false;
    for (const listener of concerned) {
      if (!isMeant(listener, envelope)) continue;
      isKnown = true;
      const { instance } = listener;
      const advert = instance.hear(payload, envelope);
      if (advert !== undefined) this.#ports.heard(instance, advert, envelope.keepsConnections === true);
    }
    if (!isKnown) this.#unknown(payload, envelope);
  }

  #unknown(payload: Buffer, envelope: Envelope): void {
    if (payload.length < 2) {
      this.broken++;
      return;
    }
    this.unknownRouterIds++;
    if (!this.#logUnknown) return;
    const source = envelope.source.toString();
    this.#ports.rareLog.say(
      'info',
      `vrid ${payload[1]} ${source}`,
      () => `advert of unknown virtual router ${payload[1]} from ${source}`,
    );
  }
}

function optionsOf(family: 4 | 6, link: Link | undefined, members: readonly VrrpInstance[]): ReceiverOptions {
  const multicast = members.filter(member => member.unicastPeers.length === 0);
  const buffers = members.map(member => member.kernelRxBufSize ?? 0);
  const receiveBuffer = Math.max(...buffers);
  return {
    family,
    ...(link === undefined ? {} : { device: { name: link.name, index: link.index } }),
    groups: [...new Set(multicast.map(member => member.multicastGroup))].toSorted(),
    leastTtl: Math.min(...members.map(leastTtl)),
    versions: [...new Set(members.map(member => member.version))].toSorted((one, other) => one - other),
    routerIds: [...new Set(members.map(member => member.virtualRouterId))].toSorted(
      (one, other) => one - other,
    ),
    ...(receiveBuffer > 0 ? { receiveBuffer } : {}),
    ...(members.some(({ authKey }) => authKey !== undefined) ? { sealed: true } : {}),
  };
}

function leastTtl(member: VrrpInstance): number {
  if (member.unicastPeers.length === 0) return 255;
  return Math.min(...member.unicastPeers.map(peer => peer.minTtl ?? 0));
}

function listenersOf(members: readonly Instance[]): ReadonlyMap<number, readonly Listener[]> {
  const byRouterId = new Map<number, Listener[]>();
  for (const instance of members) {
    const { unicastPeers, multicastGroup, virtualRouterId } = instance.config;
    const listener = { instance, group: ipOf(multicastGroup), hearsGroup: unicastPeers.length === 0 };
    const others = byRouterId.get(virtualRouterId);
    if (others === undefined) byRouterId.set(virtualRouterId, [listener]);
    else others.push(listener);
  }
  return byRouterId;
}

/** Raw sockets of IPv6 do not tell the destination: the checksum will. */
function isMeant({ group, hearsGroup }: Listener, { destinations: [destination] }: Envelope): boolean {
  return destination === undefined || hearsGroup === sameIp(destination, group);
}
