/**
 * `show info`: what the process as a whole is and does. One table in the order of the typed output. What this
 * program has no counterpart for (tainting, thread groups) is told as the constant it is.
 */
import { monotonicMs, preciseMs } from '../base/clock.ts';
import { COMPATIBLE_WITH } from '../base/version.ts';
import type { FieldName } from '../state/counter-fields.ts';
import { bytesOfStream, mostZlibMemory, zlibSettings } from '../state/zlib-memory.ts';
import type { Value, ValueType } from './value.ts';
import type { StatsView } from './view.ts';

export interface InfoField {
  readonly name: string;
  readonly type: ValueType;
  readonly tags: string;
  readonly description: string;
  /** `precise`: with fractions, where there are some (`show info float`). */
  readonly read: (view: StatsView, precise: boolean) => Value;
  /** Given with fractions when those are asked for. */
  readonly fractional: boolean;
}

type Read = InfoField['read'];

function field(name: string, type: ValueType, tags: string, description: string, read: Read): InfoField {
  return { name, type, tags, description, read, fractional: false };
}

function fractional(name: string, tags: string, description: string, read: Read): InfoField {
  return { ...field(name, 'u32', tags, description, read), fractional: true };
}

function constant(name: string, type: ValueType, tags: string, description: string, value: Value): InfoField {
  return field(name, type, tags, description, () => value);
}

const MEGABYTE = 1048576;

function counted(view: StatsView, name: FieldName): number {
  const { counters } = view.state;
  return counters.read(counters.process, name, view.now());
}

function highest(view: StatsView, name: FieldName): number {
  const { counters } = view.state;
  return counters.highestRate(counters.process, name, view.now());
}

/** Of bodies that are under way. */
function zlibMemory({ config, state: { limits } }: StatsView): number {
  const zlib = zlibSettings(config.global);
  return zlib === undefined ? 0 : limits.current(limits.zlib) * bytesOfStream(zlib);
}

function seconds(ms: number, precise: boolean): number {
  return precise ? ms / 1000 : Math.floor(ms / 1000);
}

/** `1d 2h03m04s` */
export function readableUptime(ms: number): string {
  const total = Math.floor(ms / 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const day = total % 86400;
  return `${Math.floor(total / 86400)}d ${Math.floor(day / 3600)}h${two((day % 3600) / 60)}m${two(total % 60)}s`;
}

const IDENTITY: readonly InfoField[] = [
  constant('Name', 'str', 'POS', 'Program whose interface this is', 'HAProxy'),
  constant('Version', 'str', 'POS', 'Version of that interface', `${COMPATIBLE_WITH}.0`),
  constant('Release_date', 'str', 'POS', 'Date of that interface', '2026/05/28'),
  field('Nbthread', 'u32', 'CGS', 'Threads that carry traffic', ({ state }) => state.plan.threads),
  constant('Nbproc', 'u32', 'CGS', 'Worker processes, always 1', 1),
  constant('Process_num', 'u32', 'KGP', 'Number of this worker, always 1', 1),
  field('Pid', 'u32', 'SGP', 'Process identifier', ({ process }) => process.pid),
  field('Uptime', 'str', 'MDP', 'Time since the start, to read', () => readableUptime(monotonicMs())),
  fractional('Uptime_sec', 'MDP', 'Seconds since the start', (_view, precise) =>
    seconds(precise ? preciseMs() : monotonicMs(), precise),
  ),
];

const MEMORY: readonly InfoField[] = [
  field(
    'Memmax_MB',
    'u32',
    'CLP',
    'Limit of memory in megabytes, 0: none',
    ({ config }) => config.global.memoryLimitMb,
  ),
  field(
    'PoolAlloc_MB',
    'u32',
    'MGP',
    'Megabytes the process has',
    ({ process }) => process.memory().allocatedBytes / MEGABYTE,
  ),
  field(
    'PoolUsed_MB',
    'u32',
    'MGP',
    'Megabytes of them in use',
    ({ process }) => process.memory().usedBytes / MEGABYTE,
  ),
  constant('PoolFailed', 'u32', 'MCP', 'Allocations that failed: the first would end the process', 0),
];

const LIMITS: readonly InfoField[] = [
  field('Ulimit-n', 'u32', 'CLP', 'Most open descriptors', ({ process }) => process.maxFiles),
  field('Maxsock', 'u32', 'CLP', 'Most sockets', ({ process }) => process.maxFiles),
  field('Maxconn', 'u32', 'CLP', 'Most connections of clients', maxConnections),
  field(
    'Hard_maxconn',
    'u32',
    'CLP',
    'Most connections of clients that descriptors allow',
    ({ process }) => process.maxConnections,
  ),
  field('CurrConns', 'u32', 'MGP', 'Connections of clients now', ({ state }) =>
    state.limits.current(state.limits.process),
  ),
  field('CumConns', 'u32', 'MCP', 'Connections so far, those of admin sockets among them', view =>
    counted(view, 'conn_tot'),
  ),
  field(
    'CumReq',
    'u32',
    'MCP',
    'Requests, sessions of mode tcp and connections to admin sockets so far',
    view => counted(view, 'req_tot'),
  ),
  field(
    'MaxSslConns',
    'u32',
    'MMP',
    'Most TLS connections, 0: no limit',
    ({ config }) => config.global.maxSslConn,
  ),
  field('CurrSslConns', 'u32', 'MGP', 'TLS connections now', ({ state }) =>
    state.limits.current(state.limits.tls),
  ),
  field('CumSslConns', 'u32', 'MCP', 'TLS connections so far', view => counted(view, 'ssl_conn_tot')),
  field('Maxpipes', 'u32', 'CLP', 'Most pipes for splicing, 0: the engine moves no bytes by pipes', view =>
    view.process.engine === 'uring' ? view.state.limits.limit(view.state.limits.pipes) : 0,
  ),
  field('PipesUsed', 'u32', 'MGP', 'Pipes in use', ({ state }) => state.limits.current(state.limits.pipes)),
  constant('PipesFree', 'u32', 'MGP', 'Pipes kept for later: none, each is closed with its transfer', 0),
];

const RATES: readonly InfoField[] = [
  fractional('ConnRate', 'MRP', 'Connections during the last second', view => counted(view, 'conn_rate')),
  field('ConnRateLimit', 'u32', 'CLP', 'Most connections a second, 0: no limit', ({ state }) =>
    state.rates.limit(state.rates.processConnections),
  ),
  field('MaxConnRate', 'u32', 'MMP', 'Most connections in a second so far', view =>
    highest(view, 'conn_rate'),
  ),
  fractional('SessRate', 'MRP', 'Sessions during the last second', view => counted(view, 'rate')),
  field('SessRateLimit', 'u32', 'CLP', 'Most sessions a second, 0: no limit', ({ state }) =>
    state.rates.limit(state.rates.processSessions),
  ),
  field('MaxSessRate', 'u32', 'MRP', 'Most sessions in a second so far', view => highest(view, 'rate')),
  fractional('SslRate', 'MRP', 'TLS connections during the last second', view => counted(view, 'ssl_rate')),
  field('SslRateLimit', 'u32', 'CLP', 'Most TLS connections a second, 0: no limit', ({ state }) =>
    state.rates.limit(state.rates.processSsl),
  ),
  field('MaxSslRate', 'u32', 'MMP', 'Most TLS connections in a second so far', view =>
    highest(view, 'ssl_rate'),
  ),
  fractional('SslFrontendKeyRate', 'MGP', 'Full handshakes with clients during the last second', view =>
    counted(view, 'ssl_key_rate'),
  ),
  field('SslFrontendMaxKeyRate', 'u32', 'MMP', 'Most full handshakes with clients in a second', view =>
    highest(view, 'ssl_key_rate'),
  ),
  fractional(
    'SslFrontendSessionReuse_pct',
    'MGP',
    'Percentage of TLS sessions of the last second that were resumed',
    resumedPercent,
  ),
  fractional('SslBackendKeyRate', 'MRP', 'Full handshakes with servers during the last second', view =>
    counted(view, 'ssl_be_key_rate'),
  ),
  field('SslBackendMaxKeyRate', 'u32', 'MMP', 'Most full handshakes with servers in a second', view =>
    highest(view, 'ssl_be_key_rate'),
  ),
  field('SslCacheLookups', 'u32', 'MCP', 'Lookups in the cache of TLS sessions', view =>
    counted(view, 'ssl_cache_lookups'),
  ),
  field('SslCacheMisses', 'u32', 'MCP', 'Lookups in the cache of TLS sessions that found nothing', view =>
    counted(view, 'ssl_cache_misses'),
  ),
  fractional('CompressBpsIn', 'MRP', 'Bytes given to compression during the last second', view =>
    counted(view, 'comp_bps_in'),
  ),
  fractional('CompressBpsOut', 'MRP', 'Bytes that compression made during the last second', view =>
    counted(view, 'comp_bps_out'),
  ),
  field('CompressBpsRateLim', 'u32', 'CLP', 'Most bytes a second for compression, 0: no limit', ({ state }) =>
    state.rates.limit(state.rates.processCompression),
  ),
  field('ZlibMemUsage', 'u32', 'MGP', 'Memory of zlib for bodies under way', zlibMemory),
  field('MaxZlibMemUsage', 'u32', 'CLP', 'Most memory of zlib, 0: no limit', ({ config }) =>
    mostZlibMemory(config.global),
  ),
];

const WORK: readonly InfoField[] = [
  field('Tasks', 'u32', 'MGP', 'Connections and listeners that are served', jobs),
  constant('Run_queue', 'u32', 'MGP', 'Tasks that are due, which this runtime does not count', 0),
  field('Idle_pct', 'u32', 'MaP', 'Percentage of the last second spent waiting', ({ process }) =>
    process.idlePercent(),
  ),
  field('node', 'str', 'COS', 'Name of the node', ({ process }) => process.node),
  field('description', 'str', 'COS', 'Text of `description`', ({ config }) => config.global.description),
  field('Stopping', 'u32', 'MGP', '1: it is stopping', ({ process }) => (process.stopping() ? 1 : 0)),
  field('Jobs', 'u32', 'MGP', 'Connections and listeners that are served', jobs),
  constant('Unstoppable Jobs', 'u32', 'MGP', 'Jobs that outlive a soft stop', 0),
  field('Listeners', 'u32', 'MGP', 'Listening addresses', listeners),
  field('ActivePeers', 'u32', 'MGP', 'Connections to peers, also those that are being made', view =>
    counted(view, 'peers_active'),
  ),
  field('ConnectedPeers', 'u32', 'MGP', 'Connections to peers that are in use', view =>
    counted(view, 'peers_connected'),
  ),
  field('DroppedLogs', 'u32', 'MGP', 'Log lines that could not be sent', ({ process }) =>
    process.droppedLogs(),
  ),
  constant('BusyPolling', 'u32', 'MGP', '1: busy polling', 0),
  constant('FailedResolutions', 'u32', 'MGP', 'Names that could not be resolved', 0),
  field('TotalBytesOut', 'u64', 'MGP', 'Bytes sent so far', bytesOut),
  field(
    'TotalSplicedBytesOut',
    'u64',
    'MGP',
    'Bytes sent that moved inside the kernel, so far',
    splicedBytesOut,
  ),
  field('BytesOutRate', 'u64', 'MRP', 'Bytes sent during the last second', view =>
    counted(view, 'bytes_out_rate'),
  ),
  constant('DebugCommandsIssued', 'u32', 'MGP', 'Debug commands used', 0),
  field('CumRecvLogs', 'u32', 'MCP', 'Log messages received to pass on', view => counted(view, 'recv_logs')),
];

/** Of `Tainted`: the configuration has something experimental. */
const EXPERIMENT_CONFIGURED = '0x1';

const REST: readonly InfoField[] = [
  field(
    'Build info',
    'str',
    'POS',
    'Version of this program and its engine',
    ({ process }) => `lb ${process.version} (${process.engine})`,
  ),
  field(
    'Memmax_bytes',
    'u32',
    'CLP',
    'Limit of memory in bytes, 0: none',
    ({ config }) => config.global.memoryLimitMb * MEGABYTE,
  ),
  field(
    'PoolAlloc_bytes',
    'u64',
    'MGP',
    'Bytes of memory the process has',
    ({ process }) => process.memory().allocatedBytes,
  ),
  field('PoolUsed_bytes', 'u64', 'MGP', 'Bytes of them in use', ({ process }) => process.memory().usedBytes),
  fractional('Start_time_sec', 'MDP', 'When it started, in seconds since 1970', ({ process }, precise) =>
    seconds(process.startTimeMs, precise),
  ),
  field('Tainted', 'str', 'SGP', 'Unusual features used, in hexadecimal', ({ config }) =>
    config.usesExperiments === true ? EXPERIMENT_CONFIGURED : '0',
  ),
  field('TotalWarnings', 'u32', 'MCP', 'Warnings told so far', view => counted(view, 'warnings')),
  field('MaxconnReached', 'u32', 'MCP', 'Times the limit of connections was reached', view =>
    counted(view, 'maxconn_reached'),
  ),
  field('BootTime_ms', 'u32', 'MDP', 'Milliseconds the start took', ({ process }) => process.bootTimeMs),
  constant('Niced_tasks', 'u32', 'MGP', 'Tasks with a priority of their own', 0),
  field('CurrStreams', 'u64', 'MGP', 'Requests and TCP sessions now', streamsNow),
  field('CumStreams', 'u64', 'MGP', 'Requests and TCP sessions so far', view => counted(view, 'stot')),
  constant('BlockedTrafficWarnings', 'u32', 'MGP', 'Warnings of blocked traffic', 0),
  field('PatternsAdded', 'u64', 'MGP', 'Patterns of ACLs and maps that were added', view =>
    counted(view, 'patterns_added'),
  ),
  field('PatternsFreed', 'u64', 'MGP', 'Patterns of ACLs and maps that were removed', view =>
    counted(view, 'patterns_freed'),
  ),
  constant('NbThreadGroups', 'u32', 'CGS', 'Thread groups, always 1', 1),
];

export const INFO_FIELDS: readonly InfoField[] = [
  ...IDENTITY,
  ...MEMORY,
  ...LIMITS,
  ...RATES,
  ...WORK,
  ...REST,
];

/** The few numbers the page's head tells. */
export function readNumbers(view: StatsView): {
  readonly maxConnections: number;
  readonly connections: number;
  readonly connectionRate: number;
  readonly requests: number;
  readonly bytesOut: number;
} {
  return {
    maxConnections: maxConnections(view),
    connections: view.state.limits.current(view.state.limits.process),
    connectionRate: counted(view, 'conn_rate'),
    requests: counted(view, 'req_tot'),
    bytesOut: bytesOut(view),
  };
}

function maxConnections({ state, process }: StatsView): number {
  return state.limits.limit(state.limits.process) || process.maxConnections;
}

function resumedPercent(view: StatsView): number {
  const all = counted(view, 'ssl_rate');
  const full = counted(view, 'ssl_key_rate');
  return full >= all ? 0 : 100 - Math.floor((100 * full + (all - 1) / 2) / all);
}

/** Those of admin sockets, peers and log-forward sections too; a process that stops has let go of its frontends'. */
function listeners({ config, process }: StatsView): number {
  const { proxies, peers, logForwards, global } = config;
  const others = global.statsSockets.length + peers.filter(({ bind }) => bind !== undefined).length;
  if (process.stopping()) return others;
  const frontends = proxies.reduce((sum, { binds, disabled }) => sum + (disabled ? 0 : binds.length), 0);
  return logForwards.reduce((sum, { binds }) => sum + binds.length, frontends + others);
}

function jobs(view: StatsView): number {
  return listeners(view) + view.state.limits.current(view.state.limits.process);
}

function streamsNow({ config, state }: StatsView): number {
  return config.proxies.reduce((sum, _, row) => sum + state.limits.current(state.limits.backend(row)), 0);
}

function splicedBytesOut({ config, state: { counters } }: StatsView): number {
  const rows = config.proxies.flatMap((_, row) => [counters.frontend(row), counters.backend(row)]);
  return rows.reduce((sum, row) => sum + counters.read(row, 'h1_spliced_bytes_out', 0), 0);
}

function bytesOut({ config, state: { counters } }: StatsView): number {
  return config.proxies.reduce((sum, _, row) => sum + counters.read(counters.frontend(row), 'bout', 0), 0);
}
