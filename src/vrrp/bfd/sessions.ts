/**
 * The BFD sessions of a configuration, kept over reloads that do not change them. They run whether anybody tracks them
 * or not: the neighbour may. Called by vrrp-router.ts; `track_bfd` asks `isUp`.
 */
import { sameIp } from '../../base/ip-address.ts';
import type { BfdInstance } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';
import { ipOf } from '../ip-bytes.ts';
import { errorText } from '../kernel-calls.ts';
import type { Log, RareLog } from '../log.ts';
import {
  openBfdReceiver,
  openBfdSender,
  type BfdReach,
  type BfdSender,
  type BfdSocket,
} from './bfd-sockets.ts';
import { parseControl } from './control-packet.ts';
import { BfdSession } from './session.ts';

interface BfdPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rareLog: RareLog;
  readonly onChange: (name: string, isUp: boolean) => void;
}

interface Running {
  /** JSON of its configuration. */
  readonly definition: string;
  readonly session: BfdSession;
  readonly sender: BfdSender;
}

interface Receiver {
  readonly leastTtl: number;
  readonly socket: BfdSocket;
}

export class BfdSessions {
  readonly #ports: BfdPorts;
  readonly #running = new Map<string, Running>();
  readonly #receivers = new Map<BfdReach, Receiver>();

  constructor(ports: BfdPorts) {
    this.#ports = ports;
  }

  isUp(name: string): boolean {
    return this.#running.get(name)?.session.isUp === true;
  }

  arrange(instances: readonly BfdInstance[]): void {
    const wanted = new Map(instances.map(one => [one.name, one]));
    for (const [name, { definition }] of this.#running)
      if (definition !== definitionOf(wanted.get(name))) this.#stop(name);
    for (const reach of REACHES) this.#arrangeReceiver(reach, instances);
    for (const one of instances) if (!this.#running.has(one.name)) this.#start(one);
  }

  stop(): void {
    for (const name of this.#running.keys()) this.#stop(name);
    for (const { socket } of this.#receivers.values()) socket.close();
    this.#receivers.clear();
  }

  #start(config: BfdInstance): void {
    const { clock, log, rareLog, onChange } = this.#ports;
    const { name, sourceIp, neighborIp, ttl } = config;
    const sender = openBfdSender(config, sourceIp, neighborIp, ttl);
    const session = new BfdSession(config, this.#newDiscriminator(), {
      clock,
      random: Math.random,
      log: message => log('notice', message),
      onChange: isUp => onChange(name, isUp),
      send: packet => {
        const result = sender.send(packet);
        if (result < 0)
          rareLog.say(
            'warning',
            `bfd ${name}`,
            () => `BFD_Instance(${name}) to ${neighborIp}: ${errorText(result)}`,
          );
      },
    });
    this.#running.set(name, { definition: definitionOf(config), session, sender });
    session.start();
  }

  #stop(name: string): void {
    const running = this.#running.get(name);
    running?.session.stop();
    running?.sender.close();
    this.#running.delete(name);
  }

  #newDiscriminator(): number {
    for (;;) {
      const number = 1 + Math.floor(Math.random() * 0xffff_fffe);
      if (![...this.#running.values()].some(({ session }) => session.discriminator === number)) return number;
    }
  }

  #arrangeReceiver(reach: BfdReach, instances: readonly BfdInstance[]): void {
    const mine = instances.filter(one => isWithin(reach, one));
    const leastTtl = Math.min(
      ...mine.map(one => (one.maxHops === ANY ? 0 : Math.max(0, one.ttl - one.maxHops))),
    );
    const old = this.#receivers.get(reach);
    if (old?.leastTtl === leastTtl) return;
    old?.socket.close();
    this.#receivers.delete(reach);
    if (mine.length === 0) return;
    try {
      const socket = openBfdReceiver(reach, leastTtl, (packet, source) => this.#hear(reach, packet, source));
      this.#receivers.set(reach, { leastTtl, socket });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log('error', `cannot hear BFD neighbours (IPv${reach.family}): ${reason}`);
    }
  }

  /** RFC 5880 6.8.6: by our discriminator, else by the neighbour's address. */
  #hear(reach: BfdReach, bytes: Buffer, source: string): void {
    const packet = parseControl(bytes);
    if (packet === undefined) return;
    const { yourDiscriminator } = packet;
    const from = ipOf(source);
    const meant = [...this.#running.values()].find(
      ({ session }) =>
        isWithin(reach, session.config) &&
        sameIp(ipOf(session.config.neighborIp), from) &&
        (yourDiscriminator === 0 || yourDiscriminator === session.discriminator),
    );
    meant?.session.hear(packet);
  }
}

/** `max_hops 255`: from wherever. */
const ANY = 255;

const REACHES: readonly BfdReach[] = ([4, 6] as const).flatMap(family =>
  [false, true].map(multihop => ({ family, multihop })),
);

function isWithin({ family, multihop }: BfdReach, one: BfdReach): boolean {
  return family === one.family && multihop === one.multihop;
}

/** What a neighbour notices of it. */
function definitionOf(config: BfdInstance | undefined): string {
  if (config === undefined) return '';
  const { neighborIp, sourceIp, minRxUs, minTxUs, idleTxUs, multiplier, passive, ttl, multihop } = config;
  return JSON.stringify([
    neighborIp,
    sourceIp,
    minRxUs,
    minTxUs,
    idleTxUs,
    multiplier,
    passive,
    ttl,
    multihop,
  ]);
}
