/**
 * CPU time a request. All contestants of a case stand ready on the balancer's CPU; each round loads one after the
 * other for a short while (A B C A B C ...), so that what else the machine does meets all of them alike.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, start, type Started } from './contestants.ts';
import { lastHost } from './configurations.ts';
import { type Load, run } from './load.ts';
import { type LoadResult, NoRequests } from './load-reports.ts';
import { type LogSink, openLogSink } from './log-sink.ts';
import { type Origins, startOrigins } from './origins.ts';
import { cpuNs, freePort, stop } from './processes.ts';
import { type CaseResult, compared, median } from './result.ts';
import type { Scenario } from './scenario.ts';

export interface LoadCase {
  readonly name: string;
  readonly title: string;
  readonly contestants: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly load: Partial<Load>;
  /** CPUs of the balancer, where it is not its own one alone. */
  readonly cpus?: string;
  /** Loads by scenario label, where scenarios differ in that. */
  readonly loads?: Readonly<Record<string, Partial<Load>>>;
}

/** A window as cheap as the cheapest before, but for so much, brings nothing new; after two of them it is warm. */
const NOTHING_NEW = 0.95;
/** Where others use the machine, too, a second may pass in which a contestant gets next to nothing of it. */
const ROUNDS_MADE_UP_FOR = 3;

interface Pace {
  readonly pairs: number;
  readonly seconds: number;
  /** At most; less when requests have stopped getting cheaper before. */
  readonly warmUpSeconds: number;
}

interface Lane extends Started {
  readonly folder: string;
  readonly load: Load;
  readonly costs: number[];
  readonly results: LoadResult[];
}

export async function measure(
  wanted: LoadCase,
  contestants: readonly Contestant[],
  base: string,
  pace: Pace,
): Promise<CaseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  const origins = await startOrigins(folder);
  const sink = await openLogSink();
  const lanes: Lane[] = [];
  try {
    for (const scenario of wanted.scenarios)
      for (const contestant of contestants) {
        const lane = await openLane(wanted, contestant, scenario, origins, sink);
        if (lane !== undefined) lanes.push(lane);
      }
    await measureLanes(lanes, pace);
    if (lanes.some(lane => lane.scenario.logs) && sink.received === 0) throw new Error('no log line came');
    return { ...wanted, unit: 'µs CPU a request', base, rows: rowsOf(lanes, base) };
  } finally {
    for (const { child, folder: own } of lanes) {
      await stop(child);
      rmSync(own, { recursive: true, force: true });
    }
    sink.close();
    await origins.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openLane(
  wanted: LoadCase,
  contestant: Contestant,
  scenario: Scenario,
  origins: Origins,
  sink: LogSink,
): Promise<Lane | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  const origin = origins[scenario.origin];
  const ports = { listen: await freePort(), origin, log: sink.port };
  const started = await start(contestant, scenario, ports, folder, wanted.cpus);
  if (started === undefined) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  const load = loadOf(wanted, scenario);
  if (load.script !== undefined) writeFileSync(join(folder, 'load.lua'), load.script);
  return { ...started, folder, load, costs: [], results: [] };
}

function loadOf(wanted: LoadCase, scenario: Scenario): Load {
  const host = { Host: lastHost(scenario.hostRules) };
  const load = { ...wanted.load, ...wanted.loads?.[scenario.label] };
  const isSecure = scenario.tls !== 'none';
  return {
    tool: 'wrk',
    connections: 64,
    path: '/',
    ...load,
    isSecure,
    headers: { ...host, ...load.headers },
  };
}

async function measureLanes(lanes: readonly Lane[], pace: Pace): Promise<void> {
  for (const lane of lanes) await warmUp(lane, pace.warmUpSeconds);
  for (let round = 0; round < pace.pairs; round++)
    for (const lane of lanes) lane.costs.push(await roundCost(lane, pace.seconds));
}

/** Until requests get no cheaper: large bodies are few a second, and the compilers of JavaScript wait to see many. */
async function warmUp(lane: Lane, seconds: number): Promise<void> {
  let cheapest = Infinity;
  for (let second = 0, settled = 0; second < seconds && settled < 2; second++) {
    const cost = await warmingCost(lane);
    settled = cost > cheapest * NOTHING_NEW ? settled + 1 : 0;
    cheapest = Math.min(cheapest, cost);
  }
}

/** Of one second; one without an answer is dear, and no reason to give up yet. */
async function warmingCost(lane: Lane): Promise<number> {
  try {
    return await costOf(lane, 1);
  } catch (error) {
    if (isUnanswered(error)) return Infinity;
    throw error;
  }
}

/** Of a round; one without an answer is made up for. */
async function roundCost(lane: Lane, seconds: number): Promise<number> {
  for (let again = ROUNDS_MADE_UP_FOR; ; again--)
    try {
      return await costOf(lane, seconds, lane.results);
    } catch (error) {
      if (again === 0 || !isUnanswered(error)) throw error;
    }
}

const isUnanswered = (error: unknown): boolean => error instanceof Error && error.cause instanceof NoRequests;

/** Microseconds of CPU a request, under load for so long. */
async function costOf(lane: Lane, seconds: number, results?: LoadResult[]): Promise<number> {
  const pid = lane.child.pid as number;
  const before = cpuNs(pid);
  const result = await loadLane(lane, seconds);
  results?.push(result);
  return (cpuNs(pid) - before) / 1000 / result.requests;
}

async function loadLane(lane: Lane, seconds: number): Promise<LoadResult> {
  try {
    return await run(lane.load, lane.port, seconds, join(lane.folder, 'load.lua'));
  } catch (error) {
    throw new Error(`${lane.contestant.name} (${lane.scenario.label})`, { cause: error });
  }
}

function rowsOf(lanes: readonly Lane[], base: string): CaseResult['rows'] {
  const entries = lanes.map(({ contestant, scenario, costs, results }) => ({
    contestant: contestant.name,
    scenario: scenario.label,
    samples: costs,
    details: {
      perSecond: median(results.map(({ perSecond }) => perSecond)),
      p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
      errors: results.reduce((sum, { errors }) => sum + errors, 0),
    },
  }));
  return compared(entries, base);
}
