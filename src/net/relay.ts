/**
 * Passes bytes between a client's and a server's connection, both ways, until both have ended: for mode tcp,
 * CONNECT and upgrades. The slice that one side received is what the other side sends, and the side is armed
 * again when that send has completed: back-pressure needs no bookkeeping.
 *
 *   client ──receive──▶ slice ──send──▶ server          FIN   is passed on as FIN, the other direction goes on
 *   client ◀──send───── slice ◀──receive── server        RST   is passed on as RST, and ends both
 *
 * A client that is silent for too long is taken to have ended, as by HAProxy: what the server still says reaches it.
 *
 * Each side has one inactivity timer (manual: timeout client, server, tunnel, client-fin, server-fin). It is the
 * only code here that a slow peer meets: nothing else waits. When onFinished is called, both are closed.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection } from './connection.ts';
import { RelaySide, type RelayFilter, type RelayGate, type Slice, type ThrottlesOf } from './relay-side.ts';
import { TICK_MS, type Timer, type TimerWheel } from './timer-wheel.ts';

/** Milliseconds; 0: none. */
export interface RelayTimeouts {
  readonly client: number;
  readonly server: number;
  /** Takes the place of both when set. */
  readonly tunnel: number;
  /** For a side whose one direction is shut. */
  readonly clientFin: number;
  readonly serverFin: number;
}

export interface RelayOptions {
  /** Bytes already received, sent on first. They stay untouched until they are sent. */
  readonly fromClient?: Slice | undefined;
  readonly fromServer?: Slice | undefined;
  /** option independent-streams: what is sent to a side does not count as its activity. */
  readonly independentStreams?: { readonly client: boolean; readonly server: boolean };
  readonly gate?: RelayGate | undefined;
  /** What changes the bytes of a side. */
  readonly ofClient?: RelayFilter | undefined;
  readonly ofServer?: RelayFilter | undefined;
  /** Limits of what is sent to a side: asked for when the first bytes are to be sent. */
  readonly toClient?: ThrottlesOf;
  readonly toServer?: ThrottlesOf;
}

export interface RelayResult {
  /** Passed on by the relay, what was handed in as received included. */
  readonly bytesFromClient: number;
  readonly bytesFromServer: number;
  /** Who ended it before both had sent FIN, and how. */
  readonly failure?: { readonly side: 'client' | 'server'; readonly cause: Cause };
}

export class Relay {
  readonly #wheel: TimerWheel;
  readonly #client: RelaySide;
  readonly #server: RelaySide;
  readonly #onFinished: (result: RelayResult) => void;
  #over = false;
  /** The client was silent for too long. */
  #failure: RelayResult['failure'];

  constructor(
    wheel: TimerWheel,
    client: Connection,
    server: Connection,
    timeouts: RelayTimeouts,
    onFinished: (result: RelayResult) => void,
    options: RelayOptions = {},
  ) {
    this.#wheel = wheel;
    this.#onFinished = onFinished;
    const { client: clientMs, server: serverMs, tunnel, clientFin, serverFin } = timeouts;
    const { independentStreams } = options;
    const finOnEnd = tunnel > 0;
    this.#client = new RelaySide(this, 'client', wheel, client, {
      timeoutMs: tunnel || clientMs,
      finMs: clientFin,
      finOnEnd,
      sendingCounts: independentStreams?.client !== true,
    });
    this.#server = new RelaySide(this, 'server', wheel, server, {
      timeoutMs: tunnel || serverMs,
      finMs: serverFin,
      finOnEnd,
      sendingCounts: independentStreams?.server !== true,
    });
    this.#client.join(this.#server, options.fromServer);
    this.#server.join(this.#client, options.fromClient);
    this.#server.gate = options.gate;
    this.#client.filter = options.ofClient;
    this.#server.filter = options.ofServer;
    this.#client.throttlesOf = options.toClient;
    this.#server.throttlesOf = options.toServer;
  }

  /** Takes both connections' handlers; neither may have a send pending. */
  get timers(): { readonly client: Timer; readonly server: Timer } {
    return { client: this.#client.timer, server: this.#server.timer };
  }

  start(): void {
    this.#client.touch();
    this.#server.touch();
    this.#client.start();
    if (!this.#over) this.#server.start();
  }

  /** The gate has changed its mind: asks it again. */
  lookAgain(): void {
    if (!this.#over) this.#server.lookAtHeld(false);
  }

  /** The filter of a side lets go on what it has held back. */
  letPass(side: 'client' | 'server', bytes: Buffer): void {
    if (!this.#over) (side === 'client' ? this.#client : this.#server).letPass(bytes);
  }

  get bytesFromClient(): number {
    return this.#server.passed;
  }

  get bytesFromServer(): number {
    return this.#client.passed;
  }

  /** Ends it from outside (shutdown session): both are closed, onFinished is not called. */
  stop(): void {
    this.#over = true;
    this.#wheel.remove(this.#client.timer);
    this.#wheel.remove(this.#server.timer);
    for (const throttle of [...this.#client.throttles, ...this.#server.throttles]) throttle.stop();
    this.#client.connection.close();
    this.#server.connection.close();
  }

  /** Both have sent FIN, and everything before it has been passed on. */
  sideEnded(): void {
    const [client, server] = [this.#client, this.#server];
    const sending = client.busy || server.busy;
    if (client.ended && server.ended && !sending) this.#finish(undefined);
  }

  sideFailed(side: RelaySide, cause: Cause): void {
    if (this.#over) return;
    side.other.connection.reset();
    this.#finish({ side: side.name, cause });
  }

  /** Where both were silent, the client is named, as HAProxy looks at it first. */
  sideTimedOut(side: RelaySide): void {
    if (this.#over) return;
    const client = this.#client;
    if (side === client && !client.busy && !client.ended && !this.#server.ended) return this.clientSilent();
    const both = side !== client && client.awaited && client.timer.deadline !== 0;
    const late = both && client.timer.deadline <= this.#wheel.now + TICK_MS ? client : side;
    if (late.isStuck) late.connection.reset();
    this.#finish({ side: late.name, cause: 'timeout' });
  }

  /** It has said nothing for as long as it may. */
  clientSilent(): void {
    if (this.#over || this.#client.ended) return;
    this.#failure = { side: 'client', cause: 'timeout' };
    this.#client.giveUp();
  }

  #finish(last: RelayResult['failure']): void {
    if (this.#over) return;
    this.stop();
    const failure = this.#failure ?? last;
    const { bytesFromClient, bytesFromServer } = this;
    this.#onFinished({ bytesFromClient, bytesFromServer, ...(failure && { failure }) });
  }
}
