/**
 * A listening address of one data thread, and its gate: a connection enters the process, the frontend and the
 * listener, or waits. When a limit is reached the listener stops accepting, so that clients wait in the kernel's
 * backlog; the few that had been accepted in that moment are held here unread and served first, beyond the limit when
 * the process is about to end: nobody shall wait for its last connection while another generation has room. Rates
 * (`maxconnrate`, `maxsessrate`, `rate-limit sessions`) are limits that have room again after a while.
 */
import type { ListenerFacts } from '../../acl/context.ts';
import type { Bind } from '../../model/bind.ts';
import type { Global } from '../../model/global.ts';
import type { Connection, ConnectionHandler, Endpoint, Listener } from '../../net/connection.ts';
import type { TlsListener } from '../../net/tls/tls-listener.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { DialingListener } from '../reverse/dialing-listener.ts';
import type { DataThread, FrontendRuntime, ListenerRuntime } from './runtime.ts';

interface ListenerEvents {
  readonly serve: (listener: ListenerRuntime, connection: Connection) => void;
  /** A place came free that somebody, on any thread, was refused before. */
  readonly roomAgain: () => void;
  readonly tls?: TlsListener | undefined;
}

/** RFC 6335, section 6: system ports, which no client needs to connect from. */
function isPrivileged({ family, port }: Endpoint): boolean {
  return family !== 0 && port > 0 && port < 1024;
}

/** `harden.reject-privileged-ports.tcp { on | off }` */
export function rejectsPrivilegedPorts({ otherLines }: Global): boolean {
  const line = otherLines.findLast(([word]) => word?.text === 'harden.reject-privileged-ports.tcp');
  return line?.[1]?.text === 'on';
}

export class ListenerService implements ListenerRuntime, ConnectionHandler {
  readonly config: Bind;
  readonly row: number;
  readonly frontend: FrontendRuntime;
  readonly tls: TlsListener | undefined;
  readonly #state: SharedState;
  readonly #thread: DataThread;
  readonly #events: ListenerEvents;
  readonly #gates: readonly number[];
  readonly #rates: readonly number[];
  readonly #nextPlace = new Timer(() => this.retry());
  /** More than one when a thread took over the sockets of another. */
  #listeners: Listener[] = [];
  #paused = false;
  #isLimited = true;
  /** Until a rate has room, as last asked; 0: none is exceeded. */
  #rateDelayMs = 0;
  #held: Connection[] = [];
  /** Of an address `rhttp@`: makes what others accept. */
  readonly #dialing: DialingListener | undefined;

  constructor(
    config: Bind,
    row: number,
    frontend: FrontendRuntime,
    thread: DataThread,
    events: ListenerEvents,
  ) {
    this.config = config;
    this.row = row;
    this.frontend = frontend;
    this.tls = events.tls;
    this.#state = thread.state;
    this.#thread = thread;
    this.#events = events;
    if (config.address.kind === 'reverse')
      this.#dialing = new DialingListener(thread, this, connection => this.#accepted(connection));
    const { limits, rates } = thread.state;
    const isTls = config.ssl !== undefined;
    this.#gates = [
      limits.process,
      limits.frontend(frontend.row),
      limits.listener(row),
      ...(isTls ? [limits.tls] : []),
    ];
    this.#rates = [
      rates.processConnections,
      rates.processSessions,
      rates.frontendSessions(frontend.row),
      ...(isTls ? [rates.processSsl] : []),
    ];
  }

  get facts(): ListenerFacts {
    const { limits } = this.#state;
    return {
      id: this.config.id,
      name: this.config.name,
      connections: limits.current(limits.listener(this.row)),
    };
  }

  /** Starts accepting on a descriptor of this thread's own. */
  open(fd: number, onError: (code: string) => void): void {
    const { engine } = this.#thread;
    const listener = engine.listen(fd, connection => this.#accepted(connection), onError);
    if (this.#paused) listener.pause();
    this.#listeners.push(listener);
  }

  /** Keeps up so many connections more. */
  dial(connections: number): void {
    this.#dialing?.more(connections);
  }

  /** No connection of it is left in this thread. */
  get unused(): boolean {
    const { limits } = this.#state;
    return this.#held.length === 0 && limits.held(limits.listener(this.row)) === 0;
  }

  /** Takes nothing new. Who is held already is still served. `refuse`: who comes is refused by the kernel, as far as it can. */
  close(refuse = false): void {
    const refuses = refuse && this.config.address.kind === 'ip';
    for (const listener of this.#listeners.splice(0)) listener.close(refuses);
    this.#dialing?.close();
    this.#paused = false;
    if (this.#held.length === 0) this.#thread.wheel.remove(this.#nextPlace);
    else this.#pause();
  }

  /** Takes nothing new, for good. Who is let in already is served. */
  drain(): void {
    this.#isLimited = false;
    this.close();
    if (this.#held.length > 0) this.retry();
  }

  /** Another try for what is held, then accepts again. */
  retry(): void {
    while (this.#held.length > 0 && this.#enter()) this.#serve(this.#held.shift() as Connection);
    if (this.#held.length === 0 && this.#paused && this.#hasRoom()) this.#resume();
    else this.#awaitRate();
  }

  /** `tcp-request connection` rules let the connection pass: it is a session now. */
  admitted(): void {
    const { counters, rates } = this.#state;
    const now = this.#thread.wheel.now;
    counters.event(counters.process, FIELD.rate, now);
    for (const rate of this.#rates)
      if (rate !== rates.processConnections && rate !== rates.processSsl) rates.count(rate, now);
  }

  closed(): void {
    const { limits } = this.#state;
    let wanted = false;
    this.#dialing?.ended();
    for (const gate of this.#gates) wanted = limits.leave(gate) || wanted;
    if (wanted) this.#events.roomAgain();
    else if (this.#paused) this.retry();
  }

  leaves(): void {
    this.#dialing?.leaves();
  }

  #accepted(connection: Connection): void {
    connection.handler = this;
    const isForeign = this.#thread.rejectsPrivilegedPorts && this.#dialing === undefined;
    if (isForeign && isPrivileged(connection.remote)) return connection.close();
    if (this.#held.length > 0 || !this.#enter()) {
      this.#held.push(connection);
      return this.#pause();
    }
    this.#serve(connection);
    if (!this.#hasRoom()) this.#pause();
  }

  #pause(): void {
    this.#paused = true;
    for (const listener of this.#listeners) listener.pause();
    this.#dialing?.pause();
    this.#awaitRate();
  }

  #resume(): void {
    this.#paused = false;
    for (const listener of this.#listeners) listener.resume();
    this.#dialing?.resume();
  }

  /** Nobody tells when a rate has room again. */
  #awaitRate(): void {
    if (this.#paused) this.#thread.wheel.set(this.#nextPlace, this.#rateDelayMs);
  }

  /** What it says here is waited for: asked once more a moment later, the rate may have room, and nobody would wait. */
  #isRateExceeded(): boolean {
    const now = this.#thread.wheel.now;
    this.#rateDelayMs = 0;
    for (const rate of this.#rates)
      this.#rateDelayMs = Math.max(this.#rateDelayMs, this.#state.rates.delayMs(rate, now));
    return this.#rateDelayMs > 0;
  }

  #serve(connection: Connection): void {
    this.#count();
    this.#events.serve(this, connection);
  }

  #enter(): boolean {
    const { limits, rates } = this.#state;
    if (this.#isRateExceeded()) return false;
    for (const [index, gate] of this.#gates.entries()) {
      if (limits.tryEnter(gate)) continue;
      if (!this.#isLimited) {
        limits.enter(gate);
        continue;
      }
      for (const entered of this.#gates.slice(0, index)) limits.leave(entered);
      if (gate === limits.process) this.#countFull();
      return false;
    }
    rates.count(rates.processConnections, this.#thread.wheel.now);
    if (this.config.ssl !== undefined) rates.count(rates.processSsl, this.#thread.wheel.now);
    return true;
  }

  /** `MaxconnReached` */
  #countFull(): void {
    const { counters } = this.#state;
    counters.add(counters.process, FIELD.maxconn_reached, 1);
  }

  #hasRoom(): boolean {
    if (this.#isRateExceeded()) return false;
    return this.#gates.every(gate => !this.#state.limits.full(gate));
  }

  #count(): void {
    const { counters, limits } = this.#state;
    const now = this.#thread.wheel.now;
    const frontend = counters.frontend(this.frontend.row);
    const listener = counters.listener(this.row);
    counters.add(counters.process, FIELD.conn_tot, 1);
    counters.add(frontend, FIELD.conn_tot, 1);
    counters.add(listener, FIELD.conn_tot, 1);
    counters.event(counters.process, FIELD.conn_rate, now);
    counters.event(frontend, FIELD.conn_rate, now);
    if (this.config.ssl !== undefined) this.#countTls(now);
    counters.raise(counters.process, FIELD.smax, limits.current(limits.process));
    counters.raise(frontend, FIELD.smax, limits.current(limits.frontend(this.frontend.row)));
    counters.raise(listener, FIELD.smax, limits.current(limits.listener(this.row)));
  }

  #countTls(now: number): void {
    const { counters } = this.#state;
    counters.add(counters.process, FIELD.ssl_conn_tot, 1);
    counters.event(counters.process, FIELD.ssl_rate, now);
  }

  // a held connection is not read: it can only die
  onFailed(connection: Connection): void {
    this.#held = this.#held.filter(held => held !== connection);
    connection.close();
    this.#dialing?.ended();
  }
  onReceived(): void {}
  onEnd(): void {}
  onSent(): void {}
  onConnected(): void {}
}
