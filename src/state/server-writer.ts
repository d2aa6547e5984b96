/**
 * Changes servers' states, weights and limits: for health/ and admin/ (and the control thread at start) only.
 * There is one writer, in the control thread. Each change bumps the backend's generation.
 */
import type { Proxy } from '../model/proxy.ts';
import type { AgentCheck, Server, ServerCheck } from '../model/server.ts';
import type { CheckKind, CheckUpdate } from './check-reports.ts';
import { FIELD } from './counter-fields.ts';
import type { Counters } from './counters.ts';
import { BACKEND_ROW, SERVER_ROW, type StateLayout } from './layout.ts';
import { hasDynamicWeights } from './plan.ts';
import { addressOf, sameAddress, type ServerAddress } from './server-addresses.ts';
import { countFailedServerHandshake, countServerHandshake } from './server-handshakes.ts';
import {
  ADMIN_CMAINT,
  ADMIN_DRAIN,
  ADMIN_FMAINT,
  ADMIN_MAINT,
  ADMIN_RMAINT,
  BACKEND_ALLBACKUPS,
  BACKEND_COUNTS_SERVED,
  BACKEND_DYNAMIC,
  BACKEND_WORD,
  PROXY_DOWN,
  SERVER_BACKUP,
  SERVER_IN_USE,
  SERVER_WORD,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  WEIGHT_SCALE,
} from './server-words.ts';
import { nowSeconds, ServerTable } from './server-table.ts';

const S = SERVER_WORD;
const B = BACKEND_WORD;
const NONE = -1;

interface BackendPlace {
  /** Said or computed. */
  readonly fullconn: number;
  /** Row of the first of its servers. */
  readonly firstServer: number;
  readonly seeds: readonly number[];
}

export class ServerWriter extends ServerTable {
  readonly #counters: Counters;
  /** Servers that became usable while running. */
  #comebacks = 0;

  constructor(words: Int32Array, layout: StateLayout, counters: Counters) {
    super(words, layout);
    this.#counters = counters;
  }

  /** Fills the row of a backend and those of its servers from the configuration. Once, before threads start. */
  configure(backend: number, proxy: Proxy, { fullconn, firstServer, seeds }: BackendPlace): void {
    const dynamic = hasDynamicWeights(proxy.balance, proxy.hashType);
    const flags =
      (proxy.options.flags.has('allbackups') ? BACKEND_ALLBACKUPS : 0) |
      (dynamic ? BACKEND_DYNAMIC : 0) |
      (proxy.hashBalanceFactor > 0 ? BACKEND_COUNTS_SERVED : 0);
    this.#setBackend(backend, B.flags, flags);
    this.#setBackend(backend, B.fullconn, Math.max(1, fullconn));
    this.#setBackend(backend, B.first, NONE);
    this.#setBackend(backend, B.weightDivisor, dynamic ? WEIGHT_SCALE : 1);
    this.#setBackend(backend, B.weightMultiplier, dynamic ? 1 : commonDivisor(proxy.servers));
    let last = NONE;
    proxy.servers.forEach((server, index) => {
      this.#fill(firstServer + index, backend, server, seeds[index] ?? 0);
      this.#linkAfter(last, backend, firstServer + index);
      last = firstServer + index;
    });
    this.#bump(backend);
    this.#setBackend(backend, B.lastChange, nowSeconds());
    const down = proxy.servers.length > 0 && !this.#anyUsable(backend);
    this.#setBackend(backend, B.proxyFlags, down ? PROXY_DOWN : 0);
  }

  /** Another backend takes that row: it has none of the turns, times and servers of the one before. */
  forget(backend: number): void {
    for (const word of [B.downTime, B.ticket, B.sticky, B.dequeued]) this.#setBackend(backend, word, 0);
  }

  /** Takes a spare row for a server added at run time; undefined: no row is left. It starts in maintenance. */
  addServer(backend: number, server: Server, seed: number): number | undefined {
    for (let row = this.capacity - 1; row >= 0; row--) {
      if (this.inUse(row)) continue;
      this.#fill(row, backend, server, seed);
      this.#set(row, S.admin, this.admin(row) | ADMIN_FMAINT);
      this.#set(row, S.state, SRV_STOPPED);
      this.#linkAfter(this.serversOf(backend).pop() ?? NONE, backend, row);
      this.#bump(backend);
      this.#followBackend(backend);
      return row;
    }
    return undefined;
  }

  /** Frees the row of a server that serves nothing and has no waiters (the caller made sure). */
  removeServer(server: number): void {
    const backend = this.backendOf(server);
    const next = this.word(server, S.next);
    const before = this.serversOf(backend).find(row => this.word(row, S.next) === server);
    if (before === undefined) this.#setBackend(backend, B.first, next);
    else this.#set(before, S.next, next);
    this.#set(server, S.flags, 0);
    this.checks.clear(server);
    this.#bump(backend);
    this.#followBackend(backend);
  }

  /** Returns false when it was in that state already. */
  setState(server: number, state: number): boolean {
    if (this.state(server) === state) return false;
    if (state === SRV_STOPPED) this.#counters.add(this.#counters.server(server), FIELD.chkdown, 1);
    this.#enter(server, state);
    return true;
  }

  /** It is down from the beginning, which is no failure of it (`init-state`). */
  beginStopped(server: number): void {
    if (this.state(server) !== SRV_STOPPED) this.#enter(server, SRV_STOPPED);
  }

  #enter(server: number, state: number): void {
    const wasUsable = this.usable(server);
    this.#touch(server);
    this.#set(server, S.state, state);
    this.recomputeWeight(server);
    this.#queueUp(server, wasUsable);
  }

  /** Sets and clears administrative flags; returns false when nothing changed. */
  setAdmin(server: number, set: number, clear: number): boolean {
    const flags = (this.admin(server) | set) & ~clear;
    if (flags === this.admin(server)) return false;
    const wasUsable = this.usable(server);
    if (((flags ^ this.admin(server)) & ADMIN_DRAIN) !== 0 && (flags & ADMIN_MAINT) === 0)
      this.#touch(server);
    this.#set(server, S.admin, flags);
    this.#queueUp(server, wasUsable);
    this.#bump(this.backendOf(server));
    this.#followBackend(this.backendOf(server));
    return true;
  }

  /** It changes now; how long it was down so far is kept. */
  #touch(server: number): void {
    this.#set(server, S.downTime, this.downSeconds(server));
    this.#set(server, S.lastChange, nowSeconds());
  }

  /** A server that comes back stands behind those that are there. */
  #queueUp(server: number, wasUsable: boolean): void {
    if (!wasUsable && this.usable(server)) this.#set(server, S.upOrder, ++this.#comebacks);
  }

  /** Restores the time of the last change (server state file). */
  setLastChange(server: number, seconds: number): void {
    this.#set(server, S.lastChange, seconds);
  }

  /** `set weight`: 0..256. */
  setWeight(server: number, weight: number): void {
    const wasUsable = this.usable(server);
    this.#set(server, S.uweight, weight);
    this.recomputeWeight(server);
    this.#queueUp(server, wasUsable);
  }

  /**
   * Computes the effective weight again. health/ calls it every second or so while a server is in slow start;
   * it ends the slow start when its time is over.
   */
  recomputeWeight(server: number): void {
    this.#computeWeight(server);
    this.#followBackend(this.backendOf(server));
  }

  #computeWeight(server: number): void {
    const backend = this.backendOf(server);
    const slowstart = this.slowstartSeconds(server);
    const elapsed = nowSeconds() - this.lastChangeSeconds(server);
    if (this.state(server) === SRV_STARTING && (elapsed < 0 || elapsed >= slowstart)) {
      this.#set(server, S.lastChange, nowSeconds());
      this.#set(server, S.state, SRV_RUNNING);
    }
    const scale = this.backendWord(backend, B.weightDivisor);
    const warming = this.state(server) === SRV_STARTING && this.hasDynamicWeights(backend);
    const share = warming ? Math.floor((scale * elapsed + slowstart) / slowstart) : scale;
    const multiplier = this.backendWord(backend, B.weightMultiplier);
    const weight = Math.floor((this.userWeight(server) * share + multiplier - 1) / multiplier);
    this.#set(server, S.eweight, weight);
    this.#bump(backend);
  }

  /** What a check or an agent found out: `show stat`, `show servers state` and all threads read it. */
  publishCheck(server: number, kind: CheckKind, update: CheckUpdate): void {
    this.checks.publish(server, kind, update);
  }

  /** A check failed while the server was up (`chkfail`). */
  countFailedCheck(server: number): void {
    this.#counters.add(this.#counters.server(server), FIELD.chkfail, 1);
  }

  /** Traffic itself was found failing (`observe`, `hanafail`). */
  countFailedAnalysis(server: number): void {
    this.#counters.add(this.#counters.server(server), FIELD.hanafail, 1);
  }

  /** A check speaks TLS with the server now. */
  countHandshake(server: number, isResumed: boolean, nowMs: number): void {
    countServerHandshake(this.#counters, { backend: this.backendOf(server), server }, isResumed, nowMs);
  }

  countFailedHandshake(server: number): void {
    countFailedServerHandshake(this.#counters, { backend: this.backendOf(server), server });
  }

  /** PROXY_PAUSED, PROXY_STOPPED, PROXY_UNPUBLISHED of a proxy. */
  setProxyFlags(proxy: number, set: number, clear: number): void {
    this.#setBackend(proxy, B.proxyFlags, (this.proxyFlags(proxy) | set) & ~clear);
  }

  /** Notes when the backend as a whole goes down or comes back. */
  #followBackend(backend: number): void {
    const flags = this.proxyFlags(backend);
    const wasDown = (flags & PROXY_DOWN) !== 0;
    const isDown = this.backendWord(backend, B.first) >= 0 && !this.#anyUsable(backend);
    if (wasDown === isDown) return;
    this.#setBackend(backend, B.downTime, this.backendDownSeconds(backend));
    this.#setBackend(backend, B.lastChange, nowSeconds());
    this.#setBackend(backend, B.proxyFlags, isDown ? flags | PROXY_DOWN : flags & ~PROXY_DOWN);
    if (isDown) this.#counters.add(this.#counters.backend(backend), FIELD.chkdown, 1);
  }

  #anyUsable(backend: number): boolean {
    for (let server = this.backendWord(backend, B.first); server >= 0; server = this.word(server, S.next))
      if (this.usable(server)) return true;
    return false;
  }

  /** False: weights other than 0 % and 100 % are refused ("static LB algorithm"). */
  hasDynamicWeights(backend: number): boolean {
    return (this.backendWord(backend, B.flags) & BACKEND_DYNAMIC) !== 0;
  }

  /** A static limit stays static: minconn follows when both were equal. */
  setMaxconn(server: number, maxconn: number): void {
    if (this.minconn(server) === this.maxconn(server)) this.#set(server, S.minconn, maxconn);
    this.#set(server, S.maxconn, maxconn);
  }

  /** All threads connect there from now on. False: it is there already. */
  setAddress(server: number, address: ServerAddress): boolean {
    if (sameAddress(this.addresses.read(server), address)) return false;
    this.addresses.write(server, address);
    return true;
  }

  /** The address changed and `hash-key` follows it. */
  setSeed(server: number, seed: number): void {
    this.#set(server, S.seed, seed | 0);
    this.#bump(this.backendOf(server));
  }

  /** Tells `srv_dynamic_maxconn` where the sessions of the backend are counted, and the heap where it lies. */
  place(backend: number, connectionGateWord: number, heapStart: number, heapCapacity: number): void {
    this.#setBackend(backend, B.connectionGate, connectionGateWord);
    this.#setBackend(backend, B.heapStart, heapStart);
    this.#setBackend(backend, B.heapCapacity, heapCapacity);
  }

  #fill(row: number, backend: number, server: Server, seed: number): void {
    const { maxconn, minconn } = effectiveLimits(server);
    this.#set(row, S.backend, backend);
    this.#set(row, S.id, server.id);
    this.#set(row, S.seed, seed | 0);
    this.#set(row, S.flags, SERVER_IN_USE | (server.backup ? SERVER_BACKUP : 0));
    this.#set(row, S.admin, initialAdmin(server));
    this.#set(row, S.maxconn, maxconn);
    this.#set(row, S.minconn, minconn);
    this.#set(row, S.maxqueue, server.maxqueue);
    this.#set(row, S.slowstart, Math.ceil(server.slowstartMs / 1000));
    this.#set(row, S.iweight, server.weight);
    this.#set(row, S.uweight, server.weight);
    this.#set(row, S.lastChange, nowSeconds());
    this.#set(row, S.downTime, 0);
    this.#set(row, S.consecutiveErrors, 0);
    // the heap that the server before stood in is another backend's
    this.#set(row, S.heapPosition, 0);
    this.#set(row, S.state, initialAdmin(server) === 0 ? SRV_RUNNING : SRV_STOPPED);
    this.addresses.write(row, addressOf(server));
    this.checks.clear(row);
    if (server.check !== undefined) this.publishCheck(row, 'check', initialCheck(server.check));
    if (server.agent !== undefined) this.publishCheck(row, 'agent', initialAgent(server.agent));
    this.#computeWeight(row);
  }

  #linkAfter(last: number, backend: number, server: number): void {
    this.#set(server, S.next, NONE);
    if (last === NONE) this.#setBackend(backend, B.first, server);
    else this.#set(last, S.next, server);
  }

  #set(server: number, word: number, value: number): void {
    Atomics.store(this.words, this.layout.servers + server * SERVER_ROW + word, value);
  }

  #setBackend(backend: number, word: number, value: number): void {
    Atomics.store(this.words, this.layout.backends + backend * BACKEND_ROW + word, value);
  }

  #bump(backend: number): void {
    Atomics.add(this.words, this.layout.backends + backend * BACKEND_ROW + B.generation, 1);
  }
}

function initialCheck({ enabled, rise, fall }: ServerCheck): CheckUpdate {
  return { enabled, status: 'INI', durationMs: -1, health: rise, rise, fall };
}

/** An agent has a single success and a single failure to go. */
function initialAgent({ enabled }: AgentCheck): CheckUpdate {
  return { enabled, status: 'INI', durationMs: -1, health: 1, rise: 1, fall: 1 };
}

/** minconn above maxconn, or alone, means a fixed limit of that size; maxconn alone is its own minimum. */
function effectiveLimits(server: Server): { maxconn: number; minconn: number } {
  if (server.minconn > server.maxconn) return { maxconn: server.minconn, minconn: server.minconn };
  return { maxconn: server.maxconn, minconn: server.minconn === 0 ? server.maxconn : server.minconn };
}

/** Static algorithms divide all weights by what they have in common, to keep their map small. */
function commonDivisor(servers: readonly Server[]): number {
  const divisor = servers.reduce((common, { weight }) => greatestCommonDivisor(common, weight), 0);
  return divisor === 0 ? 1 : divisor;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** `disabled`; without an address it waits for one in maintenance. */
function initialAdmin({ disabled, address }: Server): number {
  return (disabled ? ADMIN_FMAINT | ADMIN_CMAINT : 0) | (address.kind === 'name' ? ADMIN_RMAINT : 0);
}
