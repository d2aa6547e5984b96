/**
 * What commands may ask of the process and do to it. worker/ implements it; everything that changes data threads
 * answers when all of them have made the change.
 */
import type { PatternChange } from '../acl/pattern-changes.ts';
import type { PatternList, PatternRegistry } from '../acl/pattern-registry.ts';
import type { Sample } from '../acl/sample.ts';
import type { Config } from '../model/config.ts';
import type { CheckKind } from '../state/check-reports.ts';
import type { ServerDirectory } from '../state/server-directory.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { StatsView } from '../stats/view.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';
import type { Level } from './level.ts';

export interface AdminSocket {
  /** With its kind, as `show cli sockets` says it: `unix@/run/lb.sock`. */
  readonly name: string;
  readonly level: Level;
}

/** What an administrator may order of a server, by its row. */
export interface ServerOrders {
  setReady(row: number): void;
  setDrain(row: number): void;
  setMaintenance(row: number): void;
  /** As if its health check, or its agent, had said so. */
  setHealth(row: number, kind: CheckKind, state: 'up' | 'stopping' | 'down'): void;
  /** Starts or stops checking; false: no such check is configured. */
  enableCheck(row: number, kind: CheckKind, enabled: boolean): boolean;
  /** `75` or `75%`; answers what is wrong. */
  setWeight(row: number, text: string): string | undefined;
  setMaxconn(row: number, text: string): string | undefined;
}

/** What the data threads do on request. Each is over when all threads have done it. */
export interface ThreadOrders {
  /** All changes made to the server directory so far are known to the threads. */
  serversKnown(): Promise<void>;
  /** Stops or starts accepting connections of a frontend; answers what went wrong. */
  pauseFrontend(proxy: number): Promise<string | undefined>;
  resumeFrontend(proxy: number): Promise<string | undefined>;
  /** Gives the addresses of a frontend up for good. */
  closeFrontend(proxy: number): Promise<void>;
  /** A limit rose, or went away: who waits for room tries again. */
  roomAgain(): void;
}

/** Variables of the process by their full name. */
export interface ProcessVariablesView {
  get(name: string): Sample | undefined;
  set(name: string, value: Sample): Promise<void>;
}

export interface AdminRuntime {
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly directory: ServerDirectory;
  readonly serverOrders: ServerOrders;
  readonly threads: ThreadOrders;
  /** The control thread's own copy of all pattern lists: a command changes it, then tells the threads. */
  readonly patterns: PatternRegistry;
  patternsChanged(list: PatternList, changes: readonly PatternChange[]): Promise<void>;
  readonly variables: ProcessVariablesView;
  /** What statistics are read from. */
  readonly stats: StatsView;
  /** Asks the threads for what only they know; before statistics of the process are told. */
  refreshNumbers(): Promise<void>;
  readonly startTimeMs: number;
  /** Warnings and alerts of the start, as they were printed. */
  readonly startupLogs: readonly string[];
  readonly sockets: readonly AdminSocket[];
  /** Undefined: there are no virtual addresses. */
  vrrp(): VrrpAccess | undefined;
}
