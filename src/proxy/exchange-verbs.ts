/**
 * What rules can do to an exchange (rules/context.ts). Most of it is written down, and heeded by those who come to it.
 */
import type { BandwidthInForce, BandwidthLimit } from '../model/bandwidth-limit.ts';
import { BandwidthLimits } from './bodies/bandwidth.ts';
import type { PatternUpdate } from '../acl/pattern-changes.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Endpoint } from '../net/connection.ts';
import type { IpAddress } from '../base/ip-address.ts';
import type {
  AttachedServer,
  CacheLookup,
  ConnectionSide,
  ErrorPages,
  ResolveRequest,
  RuleContext,
  TimeoutKind,
} from '../rules/context.ts';
import { setMark, setTos } from '../net/socket-options.ts';
import type { StatusKinds } from '../rules/status-kinds.ts';
import { TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import { ExchangeCaching } from './caching/exchange-caching.ts';
import { ExchangeSamples } from './exchange-samples.ts';

export abstract class ExchangeVerbs extends ExchangeSamples implements RuleContext {
  get statusKinds(): StatusKinds {
    return this.thread.statusKinds;
  }

  attachTo(server: AttachedServer, name: string): void {
    this.client.attachment = { ...server, name };
  }

  beginOwnCounters(): TrackedCounters {
    return (this.ownCounters ??= this.keptCounters ??= new TrackedCounters());
  }

  beginSessionCounters(): TrackedCounters {
    return (this.client.counters ??= new TrackedCounters());
  }

  setLogLevel(level: number): void {
    this.logLevel = level;
  }
  limitBandwidth(filter: BandwidthLimit, limit: BandwidthInForce): void {
    (this.bandwidth ??= new BandwidthLimits()).set(filter, limit);
  }
  setTimeout(kind: TimeoutKind, ms: number): void {
    this.ownTimeouts = { ...this.ownTimeouts, [kind]: ms };
  }
  setPriorityClass(value: number): void {
    this.priorityClass = value;
  }
  setPriorityOffset(value: number): void {
    this.priorityOffset = value;
  }
  setRetries(count: number): void {
    this.retriesAllowed = count;
  }
  disableL7Retry(): void {
    this.mayRetryRequest = false;
  }
  setSource(endpoint: Endpoint): void {
    this.client.source = endpoint;
  }
  setDestination(endpoint: Endpoint): void {
    this.client.destination = endpoint;
  }
  setTos(side: ConnectionSide, tos: number): void {
    const connection = side === 'client' ? this.client.connection : this.serverConnection;
    if (connection !== undefined && connection.fd >= 0) setTos(connection.fd, connection.remote.family, tos);
  }
  setMark(side: ConnectionSide, mark: number): void {
    const connection = side === 'client' ? this.client.connection : this.serverConnection;
    if (connection !== undefined && connection.fd >= 0) setMark(connection.fd, mark);
  }
  expectNetscalerCip(): void {
    this.netscalerCipExpected = true;
  }
  expectProxyProtocol(): void {
    this.proxyProtocolExpected = true;
  }
  sendEarlyHints(headers: readonly (readonly [name: string, value: string])[]): void {
    this.onEarlyHints?.(headers);
  }
  logNow(origin: string, profile: string | undefined): void {
    this.timers.endedAt = this.thread.wheel.now;
    this.frontendRuntime.logNow(this, origin, profile);
    this.timers.endedAt = -1;
  }
  logText(level: number, text: string): boolean {
    return this.frontendRuntime.logText(level, text);
  }
  resolveName(request: ResolveRequest): IpAddress | 'pending' | undefined {
    return this.pendingName.resolve(request, this.thread.names);
  }
  publishPatternUpdate(update: PatternUpdate): void {
    this.thread.publishPatternUpdate(update);
  }
  useCache(name: string): CacheLookup {
    this.caching ??= new ExchangeCaching(this.thread);
    const outcome = this.caching.use(name, this.request as Http1RequestHead);
    if (outcome === 'found') this.cacheHit = name;
    if (outcome !== 'not asked') this.counts.cacheLookup(this.#servingBackend(), outcome === 'found');
    return outcome;
  }
  /** What came from a cache stays where it is. */
  storeInCache(name: string): string {
    if (this.cacheHit !== undefined) return 'not stored: it comes from a cache';
    if (this.caching === undefined) return 'not stored: no cache-use rule was evaluated';
    const { request, response } = this;
    return this.caching.store(
      name,
      request as Http1RequestHead,
      response as Http1ResponseHead,
      this.frontendRuntime.limits,
    );
  }
  /** Whose rules run: the backend's, if that is another proxy than the frontend. */
  #servingBackend(): boolean {
    return this.backendRuntime !== undefined && this.backendRuntime.config !== this.frontendRuntime.config;
  }
  countFailedRewrite(): void {
    this.failedRewrites++;
  }

  get bodyRoom(): number {
    return Math.max(this.frontendRuntime.limits.maxHeadBytes, this.largeRoom);
  }
  get frontendErrorPages(): ErrorPages | undefined {
    return this.frontendRuntime.rules.errorPages;
  }
  get backendErrorPages(): ErrorPages | undefined {
    return this.backendRuntime?.rules.errorPages;
  }
}
