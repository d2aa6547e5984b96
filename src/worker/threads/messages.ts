/** What crosses between the control thread and a data thread: one union a direction. Everything here can be cloned. */
import type { ObservedError } from '../../health/observation.ts';
import type { NoticeContext } from '../../model/notice.ts';
import type { ProfilingSettings } from '../../model/profiling.ts';
import type { NameserverReport } from '../../model/nameserver-report.ts';
import type { Config } from '../../model/config.ts';
import type { PatternFile } from '../../proxy/runtime/check-rules.ts';
import type { NameQuestion } from '../../proxy/request/name-lookups.ts';
import type { ConfigBytes } from '../../state/config-bytes.ts';
import type { SharedCache } from '../../state/http-cache/http-cache.ts';
import type { StatePlan } from '../../state/plan.ts';
import type { SharedStickTable } from '../../state/stick-table/stick-tables.ts';
import type { ChangedServer, ListenerHandover, Order, OrderResults, SharedChange } from './orders.ts';
import type { FromScripts, ToScripts } from '../scripts/script-messages.ts';
import type { TlsMaterial } from '../../model/tls-material.ts';
import type { VrrpSnapshot } from '../../model/vrrp-snapshot.ts';
import type { ServerAction } from '../../stats/page/action-form.ts';

/** What is beyond the configuration when a thread starts, or was read with it. */
export interface StateSoFar {
  /** Servers that are not, or no longer, as the configuration has them. */
  readonly changedServers: readonly ChangedServer[];
  /** Pattern files as they were read when the configuration was checked. */
  readonly patternFiles: ReadonlyMap<string, PatternFile>;
  /** Names of hosts among patterns, and their addresses. */
  readonly patternHosts: ReadonlyMap<string, string | undefined>;
  /** Names of pattern lists, and whether they are maps. */
  readonly patternLists: ReadonlyMap<string, boolean>;
  /** Certificates, authorities and revocation lists as they are now. */
  readonly tls: TlsMaterial;
  /** What was changed of lists and variables before this thread started. */
  readonly changes: readonly SharedChange[];
  readonly profiling: ProfilingSettings;
  /** Virtual addresses as they are now; undefined: nobody has told yet. */
  readonly vrrp: VrrpSnapshot | undefined;
}

export interface ThreadStart extends StateSoFar {
  /** 1..nbthread */
  readonly thread: number;
  readonly config: Config;
  readonly plan: StatePlan;
  readonly state: SharedArrayBuffer;
  /** What is traced now (state/trace-board.ts). */
  readonly traces: SharedArrayBuffer;
  readonly tables: readonly SharedStickTable[];
  readonly caches: readonly SharedCache[];
  readonly startTimeMs: number;
  /** `cpu-map`: it runs on these only. */
  readonly processors: readonly number[] | undefined;
  /** All threads can read the tickets of all: 48 bytes each, the newest last. */
  readonly ticketKeys: readonly Uint8Array[];
  /** Hellos whose early data was accepted (state/seen-hellos.ts). */
  readonly earlyMemory: SharedArrayBuffer;
  /** Variables as the configuration leaves them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Descriptors of the network namespaces that the configuration names. */
  readonly namespaces: ReadonlyMap<string, number>;
  /** A soft stop was asked for. */
  readonly stopping: boolean;
}

/** As it crosses to the thread. */
export interface ThreadStartMessage extends Omit<ThreadStart, 'config'> {
  readonly config: ConfigBytes;
}

/** Of the connections that a server (shared row) has made to one thread, by one name. */
export interface AttachedNews {
  readonly server: number;
  readonly name: string;
  readonly isThere: boolean;
}

export type ToData =
  /** Accept connections: everybody is ready, or a thread that died is not replaced. The descriptors are its own. */
  | { readonly kind: 'listen'; readonly listeners: readonly ListenerHandover[] }
  /** A place on that server (shared row) is for this thread's first in that queue. */
  | { readonly kind: 'grant'; readonly server: number; readonly queue: number }
  /** A connection limit has room again. */
  | { readonly kind: 'room' }
  /** That thread has connections that a server (shared row) has made, by that name, or has none any more. */
  | ({ readonly kind: 'attached'; readonly thread: number } & AttachedNews)
  /** That thread is gone, and what it had. */
  | { readonly kind: 'thread-lost'; readonly thread: number }
  /** Another thread sends requests for that server by this descriptor. */
  | { readonly kind: 'bridge'; readonly server: number; readonly name: string; readonly fd: number }
  /** So many servers were changed. */
  | { readonly kind: 'acted'; readonly id: number; readonly changed: number }
  /** Answers `nameservers` with the same number. */
  | { readonly kind: 'nameservers-told'; readonly id: number; readonly reports: readonly NameserverReport[] }
  /** That server went down: its waiters look for another one; so do the backend's when none is left. */
  | { readonly kind: 'flush'; readonly server: number; readonly backend: number | undefined }
  /** That server is in maintenance: its idle connections are closed. */
  | { readonly kind: 'drop-idle'; readonly server: number; readonly backend: number }
  /** Streams on that server are cut (`on-marked-down`, `on-marked-up`, `shutdown sessions server`). */
  | { readonly kind: 'shutdown-sessions'; readonly server: number; readonly why: 'down' | 'up' | 'admin' }
  /** Virtual addresses as they are now, for statistics. */
  | { readonly kind: 'vrrp'; readonly snapshot: VrrpSnapshot }
  /** What became of that `resolve`; undefined: the name has no address. */
  | { readonly kind: 'resolved'; readonly id: number; readonly host: string | undefined }
  /** A soft stop was asked for: the sample `stopping` is true from now on. */
  | { readonly kind: 'stopping' }
  /** Answered by `done` with the same number. */
  | { readonly kind: 'order'; readonly id: number; readonly order: Order }
  | { readonly kind: 'script'; readonly message: ToScripts }
  /** Stop accepting, finish what runs, then end. */
  | { readonly kind: 'soft-stop' }
  | { readonly kind: 'stop' };

export type ToControl =
  /** An administrator ordered this on the statistics page; answered by `acted` with the same number. */
  | {
      readonly kind: 'server-action';
      readonly id: number;
      readonly action: ServerAction;
      readonly rows: readonly number[];
    }
  /** A scrape wants the counters of nameservers. */
  | { readonly kind: 'nameservers'; readonly id: number }
  /** Log lines for a ring. */
  | { readonly kind: 'ring-lines'; readonly ring: string; readonly lines: readonly string[] }
  /** Lines of traces for a ring: the sender counts those that are under way. */
  | { readonly kind: 'trace-lines'; readonly ring: string; readonly lines: readonly string[] }
  /** Everything is loaded; it waits for `listen`. */
  | { readonly kind: 'ready'; readonly engine: string }
  | { readonly kind: 'grant'; readonly thread: number; readonly server: number; readonly queue: number }
  | { readonly kind: 'room' }
  /** For all others. */
  | ({ readonly kind: 'attached' } & AttachedNews)
  | { readonly kind: 'script'; readonly message: FromScripts }
  /** For that thread. */
  | {
      readonly kind: 'bridge';
      readonly thread: number;
      readonly server: number;
      readonly name: string;
      readonly fd: number;
    }
  /** A rule wants the address of a name (`do-resolve`); answered by `resolved` with the same number. */
  | { readonly kind: 'resolve'; readonly id: number; readonly question: NameQuestion }
  | { readonly kind: 'done'; readonly id: number; readonly result: OrderResults[Order['kind']] }
  /** A rule changed something every thread has a copy of; `seen`: the last change of others known to it. */
  | { readonly kind: 'changed'; readonly change: SharedChange; readonly seen: number }
  /** Traffic has met `error-limit` errors in a row at that server (`observe`). */
  | {
      readonly kind: 'observed-errors';
      readonly server: number;
      readonly errors: number;
      readonly last: ObservedError;
    }
  | {
      readonly kind: 'notice';
      readonly level: 'warning' | 'alert';
      readonly text: string;
      readonly about: NoticeContext;
    };
