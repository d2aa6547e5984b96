/**
 * One `bfd_instance`: a session with a neighbour that tells within milliseconds whether it is there (RFC 5880 6,
 * asynchronous mode without echo). Says that it is up or down; who follows it is not its business. Called by sessions.ts.
 */
import type { BfdInstance } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';
import {
  AdminDown,
  ADMINISTRATIVELY_DOWN,
  DETECTION_TIME_EXPIRED,
  Down,
  encodeControl,
  Init,
  NEIGHBOR_SAYS_DOWN,
  Up,
  type BfdState,
  type ControlPacket,
} from './control-packet.ts';

interface SessionPorts {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly send: (packet: Buffer) => void;
  readonly log: (message: string) => void;
  /** It is up, or is not any more, or has not come up in the time a start may take. */
  readonly onChange: (isUp: boolean) => void;
}

type Remote = Pick<ControlPacket, 'discriminator' | 'state' | 'minRxUs' | 'minTxUs' | 'multiplier'>;

/** RFC 5880 6.8.1. */
const UNKNOWN: Remote = { discriminator: 0, state: Down, minRxUs: 1, minTxUs: 0, multiplier: 0 };
/** The loop reads sockets in between. */
const READING_MS = 1;
const NAMES: Readonly<Record<BfdState, string>> = { 0: 'AdminDown', 1: 'Down', 2: 'Init', 3: 'Up' };

export class BfdSession {
  readonly config: BfdInstance;
  readonly discriminator: number;
  readonly #ports: SessionPorts;
  #state: BfdState = Down;
  #diagnostic = 0;
  #remote = UNKNOWN;
  /** The neighbour has not confirmed our intervals yet. */
  #polling = false;
  /** Without a packet until then the neighbour is gone. */
  #expiresAt = Infinity;
  #cancelSending = (): void => {};
  #cancelExpiry = (): void => {};
  #cancelFirstVerdict = (): void => {};

  constructor(config: BfdInstance, discriminator: number, ports: SessionPorts) {
    this.config = config;
    this.discriminator = discriminator;
    this.#ports = ports;
  }

  get isUp(): boolean {
    return this.#state === Up;
  }

  start(): void {
    this.#scheduleSending();
    const { multiplier, idleTxUs } = this.config;
    this.#cancelFirstVerdict = this.#ports.clock.after((multiplier * idleTxUs) / 1000, () =>
      this.#ports.onChange(false),
    );
  }

  /** RFC 5880 6.8.6, from where the session is known. */
  hear(packet: ControlPacket): void {
    const before = this.#sendEveryUs();
    this.#remote = packet;
    if (packet.final) this.#polling = false;
    this.#rearmExpiry();
    const next = nextState(this.#state, packet.state);
    if (next !== this.#state) this.#enter(next, next === Down ? NEIGHBOR_SAYS_DOWN : 0);
    else if (this.#sendEveryUs() !== before) this.#scheduleSending();
    if (packet.poll) this.#send(true);
  }

  /** RFC 5880 6.8.16: the neighbour need not wait to hear of it. */
  stop(): void {
    this.#cancelSending();
    this.#cancelExpiry();
    this.#cancelFirstVerdict();
    if (this.#state === Down) return;
    this.#state = AdminDown;
    this.#diagnostic = ADMINISTRATIVELY_DOWN;
    this.#send(false);
  }

  #enter(state: BfdState, diagnostic: number): void {
    const wasUp = this.isUp;
    this.#ports.log(`BFD_Instance(${this.config.name}) Entering ${NAMES[state]} state`);
    this.#state = state;
    this.#diagnostic = diagnostic;
    this.#polling = state === Up;
    this.#send(false);
    this.#scheduleSending();
    if (wasUp === this.isUp) return;
    this.#cancelFirstVerdict();
    this.#ports.onChange(this.isUp);
  }

  /** A timer that fires late has let packets wait in the socket: they are read first. */
  #look(hasRead: boolean): void {
    const { clock } = this.#ports;
    const waitMs = this.#expiresAt - clock.now();
    if (waitMs > 0) this.#cancelExpiry = clock.after(waitMs, () => this.#look(false));
    else if (hasRead) this.#expired();
    else this.#cancelExpiry = clock.after(READING_MS, () => this.#look(true));
  }

  #expired(): void {
    const { log } = this.#ports;
    this.#expiresAt = Infinity;
    this.#remote = UNKNOWN;
    if (this.#state === Down) return;
    log(`BFD_Instance(${this.config.name}) Expired: nothing came from ${this.config.neighborIp} in time`);
    this.#enter(Down, DETECTION_TIME_EXPIRED);
  }

  /** RFC 5880 6.8.4. A running timer is left to run: it looks at the time itself. */
  #rearmExpiry(): void {
    const { multiplier, minTxUs } = this.#remote;
    const waitMs = (multiplier * Math.max(this.config.minRxUs, minTxUs)) / 1000;
    const { clock } = this.#ports;
    const before = this.#expiresAt;
    this.#expiresAt = clock.now() + waitMs;
    if (before <= this.#expiresAt) return;
    this.#cancelExpiry();
    this.#cancelExpiry = clock.after(waitMs, () => this.#look(false));
  }

  /** RFC 5880 6.8.3: slow until it is up. */
  #minTxUs(): number {
    return this.isUp ? this.config.minTxUs : this.config.idleTxUs;
  }

  #sendEveryUs(): number {
    return Math.max(this.#minTxUs(), this.#remote.minRxUs);
  }

  /** RFC 5880 6.8.7: up to a quarter early by chance, so that sessions do not march in step. */
  #scheduleSending(): void {
    this.#cancelSending();
    const { clock, random } = this.#ports;
    const most = this.config.multiplier === 1 ? 0.9 : 1;
    const share = 0.75 + random() * (most - 0.75);
    this.#cancelSending = clock.after((this.#sendEveryUs() / 1000) * share, () => {
      const { discriminator, minRxUs } = this.#remote;
      if ((discriminator !== 0 || !this.config.passive) && minRxUs > 0) this.#send(false);
      this.#scheduleSending();
    });
  }

  #send(final: boolean): void {
    const { multiplier, minRxUs } = this.config;
    this.#ports.send(
      encodeControl({
        diagnostic: this.#diagnostic,
        state: this.#state,
        poll: this.#polling && !final,
        final,
        multiplier,
        discriminator: this.discriminator,
        yourDiscriminator: this.#remote.discriminator,
        minTxUs: this.#minTxUs(),
        minRxUs,
      }),
    );
  }
}

/** RFC 5880 6.2. */
function nextState(own: BfdState, remote: BfdState): BfdState {
  if (remote === AdminDown) return own === AdminDown ? own : Down;
  if (own === Down) {
    if (remote === Down) return Init;
    return remote === Init ? Up : Down;
  }
  if (own === Init) return remote === Down ? Init : Up;
  return own === Up && remote === Down ? Down : own;
}
