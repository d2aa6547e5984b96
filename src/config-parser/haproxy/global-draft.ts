/** The `global` sections of a configuration while they are read (there may be several, they add up). */
import type { Global, Tune } from '../../model/global.ts';
import type { DefaultPath } from '../parser-context.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

type Collected =
  | 'logs'
  | 'statsSockets'
  | 'luaLines'
  | 'httpClientLines'
  | 'setVars'
  | 'otherLines'
  | 'flags'
  | 'ssl'
  | 'h1CaseAdjust';

export interface GlobalDraft extends Omit<Mutable<Global>, Collected | 'tune'> {
  readonly logs: Global['logs'][number][];
  readonly statsSockets: Global['statsSockets'][number][];
  readonly luaLines: Global['luaLines'][number][];
  readonly httpClientLines: Global['httpClientLines'][number][];
  readonly setVars: Global['setVars'][number][];
  readonly otherLines: Global['otherLines'][number][];
  readonly flags: Set<string>;
  readonly ssl: Map<string, readonly string[]>;
  readonly h1CaseAdjust: Map<string, string>;
  readonly tune: Omit<Mutable<Tune>, 'other'> & { readonly other: Map<string, readonly string[]> };
  /** Keywords that may be said once, and were. */
  readonly said: Set<string>;
  /** Keywords of lines with mistakes (misread.ts). */
  readonly misread: Set<string>;
  pathMode: DefaultPath;
  nbproc: number;
}

/** The manual's defaults (sections 3.1 and 3.2). */
export function createGlobalDraft(): GlobalDraft {
  return {
    maxconn: 0,
    maxconnRate: 0,
    maxSessRate: 0,
    memoryLimitMb: 0,
    maxSslConn: 0,
    maxSslRate: 0,
    daemon: false,
    masterWorker: false,
    hardStopAfterMs: 0,
    graceMs: 0,
    closeSpreadTimeMs: 0,
    spreadChecks: 0,
    maxSpreadChecksMs: 0,
    logs: [],
    statsSockets: [],
    statsTimeoutMs: 10_000,
    statsMaxconn: 10,
    externalCheck: 'no',
    luaLines: [],
    httpClientLines: [],
    h1CaseAdjust: new Map(),
    unixBind: {},
    tune: {
      bufsize: 16_384,
      largeBufsize: 0,
      maxrewrite: 1024,
      maxhdr: 101,
      cookieLen: 63,
      logUriLen: 1023,
      poolLowFdRatio: 20,
      poolHighFdRatio: 25,
      dynamicBackends: 64,
      dynamicServers: 256,
      engine: 'auto',
      httpStrict: false,
      other: new Map(),
    },
    profiling: { tasks: 'off', memory: false },
    setVars: [],
    httpErrCodes: [[400, 499]],
    httpFailCodes: [
      [500, 500],
      [502, 504],
      [506, 599],
    ],
    ssl: new Map(),
    // On unless `no` is said.
    flags: new Set(['numa-cpu-mapping', 'strict-limits']),
    otherLines: [],
    demoServers: [],
    said: new Set(),
    misread: new Set(),
    pathMode: { mode: 'current' },
    nbproc: 0,
  };
}

export function finishGlobal(draft: GlobalDraft): Global {
  const { said: _said, misread: _misread, pathMode: _pathMode, nbproc, ...global } = draft;
  return global.nbthread === undefined && nbproc > 0 ? { ...global, nbthread: nbproc } : global;
}
