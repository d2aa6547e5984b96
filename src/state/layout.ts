/**
 * Where everything lies in the one SharedArrayBuffer. All threads compute the same layout from the same plan.
 *
 *   ┌─────────────────────────────────────────────────────────────────────┐ 0
 *   │ gates     process · P frontends · P backends · L listeners · pipes · TLS · zlib │ 16 words (a cache line) each
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ rates     3 process-wide · P frontends                               │ 16 words each
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ backends  P rows   line 1: settings, generation │ line 2: hot words   │ 32 words each
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ servers   S rows   line 1: state, weights, limits │ line 2: hot words │ 32 words each
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ heaps     one array of server indices per leastconn backend          │
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ checks    S rows: what the health check and the agent said           │ 80 words each
 *   ├─────────────────────────────────────────────────────────────────────┤
 *   │ addresses S rows: where the servers are                              │ 8 words each
 *   │ variables what sessions of each thread hold in bytes: T + 1 words     │
 *   ├── per thread 0..T, each part starts on its own cache line ───────────┤
 *   │ held      connections this thread accounts for: G gates · S servers   │ 1 word each
 *   │ granted   slots handed to this thread, not yet taken: S servers       │ 1 word each
 *   │ idle      idle connections this thread keeps: S servers               │ 1 word each
 *   │ idleSafe  of them, those that carried several requests: S servers     │ 1 word each
 *   │ waits     queues of this thread: S servers · P backends               │ key f64, waiting, claimed
 *   │ counters  as the gates (of pipes, TLS and zlib nothing) · S servers      │ COUNTER_ROW doubles each
 *   └─────────────────────────────────────────────────────────────────────┘
 *
 * Words are int32. A thread writes its own part with plain stores; what decides (gates, served, queue lengths)
 * is changed with Atomics only. Pages that nobody touches cost no memory.
 */
import { COUNTER_ROW } from './counter-fields.ts';
import type { StatePlan } from './plan.ts';

export const GATE_ROW = 16;
export const RATE_ROW = 16;
export const BACKEND_ROW = 32;
export const SERVER_ROW = 32;
export const WAIT_ROW = 4;
/** Two halves of 8 words and 128 bytes of text: check and agent. */
export const CHECK_ROW = 80;
export const ADDRESS_ROW = 8;
const LINE_BYTES = 64;

/** Offsets in int32 words, but `counters` in doubles. */
export interface StateLayout {
  readonly gates: number;
  readonly gateCount: number;
  readonly rates: number;
  readonly backends: number;
  readonly servers: number;
  readonly serverCount: number;
  readonly heaps: readonly number[];
  readonly checks: number;
  readonly addresses: number;
  readonly variableBytes: number;
  readonly held: readonly number[];
  readonly granted: readonly number[];
  readonly idle: readonly number[];
  readonly idleSafe: readonly number[];
  readonly waits: readonly number[];
  readonly counters: readonly number[];
  readonly byteLength: number;
}

/** Row numbers of gates and of counters: they are kept in the same order. */
export interface RowNumbers {
  readonly process: 0;
  readonly frontends: number;
  readonly backends: number;
  readonly listeners: number;
  readonly pipes: number;
  readonly tls: number;
  readonly zlib: number;
  readonly servers: number;
}

export function rowNumbers(plan: StatePlan): RowNumbers {
  const { proxies, listeners } = plan;
  return {
    process: 0,
    frontends: 1,
    backends: 1 + proxies,
    listeners: 1 + 2 * proxies,
    pipes: 1 + 2 * proxies + listeners,
    tls: 2 + 2 * proxies + listeners,
    zlib: 3 + 2 * proxies + listeners,
    servers: 4 + 2 * proxies + listeners,
  };
}

export const PROCESS_RATES = 4;

export function computeLayout(plan: StatePlan): StateLayout {
  let end = 0;
  const take = (words: number): number => {
    const start = end;
    end = Math.ceil((end + words * 4) / LINE_BYTES) * LINE_BYTES;
    return start / 4;
  };
  const serverCount = plan.servers + plan.spareServers;
  const gateCount = rowNumbers(plan).servers;
  const shared = {
    gates: take(gateCount * GATE_ROW),
    gateCount,
    rates: take((PROCESS_RATES + plan.proxies) * RATE_ROW),
    backends: take(plan.proxies * BACKEND_ROW),
    servers: take(serverCount * SERVER_ROW),
    serverCount,
    heaps: plan.heapCapacity.map(capacity => (capacity === 0 ? 0 : take(capacity))),
    checks: take(serverCount * CHECK_ROW),
    addresses: take(serverCount * ADDRESS_ROW),
    variableBytes: take(plan.threads + 1),
  };
  const all = Array.from({ length: plan.threads + 1 });
  return {
    ...shared,
    held: all.map(() => take(gateCount + serverCount)),
    granted: all.map(() => take(serverCount)),
    idle: all.map(() => take(serverCount)),
    idleSafe: all.map(() => take(serverCount)),
    waits: all.map(() => take((serverCount + plan.proxies) * WAIT_ROW)),
    counters: all.map(() => take((gateCount + serverCount) * COUNTER_ROW * 2) / 2),
    byteLength: end,
  };
}
