/**
 * What commands may ask of the process and do to it. worker/ implements it; everything that changes data threads
 * answers when all of them have made the change.
 */
import type { PatternChange } from '../acl/pattern-changes.ts';
import type { PatternList } from '../acl/pattern-list.ts';
import type { PatternRegistry } from '../acl/pattern-registry.ts';
import type { Sample } from '../acl/sample.ts';
import type { Renewals } from '../acme/renewals.ts';
import type { CertificateDesk } from '../certificates/certificate-desk.ts';
import type { Resolvers } from '../dns/resolvers.ts';
import type { BadMessageReport } from '../model/bad-message.ts';
import type { Config } from '../model/config.ts';
import type { ProfiledPlace, ProfilingSettings, ThreadProfile } from '../model/profiling.ts';
import type { Mode, Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { StreamReport } from '../model/stream-facts.ts';
import type { PassedSocket } from '../net/listener-exchange.ts';
import type { PeersAtWork } from '../peers/section.ts';
import type { CheckKind } from '../state/check-reports.ts';
import type { ServerDirectory } from '../state/server-directory.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { StatsView } from '../stats/view.ts';
import type { TraceBook } from '../traces/trace-book.ts';
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

/** Backends that come and go at run time. All threads know it, or have forgotten it, when the answer is there. */
export interface BackendOrders {
  /** Backends that expressions of the configuration name: they stay. */
  readonly named: ReadonlySet<string>;
  /** The mode that a defaults section has, and whether it says so; undefined: there is no section of that name. */
  modeOf(defaults: string): { readonly mode: Mode; readonly said: boolean } | undefined;
  /** It is unpublished. A text says why it cannot be. */
  add(
    defaults: string,
    backend: { readonly name: string; readonly mode: Mode | undefined; readonly guid: string | undefined },
  ): Promise<{ readonly row: number } | { readonly wrong: string }>;
  /** By its row. False: a request came meanwhile, it stays. */
  remove(row: number): Promise<boolean>;
}

/** Dynamic cookies of a backend, by its row. */
interface CookieOrders {
  /** Undefined: as the configuration says. */
  dynamicCookie(backend: number): { readonly dynamic: boolean; readonly key: string | undefined } | undefined;
  setDynamicCookie(
    backend: number,
    setting: { readonly dynamic: boolean; readonly key: string | undefined },
  ): Promise<void>;
}

/** Variables of the process by their full name. */
export interface ProcessVariablesView {
  get(name: string): Sample | undefined;
  set(name: string, value: Sample): Promise<void>;
}

/** What one data thread knows of itself. */
export interface ThreadNumbers {
  /** From 1. */
  readonly thread: number;
  readonly heapBytes: number;
  readonly usedBytes: number;
  readonly droppedLogs: number;
  /** Processor time it used so far. */
  readonly busyMs: number;
  /** It serves now. */
  readonly streams: number;
  /** Connections it accepted so far. */
  readonly accepted: number;
}

/** Where the process spends its time and memory. */
export interface Profiling {
  readonly settings: ProfilingSettings;
  /** Done when all threads measure that. */
  change(settings: ProfilingSettings): Promise<void>;
  /** Where a function stands, as `proxy/http-stream`; empty: in none of our modules. */
  moduleOf(place: ProfiledPlace): string;
  /** Of the control thread and each data thread. */
  report(): Promise<readonly ThreadProfile[]>;
}

export interface StreamOrders {
  all(): Promise<readonly StreamReport[]>;
  /** False: there is no such stream. */
  kill(id: number): Promise<boolean>;
  /** All that a server serves; by its row. */
  killOnServer(row: number): Promise<void>;
}

/** A listening socket of the control thread: data threads have copies. */
export interface ListeningDescriptor {
  readonly fd: number;
  /** Name of the frontend. */
  readonly owner: string;
  readonly text: string;
}

/** A ring of the configuration: lines are numbered from 0 on. */
export interface EventRing {
  readonly settings: { readonly name: string; readonly description: string };
  readonly dropped: number;
  /** The number the next line gets. */
  readonly next: number;
  since(number: number): readonly string[];
  /** Calls when there are new lines; the answer ends that. */
  follow(reader: () => void): () => void;
}

export interface AdminRuntime {
  readonly tls: CertificateDesk;
  /** Certificates of `acme` sections. */
  readonly renewals: Renewals;
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly directory: ServerDirectory;
  /** Servers that rules and expressions name, as `<backend id>/<server id>`: they stay. */
  readonly namedServers: ReadonlySet<string>;
  readonly backends: BackendOrders;
  readonly serverOrders: ServerOrders;
  /** What is wrong with a server that is to come to that backend, its files and expressions; undefined: nothing. */
  mistakeIn(server: Server, proxy: Proxy): string | undefined;
  readonly threads: ThreadOrders;
  readonly streams: StreamOrders;
  /** The control thread's own copy of all pattern lists: a command changes it, then tells the threads. */
  readonly patterns: PatternRegistry;
  patternsChanged(list: PatternList, changes: readonly PatternChange[]): Promise<void>;
  readonly variables: ProcessVariablesView;
  readonly cookies: CookieOrders;
  /** The value of an expression, or of a log format; a text says what is wrong, undefined: there is no value. */
  evaluate(name: string, text: string, format: boolean): { readonly value: Sample } | string | undefined;
  /** Sections `resolvers`, at work. */
  resolvers(): readonly Resolvers[];
  /** Sections `peers`, at work. */
  peers(): readonly PeersAtWork[];
  /** What statistics are read from. */
  readonly stats: StatsView;
  /** Asks the threads for what only they know; before statistics of the process are told. */
  refreshNumbers(): Promise<void>;
  threadNumbers(): Promise<readonly ThreadNumbers[]>;
  readonly profiling: Profiling;
  badMessages(): Promise<readonly BadMessageReport[]>;
  listeningDescriptors(): readonly ListeningDescriptor[];
  /** Of all frontends; none while stopping. */
  listeningSockets(): readonly PassedSocket[];
  /** About this process itself. */
  warn(text: string): void;
  eventRings(): readonly EventRing[];
  readonly traces: TraceBook;
  /** To the log targets of the global section. */
  logGlobally(text: string): void;
  /** The key that hides names where a connection has not chosen its own; 0: there is none. */
  readonly anonymity: { key: number };
  /** Warnings and alerts of the start, as they were printed. */
  readonly startupLogs: readonly string[];
  readonly sockets: readonly AdminSocket[];
  /** Undefined: there are no virtual addresses. */
  vrrp(): VrrpAccess | undefined;
}
