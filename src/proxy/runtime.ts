/**
 * What a data thread works with: the configuration compiled for serving. Requests see this only, never the text
 * or its syntax tree. Built by proxy/compile-runtime.ts when a thread starts.
 */
import type { ListenerFacts, ProcessFacts, ProxyFacts, ServersView, StatsView } from '../acl/context.ts';
import type { VariableStore } from '../acl/variables.ts';
import type { HeadLimits } from '../http/request-parser.ts';
import type { RequestRendering } from '../http/request-head.ts';
import type { Bind } from '../model/bind.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection, ConnectTarget, Engine } from '../net/connection.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { RuleContext } from '../rules/context.ts';
import type { ProxyRules } from '../rules/proxy-rules.ts';

/** One data thread's belongings, handed to everything it runs. */
export interface DataThread {
  readonly index: number;
  readonly engine: Engine;
  readonly wheel: TimerWheel;
  readonly buffers: BufferPool;
  readonly process: ProcessFacts;
  readonly stats: StatsView;
  readonly servers: ServersView;
  readonly variables: VariableStore;
  /** A soft stop is under way: connections close after the request they serve. */
  stopping: boolean;
}

export interface ListenerRuntime {
  readonly config: Bind;
  readonly frontend: FrontendRuntime;
  readonly facts: ListenerFacts;
  /** A connection came (false: over a limit, close it) and went. */
  opened(): boolean;
  closed(): void;
}

export interface FrontendRuntime {
  readonly config: Proxy;
  readonly facts: ProxyFacts;
  readonly limits: HeadLimits;
  readonly rules: ProxyRules;
  /** Client connections may serve several requests. */
  readonly keepsClients: boolean;
  /** First matching use_backend, else the default one. */
  chooseBackend(transaction: RuleContext): BackendRuntime | undefined;
  /** Log and count: once for each request, and for each TCP session. */
  finished(transaction: RuleContext): void;
}

export interface BackendRuntime {
  readonly config: Proxy;
  readonly facts: ProxyFacts;
  readonly servers: readonly ServerRuntime[];
  readonly slots: Slots;
  readonly rules: ProxyRules;
  readonly requestRendering: RequestRendering;
  readonly abortOnClose: boolean;
  readonly retryOn: ReadonlySet<string>;
  /** The algorithm gives another server at each call (roundrobin, leastconn, random). */
  readonly isRoundRobin: boolean;
  /** Header edits every forwarded request gets. */
  prepare(transaction: RuleContext): void;
  /** Header edits every response from a server gets. */
  prepareResponse(transaction: RuleContext): void;
  /** Persistence that is not the balancer's: cookies, use-server rules. */
  persistentServer(transaction: RuleContext): ServerRuntime | undefined;
  /** The balancer's choice among usable servers with room; `full` when only full ones are left. */
  balance(transaction: RuleContext, avoid: ServerRuntime | undefined): ServerRuntime | 'full' | undefined;
  /** Servers that can take traffic now. */
  usableServers(): number;
}

export interface ServerRuntime {
  readonly config: Server;
  readonly backend: BackendRuntime;
  /** Row of the shared server table. */
  readonly row: number;
  /** Where to connect; with `mapPorts` the port is the client's destination port plus the offset. */
  target(clientPort: number): ConnectTarget;
  readonly idle: IdleConnections;
}

/** Idle connections of one server in this thread. */
export interface IdleConnections {
  /** The most recently used one that still lives and was, for `proven`, already reused once. */
  take(proven: boolean): Connection | undefined;
  /** False: the pool is full; the caller closes it. */
  put(connection: Connection, reusedBefore: boolean): boolean;
}

export interface Waiter {
  /** A slot on that server is now the waiter's. */
  onSlot(server: ServerRuntime): void;
}

/** Slots (maxconn) and queues of a backend's servers, shared by all threads. */
export interface Slots {
  /** Takes a slot if the server has one free. */
  tryTake(server: ServerRuntime): boolean;
  /** Waits for that server, or for any of the backend's; false: the queue is full. */
  wait(waiter: Waiter, server: ServerRuntime | undefined): boolean;
  leave(waiter: Waiter): void;
  release(server: ServerRuntime): void;
}
