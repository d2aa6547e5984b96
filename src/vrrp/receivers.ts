/**
 * One receiver an interface and family for all instances on it, which hear the packets that carry their router id.
 * Called by vrrp-router.ts.
 */
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { Instance } from './instance.ts';
import { sameIp } from '../base/ip-address.ts';
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

interface Lane {
  readonly options: ReceiverOptions;
  readonly receiver: AdvertReceiver;
  readonly members: readonly Instance[];
}

export class Receivers {
  /** Packets for router ids that nobody here has. */
  unknownRouterIds = 0;
  /** Packets too broken to tell whom they were for. */
  broken = 0;
  readonly #ports: ReceiverPorts;
  readonly #lanes = new Map<string, Lane>();
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
      const key = `${link?.name ?? '*'} ${link?.index ?? 0} ${instance.config.family}`;
      wanted.set(key, [...(wanted.get(key) ?? []), instance]);
    }
    for (const [key, lane] of this.#lanes) if (!wanted.has(key)) this.#drop(key, lane);
    for (const [key, members] of wanted) this.#arrangeOne(key, members);
  }

  /** Whoever hears nobody must not believe that nobody is there. */
  hears(instance: Instance): boolean {
    return [...this.#lanes.values()].some(lane => lane.members.includes(instance));
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
      this.#lanes.set(key, { ...old, members });
      return;
    }
    if (old !== undefined) this.#drop(key, old);
    try {
      const receiver = this.#ports.open(options, this.#eventsOf(key));
      this.#lanes.set(key, { options, receiver, members });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log('error', `cannot receive adverts on ${link?.name ?? 'any interface'}: ${reason}`);
    }
  }

  #eventsOf(key: string): ReceiverEvents {
    const membersWith = (payload: Buffer): readonly Instance[] =>
      this.#lanes.get(key)?.members.filter(member => member.config.virtualRouterId === payload[1]) ?? [];
    return {
      packet: (payload, envelope) => this.#dispatch(membersWith(payload), payload, envelope),
      rest: (payload, envelope) => {
        const concerned = membersWith(payload);
        for (const member of concerned) member.refuse(payload, envelope);
        if (concerned.length === 0) this.#unknown(payload, envelope);
      },
      broken: () => void this.broken++,
      error: error =>
        this.#ports.rareLog.say('error', `receive ${key}`, () => `receiving adverts: ${error.message}`),
    };
  }

  #dispatch(concerned: readonly Instance[], payload: Buffer, envelope: Envelope): void {
    const meant = concerned.filter(member => isMeant(member.config, envelope));
    if (meant.length === 0) {
      this.#unknown(payload, envelope);
      return;
    }
    for (const member of meant) {
      const advert = member.hear(payload, envelope);
      if (advert !== undefined) this.#ports.heard(member, advert, envelope.keepsConnections === true);
    }
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
  };
}

function leastTtl(member: VrrpInstance): number {
  if (member.unicastPeers.length === 0) return 255;
  return Math.min(...member.unicastPeers.map(peer => peer.minTtl ?? 0));
}

/** A multicast instance hears its group, a unicast one everything else. For IPv6 the checksum will tell. */
function isMeant(config: VrrpInstance, { destinations }: Envelope): boolean {
  const [destination] = destinations;
  if (destination === undefined) return true;
  return (config.unicastPeers.length === 0) === sameIp(destination, ipOf(config.multicastGroup));
}
