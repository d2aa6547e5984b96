/** The `global` section (manual, section 3). Times in milliseconds, sizes in bytes. */
import type { ProcessLogForm } from './notice.ts';
import type { Address } from './address.ts';
import type { Bind } from './bind.ts';
import type { Position } from './diagnostic.ts';
import type { LogTarget } from './log.ts';
import type { ProfilingSettings } from './profiling.ts';
import type { Word } from './word.ts';

export interface Global {
  readonly nbthread?: number;
  /** 0: derived from the limits of the process. */
  readonly maxconn: number;
  /** Megabytes (-m); 0: not limited. */
  readonly memoryLimitMb: number;
  readonly maxconnRate: number;
  readonly maxSessRate: number;
  readonly maxSslConn: number;
  readonly maxSslRate: number;
  readonly daemon: boolean;
  readonly masterWorker: boolean;
  readonly chroot?: string;
  readonly user?: string;
  readonly group?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly pidfile?: string;
  readonly node?: string;
  readonly description?: string;
  readonly hardStopAfterMs: number;
  readonly graceMs: number;
  readonly closeSpreadTimeMs: number;
  readonly spreadChecks: number;
  readonly maxSpreadChecksMs: number;
  readonly logs: readonly LogTarget[];
  readonly logTag?: string;
  readonly logSendHostname?: string;
  readonly statsSockets: readonly Bind[];
  readonly statsTimeoutMs: number;
  readonly statsMaxconn: number;
  readonly serverStateBase?: string;
  readonly serverStateFile?: string;
  readonly externalCheck: 'no' | 'yes' | 'preserve-env';
  /** `unix-bind`: what UNIX listeners get where their own line says nothing. */
  readonly unixBind: UnixBind;
  readonly statsFile?: string;
  /** In the order in which they are run. */
  readonly luaLines: readonly LuaLine[];
  readonly httpClientLines: readonly (readonly Word[])[];
  readonly h1CaseAdjust: ReadonlyMap<string, string>;
  readonly tune: Tune;
  readonly profiling: ProfilingSettings;
  /** Statuses that stick tables count as a client's errors, and as a server's failures. */
  readonly httpErrCodes: StatusRanges;
  readonly httpFailCodes: StatusRanges;
  readonly setVars: readonly {
    readonly position: Position;
    readonly name: string;
    readonly words: readonly Word[];
    /** `set-var-fmt`: the words are a log format. */
    readonly format: boolean;
  }[];
  /** This program's own keyword: `demo-servers <addr>:<port> ...`, small HTTP servers started for a first try. */
  readonly demoServers: readonly Address[];
  /** This program's own keyword: form of what the process says about itself. */
  readonly processLog?: ProcessLogForm;
  readonly caBase?: string;
  readonly crtBase?: string;
  readonly keyBase?: string;
  /** `ssl-dh-param-file` */
  readonly dhParamFile?: { readonly path: string; readonly position: Position };
  readonly ssl: ReadonlyMap<string, readonly string[]>;
  /** Flags such as `noreuseport`, `busy-polling`, `strict-limits`, `zero-warning`, `expose-experimental-directives`. */
  readonly flags: ReadonlySet<string>;
  /** Every other line as written: keyword and words. */
  readonly otherLines: readonly (readonly Word[])[];
}

/** `lua-load`, `lua-load-per-thread`, `lua-prepend-path`: the file, or the path, comes first. */
export interface LuaLine {
  readonly kind: 'load' | 'load-per-thread' | 'prepend-path';
  readonly position: Position;
  readonly words: readonly string[];
}

/** First and last of each range. */
export type StatusRanges = readonly (readonly [first: number, last: number])[];

export interface UnixBind {
  readonly prefix?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Tune {
  readonly bufsize: number;
  /** 0: there are no large buffers. */
  readonly largeBufsize: number;
  readonly maxrewrite: number;
  readonly maxhdr: number;
  readonly cookieLen: number;
  readonly logUriLen: number;
  readonly poolLowFdRatio: number;
  readonly poolHighFdRatio: number;
  /** This program's own keywords: room for what `add backend` and `add server` bring. */
  readonly dynamicBackends: number;
  readonly dynamicServers: number;
  /** This program's own keyword: `tune.engine auto|node|uring`. */
  readonly engine: 'auto' | 'node' | 'uring';
  /** This program's own keyword: `tune.http.strict on|off`. */
  readonly httpStrict: boolean;
  /** Every other `tune.*` value as written. */
  readonly other: ReadonlyMap<string, readonly string[]>;
}
