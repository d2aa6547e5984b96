/**
 * What every thread may know of the servers and backends: states, weights, limits, current load. Read-only;
 * changes go through ServerWriter (server-writer.ts), which only health/ and admin/ hold.
 *
 * A server is its row number, which stands for (backend, server), never for its address. The servers of a
 * backend form a list in the order of the configuration. `generation(backend)` changes whenever a state, weight
 * or the list did: who keeps something computed from them compares it and computes again.
 */
import { monotonicMs } from '../base/clock.ts';
import { CheckReports } from './check-reports.ts';
import { BACKEND_ROW, SERVER_ROW, type StateLayout } from './layout.ts';
import { ServerAddresses } from './server-addresses.ts';
import {
  SRV_STOPPED,
  SRV_STARTING,
  SRV_RUNNING,
  ADMIN_MAINT,
  ADMIN_DRAIN,
  SERVER_WORD,
  BACKEND_WORD,
  SERVER_BACKUP,
  SERVER_IN_USE,
  BACKEND_ALLBACKUPS,
  PROXY_DOWN,
} from './server-words.ts';

const S = SERVER_WORD;
const B = BACKEND_WORD;

export class ServerTable {
  /** Rows in the table, configured and spare. */
  readonly capacity: number;
  /** What the servers' checks and agents said. */
  readonly checks: CheckReports;
  /** Where the servers are now. */
  readonly addresses: ServerAddresses;
  protected readonly words: Int32Array;
  protected readonly layout: StateLayout;
  readonly #servers: number;
  readonly #backends: number;

  constructor(words: Int32Array, layout: StateLayout) {
    this.words = words;
    this.layout = layout;
    this.#servers = layout.servers;
    this.#backends = layout.backends;
    this.capacity = layout.serverCount;
    this.checks = new CheckReports(words, layout);
    this.addresses = new ServerAddresses(words, layout);
  }

  // servers

  state(server: number): number {
    return this.word(server, S.state);
  }

  admin(server: number): number {
    return this.word(server, S.admin);
  }

  /** Takes new requests: up, not drained, not in maintenance, weight above 0. */
  usable(server: number): boolean {
    const at = this.#servers + server * SERVER_ROW;
    const { words } = this;
    const state = words[at + S.state] as number;
    return (
      (state === SRV_RUNNING || state === SRV_STARTING) &&
      words[at + S.eweight] !== 0 &&
      ((words[at + S.admin] as number) & (ADMIN_MAINT | ADMIN_DRAIN)) === 0
    );
  }

  /**
   * Takes requests that persistence or `use-server` sends to it: neither stopped nor in maintenance. Without
   * weight, drained or stopping it still does (manual, `weight`, `set server ... state drain`).
   */
  takesPersistent(server: number): boolean {
    return this.state(server) !== SRV_STOPPED && (this.admin(server) & ADMIN_MAINT) === 0;
  }

  /** The weight the balancers use, on their own scale. */
  effectiveWeight(server: number): number {
    return this.word(server, S.eweight);
  }

  /** The weight as `show stat` says it: the effective one on the scale of the configuration. */
  shownWeight(server: number): number {
    return this.shownScale(this.backendOf(server), this.effectiveWeight(server));
  }

  /** A weight on the balancers' scale, on that of the configuration. */
  shownScale(backend: number, weight: number): number {
    const divisor = this.backendWord(backend, B.weightDivisor);
    const multiplied = weight * this.backendWord(backend, B.weightMultiplier);
    return Math.floor((multiplied + divisor - 1) / divisor);
  }

  userWeight(server: number): number {
    return this.word(server, S.uweight);
  }

  initialWeight(server: number): number {
    return this.word(server, S.iweight);
  }

  maxconn(server: number): number {
    return this.word(server, S.maxconn);
  }

  minconn(server: number): number {
    return this.word(server, S.minconn);
  }

  maxqueue(server: number): number {
    return this.word(server, S.maxqueue);
  }

  isBackup(server: number): boolean {
    return (this.word(server, S.flags) & SERVER_BACKUP) !== 0;
  }

  inUse(server: number): boolean {
    return (this.word(server, S.flags) & SERVER_IN_USE) !== 0;
  }

  backendOf(server: number): number {
    return this.word(server, S.backend);
  }

  /** `id` of the server in its backend. */
  id(server: number): number {
    return this.word(server, S.id);
  }

  /** Base of its places on the ring of consistent hashing (`hash-key`), unsigned. */
  seed(server: number): number {
    return this.word(server, S.seed) >>> 0;
  }

  /** Seconds of the monotonic clock at the last change of state. */
  lastChangeSeconds(server: number): number {
    return this.word(server, S.lastChange);
  }

  /** Seconds it was down, before now and now. */
  downSeconds(server: number): number {
    const before = this.word(server, S.downTime);
    return this.state(server) === SRV_STOPPED
      ? before + Math.max(0, nowSeconds() - this.lastChangeSeconds(server))
      : before;
  }

  /** Errors in a row that traffic met, as `observe` counts them. */
  consecutiveErrors(server: number): number {
    return this.word(server, S.consecutiveErrors);
  }

  /** `observe` saw that it works. Any thread; costs a write only after an error. */
  observedSuccess(server: number): void {
    const at = this.#servers + server * SERVER_ROW + S.consecutiveErrors;
    if (this.words[at] !== 0) Atomics.store(this.words, at, 0);
  }

  /** `observe` saw an error; gives how many there were in a row. Any thread. */
  observedError(server: number): number {
    const at = this.#servers + server * SERVER_ROW + S.consecutiveErrors;
    return Atomics.add(this.words, at, 1) + 1;
  }

  slowstartSeconds(server: number): number {
    return this.word(server, S.slowstart);
  }

  /** Requests (tcp: connections) it serves now, over all threads. */
  served(server: number): number {
    return this.word(server, S.served);
  }

  /** Requests waiting for this very server, over all threads. */
  queued(server: number): number {
    return this.word(server, S.queued);
  }

  /**
   * How many requests it may serve now: `maxconn`, lowered towards `minconn` while the backend has fewer
   * sessions than `fullconn`, and growing during slow start (manual, section 5.2). 0: any number.
   */
  dynamicMaxconn(server: number): number {
    const at = this.#servers + server * SERVER_ROW;
    const { words } = this;
    const maxconn = words[at + S.maxconn] as number;
    if (words[at + S.minconn] === maxconn && words[at + S.state] !== SRV_STARTING) return maxconn;
    return this.#variableMaxconn(at, maxconn);
  }

  #variableMaxconn(at: number, maxconn: number): number {
    const { words } = this;
    const backend = words[at + S.backend] as number;
    const minconn = words[at + S.minconn] as number;
    const sessions = words[this.backendWord(backend, B.connectionGate)] as number;
    const fullconn = this.backendWord(backend, B.fullconn);
    let most = maxconn;
    if (minconn !== maxconn && sessions < fullconn)
      most = Math.max(minconn, Math.floor((sessions * maxconn) / fullconn));
    const slowstart = words[at + S.slowstart] as number;
    if (words[at + S.state] !== SRV_STARTING || slowstart === 0 || most === 0) return most;
    const elapsed = nowSeconds() - (words[at + S.lastChange] as number);
    if (elapsed < 0 || elapsed >= slowstart) return most;
    return Math.max(1, Math.floor((most * Math.floor((100 * elapsed) / slowstart)) / 100));
  }

  /** A new request would be served at once: nobody waits for it and it is below its limit. */
  hasRoom(server: number): boolean {
    const at = this.#servers + server * SERVER_ROW;
    const { words } = this;
    if (words[at + S.maxconn] === 0) return true;
    return words[at + S.queued] === 0 && (words[at + S.served] as number) < this.dynamicMaxconn(server);
  }

  // backends (by proxy number)

  generation(backend: number): number {
    return this.backendWord(backend, B.generation);
  }

  /** The servers of a backend, in the order of the configuration. */
  serversOf(backend: number): number[] {
    const servers: number[] = [];
    for (let server = this.backendWord(backend, B.first); server >= 0; server = this.word(server, S.next))
      servers.push(server);
    return servers;
  }

  /** PROXY_PAUSED | PROXY_STOPPED | PROXY_UNPUBLISHED | PROXY_DOWN */
  proxyFlags(proxy: number): number {
    return this.backendWord(proxy, B.proxyFlags);
  }

  /** Seconds of the monotonic clock when the backend last went up or down. */
  backendLastChangeSeconds(backend: number): number {
    return this.backendWord(backend, B.lastChange);
  }

  /** Seconds the backend had no server to give requests to. */
  backendDownSeconds(backend: number): number {
    const before = this.backendWord(backend, B.downTime);
    if ((this.proxyFlags(backend) & PROXY_DOWN) === 0) return before;
    return before + Math.max(0, nowSeconds() - this.backendLastChangeSeconds(backend));
  }

  usesAllBackups(backend: number): boolean {
    return (this.backendWord(backend, B.flags) & BACKEND_ALLBACKUPS) !== 0;
  }

  fullconn(backend: number): number {
    return this.backendWord(backend, B.fullconn);
  }

  /** Requests waiting for any server of the backend, over all threads. */
  backendQueued(backend: number): number {
    return this.backendWord(backend, B.queued);
  }

  /** Requests its servers serve now; kept for `hash-balance-factor` only. */
  backendServed(backend: number): number {
    return this.backendWord(backend, B.served);
  }

  /** Sessions assigned to the backend now (the connection gate of backends). */
  backendSessions(backend: number): number {
    return this.words[this.backendWord(backend, B.connectionGate)] as number;
  }

  /** The next number of a sequence all threads draw from: whose turn it is. Unsigned. */
  nextTicket(backend: number): number {
    return Atomics.add(this.words, this.#backends + backend * BACKEND_ROW + B.ticket, 1) >>> 0;
  }

  /** 0: usable from the start on; of two others the one that has become so earlier is lower. */
  upOrder(server: number): number {
    return this.word(server, S.upOrder);
  }

  /** The server `balance sticky` stays on, or -1. */
  stickyServer(backend: number): number {
    return this.backendWord(backend, B.sticky) - 1;
  }

  /** Elects another sticky server, unless another thread did already; returns the elected one. */
  replaceSticky(backend: number, from: number, to: number): number {
    const at = this.#backends + backend * BACKEND_ROW + B.sticky;
    const seen = Atomics.compareExchange(this.words, at, from + 1, to + 1) - 1;
    return seen === from ? to : seen;
  }

  // Idle connections: each thread notes its own, readers add up.

  idle(server: number): number {
    return this.layout.idle.reduce((sum, start) => sum + (this.words[start + server] as number), 0);
  }

  /** Of them, those that have carried several requests. */
  idleSafe(server: number): number {
    return this.layout.idleSafe.reduce((sum, start) => sum + (this.words[start + server] as number), 0);
  }

  idleOf(thread: number, server: number): number {
    return this.words[(this.layout.idle[thread] as number) + server] as number;
  }

  /** For the owner of the pools of `thread` only. */
  setIdle(thread: number, server: number, count: number, safe = 0): void {
    this.words[(this.layout.idle[thread] as number) + server] = count;
    this.words[(this.layout.idleSafe[thread] as number) + server] = safe;
  }

  protected word(server: number, word: number): number {
    return this.words[this.#servers + server * SERVER_ROW + word] as number;
  }

  protected backendWord(backend: number, word: number): number {
    return this.words[this.#backends + backend * BACKEND_ROW + word] as number;
  }
}

/** Whole seconds of the monotonic clock: the unit of ages in the table. */
export function nowSeconds(): number {
  return Math.floor(monotonicMs() / 1000);
}
