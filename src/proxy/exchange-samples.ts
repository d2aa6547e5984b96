/**
 * One exchange as samples and log formats read it: facts only, computed when they are asked for (acl/context.ts).
 */
import type {
  BodyFacts,
  ListenerFacts,
  ProcessFacts,
  ProxyFacts,
  SampleContext,
  ServerFacts,
  ServersView,
  StatsView,
  TimeoutFacts,
  TransactionFacts,
} from '../acl/context.ts';
import type { ExchangeMemory } from '../acl/variable-memory.ts';
import { VariableStore } from '../acl/variables.ts';
import type { CaptureSide, CaptureSlots } from '../rules/capture-slots.ts';
import type { TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import { ExchangeRecord } from './exchange-record.ts';
import { NO_ROW } from './runtime/runtime.ts';
import { ServerConnectionFacts } from './server/server-connection-facts.ts';

const NO_CAPTURES: (string | undefined)[] = [];

export abstract class ExchangeSamples extends ExchangeRecord implements SampleContext, TransactionFacts {
  get transaction(): TransactionFacts {
    return this;
  }
  get requestBody(): BodyFacts | undefined {
    return this.bodies?.inspectRequestBody();
  }
  get responseBody(): BodyFacts | undefined {
    return this.bodies?.inspectResponseBody();
  }
  get isHttp(): boolean {
    return this.bodies !== undefined;
  }
  get servedBy(): string | undefined {
    if (this.cacheHit !== undefined) return '<CACHE>';
    if (this.statistics !== undefined) return '<STATS>';
    if (this.scriptService !== undefined) return `<${this.service}>`;
    return this.service === 'prometheus-exporter' ? '<PROMEX>' : undefined;
  }
  get lastRule(): TransactionFacts['lastRule'] {
    return this.finalRule?.position;
  }
  get waitingEntity(): string | undefined {
    const heldBy = this.heldBy ?? this.lostBy;
    if (heldBy === undefined || heldBy === 'http-buffer-request') return heldBy;
    return `${heldBy.position.file}:${heldBy.position.line}`;
  }
  get frontendConnections(): number {
    const { limits } = this.thread.state;
    return limits.shown(limits.frontend(this.frontendRuntime.row));
  }
  get backendConnections(): number {
    const { limits } = this.thread.state;
    return this.backendRuntime === undefined ? 0 : limits.shown(limits.backend(this.backendRuntime.row));
  }
  get serverConnections(): number {
    const { serverRuntime } = this;
    if (serverRuntime === undefined || serverRuntime.row === NO_ROW) return 0;
    return this.thread.state.servers.served(serverRuntime.row);
  }
  get server(): ServerFacts | undefined {
    return this.serverRuntime === undefined ? undefined : new ServerConnectionFacts(this);
  }
  get listener(): ListenerFacts {
    return this.listenerRuntime.facts;
  }
  get frontend(): ProxyFacts {
    return this.frontendRuntime.facts;
  }
  get backend(): ProxyFacts | undefined {
    return this.backendRuntime?.facts;
  }
  get process(): ProcessFacts {
    return this.thread.process;
  }
  get stats(): StatsView {
    return this.thread.stats;
  }
  get servers(): ServersView {
    return this.thread.servers;
  }
  get sessionCounters(): TrackedCounters | undefined {
    return this.client.counters;
  }
  get processVariables(): VariableStore {
    return this.thread.variables;
  }
  get sessionVariables(): VariableStore {
    return this.client.variables;
  }
  get transactionVariables(): VariableStore {
    return (this.transactionStore ??= new VariableStore(this.#variableMemory()?.transaction));
  }
  get requestVariables(): VariableStore | undefined {
    if (this.inResponse) return undefined;
    return (this.requestStore ??= new VariableStore(this.#variableMemory()?.request));
  }
  get responseVariables(): VariableStore | undefined {
    if (!this.inResponse) return undefined;
    return (this.responseStore ??= new VariableStore(this.#variableMemory()?.response));
  }

  #variableMemory(): ExchangeMemory | undefined {
    const { variableRoom } = this.thread;
    if (variableRoom === undefined) return undefined;
    return (this.variableMemory ??= variableRoom.ofExchange(this.client.variables.memory));
  }

  get captureSlots(): CaptureSlots {
    return this.frontendRuntime.rules.captures;
  }
  get requestCaptures(): (string | undefined)[] {
    return (this.requestCaptured ??= this.#slots('request'));
  }
  get responseCaptures(): (string | undefined)[] {
    return (this.responseCaptured ??= this.#slots('response'));
  }

  /** A request that could not be read has none: its log line shows no braces. */
  #slots(side: CaptureSide): (string | undefined)[] {
    const slots = this.captureSlots[side];
    if (slots.length === 0) return NO_CAPTURES;
    const isUnread = this.timers.endedAt >= 0 && this.isHttp && this.request === undefined;
    return isUnread ? [] : slots.map(() => undefined);
  }

  abstract get uniqueId(): string | undefined;

  get timeouts(): TimeoutFacts {
    const proxy = (this.backendRuntime ?? this.frontendRuntime).facts.timeouts;
    const own = { ...proxy, client: this.frontendRuntime.facts.timeouts.client };
    return this.ownTimeouts === undefined ? own : { ...own, ...this.ownTimeouts };
  }

  /** Milliseconds in force, without building an object. */
  timeout(kind: 'client' | 'server' | 'connect' | 'queue' | 'tunnel' | 'tarpit'): number {
    const own = this.ownTimeouts?.[kind];
    if (own !== undefined) return own;
    const proxy = kind === 'client' ? this.frontendRuntime : (this.backendRuntime ?? this.frontendRuntime);
    return proxy.config.timeouts[kind];
  }
}
