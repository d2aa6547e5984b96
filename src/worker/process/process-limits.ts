/**
 * How many connections the process may have, and how many open files for that (manual, `maxconn`, `ulimit-n`,
 * `fd-hard-limit`, `strict-limits`; -n, -N, -m). Decided before anything is bound.
 */
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import { type ConnectionLimits, withinMemory } from './memory-limits.ts';
import type { ResourceLimit } from './process-calls.ts';

export interface LimitRequest {
  /** -n: counts more than `maxconn`. */
  readonly maxconn?: number;
  /** -N: for frontends that say nothing. */
  readonly proxyMaxconn?: number;
  /** -m */
  readonly memoryLimitMb?: number;
}

interface LimitPlan extends ConnectionLimits, FilePlan {
  /** 0: none was asked for. */
  readonly memoryLimitMb: number;
}

interface FilePlan {
  /** Open files this takes. */
  readonly openFiles: number;
  /** Below that it does not go: then files, pipes and lookups are few. */
  readonly fewestFiles: number;
  /** `ulimit-n` says so: not more either. */
  readonly exact: boolean;
}

/** Bound where nothing is said: a kernel may allow a billion descriptors (manual, `fd-hard-limit`). */
const DEFAULT_HARD_LIMIT = 1_048_576;
interface OwnFiles {
  /** Files, pipes and timers of a thread beside its sockets. */
  readonly thread: number;
  /** And of the control thread. */
  readonly process: number;
}

/** What maps, logs, lookups and pipes (splice-pipes.ts) may open among it. */
const AMPLE: OwnFiles = { thread: 48, process: 64 };
/** What a process has at least: counted where files are few. */
const BARE: OwnFiles = { thread: 8, process: 26 };
/** Of a listener on the ring: one here, and one in its thread. */
export const FILES_ON_RING = 2;
/** And one in its event loop. */
export const FILES_ON_NODE = 3;
/** Not more connections than that at the cost of what is kept free. */
const CONNECTIONS_OF_FEW_FILES = 64;

/** What connections share the open files with. */
export interface Occupants {
  readonly config: Config;
  readonly nbthread: number;
  /** FILES_ON_RING or FILES_ON_NODE. */
  readonly filesOfListener: number;
}

/** Gives what is wrong where the limits contradict each other. */
export function planLimits(
  occupants: Occupants,
  limit: ResourceLimit,
  request: LimitRequest = {},
): LimitPlan | string {
  const { global } = occupants.config;
  const asked = { maxconn: request.maxconn ?? global.maxconn, maxSslConn: global.maxSslConn };
  const files = asked.maxconn > 0 ? filesFor(occupants, asked.maxconn) : filesThereAre(occupants, limit);
  const { memoryLimitMb = 0 } = request;
  const most = asked.maxconn > 0 ? asked.maxconn : connectionsWithin(occupants, files.openFiles);
  if (memoryLimitMb === 0) return { ...files, ...asked, maxconn: Math.max(1, most), memoryLimitMb };
  const limits = withinMemory(occupants.config, memoryLimitMb, asked, most);
  return typeof limits === 'string' ? limits : { ...files, ...limits, memoryLimitMb };
}

function filesFor(occupants: Occupants, maxconn: number): FilePlan {
  const { global } = occupants.config;
  const said = numberOf(global.otherLines, 'ulimit-n');
  const openFiles = said ?? filesOf(occupants, AMPLE) + global.statsMaxconn + 2 * maxconn;
  const fewestFiles = said ?? filesOf(occupants, BARE) + 2 * maxconn;
  return { openFiles, fewestFiles, exact: said !== undefined };
}

function filesThereAre({ config }: Occupants, limit: ResourceLimit): FilePlan {
  const { otherLines } = config.global;
  const said = numberOf(otherLines, 'ulimit-n');
  const hardLimit = numberOf(otherLines, 'fd-hard-limit') ?? DEFAULT_HARD_LIMIT;
  const openFiles = said ?? Math.min(Math.max(limit.soft, limit.hard), hardLimit);
  return { openFiles, fewestFiles: openFiles, exact: said !== undefined };
}

/** How many connections so many open files are enough for; none: not even for the process itself. */
export function connectionsWithin(occupants: Occupants, openFiles: number): number {
  const ample = openFiles - filesOf(occupants, AMPLE) - occupants.config.global.statsMaxconn;
  const bare = openFiles - filesOf(occupants, BARE);
  return Math.max(0, Math.floor(ample / 2), Math.min(CONNECTIONS_OF_FEW_FILES, Math.floor(bare / 2)));
}

function filesOf({ config, nbthread, filesOfListener }: Occupants, own: OwnFiles): number {
  const { proxies, logForwards } = config;
  const checks = proxies.reduce((sum, proxy) => sum + checksOf(proxy), 0);
  const listeners =
    proxies.reduce((sum, proxy) => sum + listenersOf(proxy, nbthread), 0) +
    logForwards.reduce((sum, { binds }) => sum + binds.length, 0);
  return own.process + nbthread * own.thread + filesOfListener * listeners + checks;
}

/** A bind line has one in each of its threads. */
function listenersOf({ binds }: Proxy, nbthread: number): number {
  return binds.reduce((sum, { threads }) => sum + Math.min(nbthread, threads?.length ?? nbthread), 0);
}

/** Checks of a server have a connection of their own, its agent another. */
function checksOf({ servers }: Proxy): number {
  return servers.reduce(
    (sum, { check, agent }) => sum + Number(check?.enabled ?? false) + Number(agent?.enabled ?? false),
    0,
  );
}

/** The last line of that keyword counts. */
function numberOf(lines: readonly (readonly Word[])[], keyword: string): number | undefined {
  const line = lines.findLast(([word]) => word?.text === keyword);
  return line === undefined ? undefined : Number(line[1]?.text);
}

/** The configuration as it counts, with the limits decided. */
export function withLimits(config: Config, plan: LimitPlan, { proxyMaxconn }: LimitRequest): Config {
  const { maxconn, maxSslConn, memoryLimitMb } = plan;
  const proxies =
    proxyMaxconn === undefined
      ? config.proxies
      : config.proxies.map(proxy => (proxy.maxconn === 0 ? { ...proxy, maxconn: proxyMaxconn } : proxy));
  return { ...config, proxies, global: { ...config.global, maxconn, maxSslConn, memoryLimitMb } };
}

/**
 * Node has raised the soft limit to the hard one; only root gets more. A limit is lowered where `ulimit-n` asks
 * for it only. Undefined: done; otherwise what could not be had.
 */
export function reachOpenFiles(
  { openFiles, fewestFiles, exact }: FilePlan,
  limit: ResourceLimit,
  set: (limit: ResourceLimit) => number,
): string | undefined {
  if (exact ? limit.soft === openFiles : limit.soft >= openFiles) return undefined;
  if (set({ soft: openFiles, hard: Math.max(openFiles, limit.hard) }) >= 0) return undefined;
  if (!exact && limit.soft >= fewestFiles) return undefined;
  return (
    `Cannot raise FD limit to ${openFiles}, current limit is ${limit.soft} and hard limit is ${limit.hard}. ` +
    `Without 'maxconn' and 'ulimit-n' in the global section it is adjusted by itself.`
  );
}
