/**
 * The memory all threads share, opened by one thread: the control thread creates it, the data threads attach to
 * the buffer and plan they are sent.
 *
 *   control:  const state = SharedState.create(planState(config, nbthread)); state.configure(config, seeds)
 *             new Worker(..., { workerData: { buffer: state.buffer, plan: state.plan, thread: n, tables: ..., caches: ... } })
 *   data:     const state = SharedState.attach(buffer, plan, thread, tables, caches)
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { Counters } from './counters.ts';
import { fullconns } from './fullconn.ts';
import type { SharedCache } from './http-cache/http-cache.ts';
import { HttpCaches } from './http-cache/http-caches.ts';
import { computeLayout, GATE_ROW, type StateLayout } from './layout.ts';
import { LoadHeap } from './load-heap.ts';
import type { StatePlan } from './plan.ts';
import { ServerQueues } from './server-queues.ts';
import { ServerSlots } from './server-slots.ts';
import { ServerTable } from './server-table.ts';
import { ServerWriter } from './server-writer.ts';
import { SharedTotal } from './shared-total.ts';
import { SharedRates } from './shared-rate.ts';
import { StickTables, type SharedStickTable } from './stick-table/stick-tables.ts';
import { recoverThread } from './thread-recovery.ts';
import { UsableServers } from './usable-servers.ts';
import { mostZlibStreams } from './zlib-memory.ts';

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly plan: StatePlan;
  /** 0: the control thread; 1..threads: data threads. */
  readonly thread: number;
  readonly servers: ServerTable;
  readonly limits: ConnectionLimits;
  readonly rates: SharedRates;
  readonly counters: Counters;
  readonly loads: LoadHeap;
  readonly queues: ServerQueues;
  readonly tables: StickTables;
  readonly caches: HttpCaches;
  /** What variables of sessions take (acl/variable-memory.ts). */
  readonly variableBytes: SharedTotal;
  readonly #words: Int32Array;
  readonly #layout: StateLayout;
  readonly #usable: (UsableServers | undefined)[];

  private constructor(
    buffer: SharedArrayBuffer,
    plan: StatePlan,
    layout: StateLayout,
    thread: number,
    tables: StickTables,
    caches: HttpCaches,
  ) {
    const words = new Int32Array(buffer);
    this.buffer = buffer;
    this.plan = plan;
    this.thread = thread;
    this.tables = tables;
    this.caches = caches;
    this.#words = words;
    this.#layout = layout;
    const { variableBytes } = layout;
    this.variableBytes = new SharedTotal(
      words.subarray(variableBytes, variableBytes + plan.threads + 1),
      thread,
    );
    this.#usable = Array.from({ length: plan.proxies }, () => undefined);
    this.servers = new ServerTable(words, layout);
    this.limits = new ConnectionLimits(words, plan, layout, thread);
    this.rates = new SharedRates(words, layout);
    this.counters = new Counters(buffer, plan, layout, thread);
    this.loads = new LoadHeap(words, layout, this.servers, thread);
    const slots = new ServerSlots(words, layout, this.servers, this.loads, thread);
    this.queues = new ServerQueues(
      words,
      layout,
      this.servers,
      slots,
      this.loads,
      backend => this.usable(backend),
      thread,
      plan.epochMs,
    );
  }

  static create(plan: StatePlan): SharedState {
    const layout = computeLayout(plan);
    const tables = StickTables.create(plan.stickTables, plan.threads);
    const caches = HttpCaches.create(plan.caches, plan.threads);
    return new SharedState(new SharedArrayBuffer(layout.byteLength), plan, layout, 0, tables, caches);
  }

  static attach(
    buffer: SharedArrayBuffer,
    plan: StatePlan,
    thread: number,
    tables: readonly SharedStickTable[] = [],
    caches: readonly SharedCache[] = [],
  ): SharedState {
    return new SharedState(
      buffer,
      plan,
      computeLayout(plan),
      thread,
      StickTables.attach(tables, thread),
      HttpCaches.attach(caches, thread),
    );
  }

  /** The one writer of servers' states and weights: hand it to health/ and admin/ only. */
  writer(): ServerWriter {
    return new ServerWriter(this.#words, this.#layout, this.counters);
  }

  /** The servers of a backend that take requests, as this thread last computed them: call `refresh()` first. */
  usable(backend: number): UsableServers {
    return (this.#usable[backend] ??= new UsableServers(this.servers, backend));
  }

  /**
   * Fills the rows from the configuration: limits, rates, servers. `seedOf` gives a server's place on the ring
   * (balancers/server-seed.ts). Once, in the control thread, before others attach.
   */
  configure(
    config: Config,
    seedOf: (server: Server) => number,
    processMaxconn: number = config.global.maxconn,
  ): ServerWriter {
    const { plan, limits, rates } = this;
    const writer = this.writer();
    limits.setLimit(limits.process, config.global.maxconn);
    limits.setLimit(limits.tls, config.global.maxSslConn);
    limits.setLimit(limits.zlib, mostZlibStreams(config.global));
    rates.setLimit(rates.processConnections, config.global.maxconnRate);
    rates.setLimit(rates.processSessions, config.global.maxSessRate);
    rates.setLimit(rates.processSsl, config.global.maxSslRate);
    rates.setLimit(rates.processCompression, compressionRate(config));
    const fullconnOfAll = fullconns(config, processMaxconn);
    config.proxies.forEach((proxy, index) => {
      limits.setLimit(limits.frontend(index), proxy.maxconn);
      rates.setLimit(rates.frontendSessions(index), proxy.rateLimitSessions);
      const firstListener = plan.firstListener[index] as number;
      proxy.binds.forEach((bind, at) => limits.setLimit(limits.listener(firstListener + at), bind.maxconn));
      this.#configureBackend(writer, index, proxy, fullconnOfAll[index] as number, proxy.servers.map(seedOf));
    });
    return writer;
  }

  /** A backend that is added at run time, without servers, takes a row: any row, nobody knows it yet. */
  addBackend(writer: ServerWriter, row: number, proxy: Proxy): void {
    this.counters.clearRow(this.counters.backend(row));
    this.counters.clearRow(this.counters.frontend(row));
    writer.forget(row);
    this.#configureBackend(writer, row, proxy, Math.max(1, proxy.fullconn), []);
  }

  #configureBackend(
    writer: ServerWriter,
    row: number,
    proxy: Proxy,
    fullconn: number,
    seeds: readonly number[],
  ): void {
    const { plan, limits } = this;
    const gateWord = this.#layout.gates + limits.backend(row) * GATE_ROW;
    writer.place(row, gateWord, this.#layout.heaps[row] as number, plan.heapCapacity[row] as number);
    writer.configure(row, proxy, { fullconn, firstServer: plan.firstServer[row] as number, seeds });
  }

  /**
   * Gives back what a dead data thread held (thread-recovery.ts). Waiting requests of other threads may be
   * granted places by it, through `queues.notify`.
   */
  recover(thread: number): void {
    recoverThread(this.#words, this.#layout, this.servers, this.loads, this.queues, thread);
    this.tables.recover(thread);
    this.caches.recover(thread);
  }
}

/** `maxcomprate`, in bytes a second; 0: no limit. */
function compressionRate({ global }: Config): number {
  const line = global.otherLines.findLast(([word]) => word?.text === 'maxcomprate');
  return Math.min(Number(line?.[1]?.text ?? 0) * 1024, 0x7fff_ffff);
}
