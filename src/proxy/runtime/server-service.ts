/** A server of one data thread: where to connect, and its idle connections. */
import type { CompiledExpression } from '../../acl/compiled.ts';
import type { SampleContext } from '../../acl/context.ts';
import type { Tune } from '../../model/global.ts';
import type { Server } from '../../model/server.ts';
import type { HttpReuse } from '../../model/proxy.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Endpoint } from '../../net/connection.ts';
import { descriptorsBeyond } from '../../net/descriptor-limit.ts';
import { IdlePool, type IdlePoolOptions, type IdlePoolOwner } from '../../net/idle-pool.ts';
import { OF_CLIENT } from '../../net/network-namespace.ts';
import { openConnection } from '../server/open-connection.ts';
import { compileSource, type OutgoingFacts, type SourceOf } from '../server/outgoing-source.ts';
import type { ServerAddress, ServerAddresses } from '../../state/server-addresses.ts';
import { connectOptions, ipTarget, keyOfTarget, type ConnectOptions } from '../server/connect-target.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { compileConnectionName, compileSni, ServerSecurity } from '../server/server-security.ts';
import { compileProxyHeader, type ProxyHeader } from '../server/send-proxy.ts';
import type { BackendRuntime, DataThread, ServerRuntime } from './runtime.ts';
import type { AttachedLinks } from '../reverse/attached-links.ts';
import { BackendCounts } from '../http2/server-counts.ts';
import { ServerDials } from '../http2/server-dials.ts';
import { ServerLinks } from '../http2/server-links.ts';
import { keepLink } from '../http2/server-reuse.ts';
import { ServerProtocol } from '../server/server-protocol.ts';
import { observerOf, type ServerObserver } from '../server/server-observer.ts';

export class ServerService implements ServerRuntime, IdlePoolOwner {
  readonly config: Server;
  readonly backend: BackendRuntime;
  readonly row: number;
  readonly idle: IdlePool;
  readonly observer: ServerObserver | undefined;
  readonly proxyHeader: ProxyHeader | undefined;
  readonly security: ServerSecurity | undefined;
  readonly protocol: ServerProtocol;
  readonly links: ServerLinks | undefined;
  readonly isPrivate: boolean;
  readonly reuse: HttpReuse;
  readonly attached: AttachedLinks | undefined;
  readonly endsConnections: boolean;
  readonly redirPrefix: string | undefined;
  readonly #thread: DataThread;
  readonly #addresses: ServerAddresses;
  readonly #options: ConnectOptions;
  readonly #isOfClientNamespace: boolean;
  readonly #isForeign: boolean;
  readonly #poolMaxConn: number;
  readonly #connectionName: CompiledExpression | undefined;
  readonly #sourceOf: SourceOf | undefined;
  #version = -1;
  #address: ServerAddress = { ip: undefined, port: 0, mapPorts: false };
  /** Where every connection goes, unless that depends on the client. */
  #target: ConnectTarget | undefined;

  constructor(
    config: Server,
    row: number,
    backend: BackendRuntime,
    thread: DataThread,
    environment: () => RuleEnvironment,
  ) {
    this.config = config;
    this.backend = backend;
    this.row = row;
    this.#thread = thread;
    this.idle = new IdlePool(thread.wheel, idleOptions(config, thread.tune), this);
    this.observer = observerOf(config, row, thread.state.servers, thread.reportErrors);
    this.proxyHeader = config.sendProxy && compileProxyHeader(config.sendProxy, environment);
    this.protocol = new ServerProtocol(config);
    this.security = securityOf(config, backend, thread, environment);
    this.#addresses = thread.state.servers.addresses;
    this.#options = connectOptions(config, backend.config, thread.tune);
    const source = config.source ?? backend.config.source;
    this.#isOfClientNamespace = config.namespace === OF_CLIENT;
    this.#isForeign = source?.usesrc !== undefined || this.#isOfClientNamespace;
    this.#poolMaxConn = config.poolMaxConn;
    this.#connectionName = compileConnectionName(config, environment);
    const isReverse = config.address.kind === 'reverse';
    this.reuse = isReverse ? 'always' : backend.config.httpReuse;
    this.isPrivate = this.proxyHeader !== undefined || this.reuse === 'never' || this.#isForeign;
    this.links = linksOf(this, thread);
    this.attached = isReverse && thread.watcher === undefined ? attachedOf(this, thread) : undefined;
    this.endsConnections = config.strictMaxconn === true;
    this.redirPrefix = config.redirPrefix;
    this.#sourceOf = compileSource(source, thread.index, thread.state.plan.threads);
  }

  /** Where connections carry many requests each, it is not those that are counted. */
  connectionsUsed(): number {
    const links = this.links?.used ?? 0;
    return links > 0 ? links : this.#thread.state.queues.held(this.row);
  }

  /** The limit is that of the server, whichever threads keep its connections. */
  mayKeepIdle(): boolean {
    const most = this.#poolMaxConn;
    return most <= 0 || this.#thread.state.servers.idle(this.row) < most;
  }

  idleChanged(size: number, proven: number): void {
    // what rests here leads to connections of other threads
    if (this.attached !== undefined) return;
    this.#thread.state.servers.setIdle(this.#thread.index, this.row, size, proven);
  }

  get address(): ServerAddress {
    this.#follow();
    return this.#address;
  }

  target(facts: OutgoingFacts): ConnectTarget {
    this.#follow();
    const target = this.#target ?? this.#targetFor(facts);
    if (this.#sourceOf === undefined || target.kind === 'unix') return target;
    const source = this.#sourceOf(facts);
    const { source: _configured, ...rest } = target;
    return source === undefined ? rest : { ...rest, source };
  }

  get generation(): number {
    this.#follow();
    return this.#version;
  }

  /** Ports of a range are of no interest. */
  connectionKey(facts: OutgoingFacts & SampleContext): string {
    this.#follow();
    const name = this.#connectionName?.string(facts) ?? '';
    if (this.attached !== undefined) return name;
    const place = this.#target === undefined ? keyOfTarget(this.target(facts)) : '';
    if (this.#connectionName !== undefined) return `${name} ${place}`;
    return this.security === undefined ? place : `${this.security.sni(facts)} ${place}`;
  }

  mayConnectIn(key: string): number {
    return this.attached === undefined ? 0 : this.#thread.reverse.mayConnectIn(this.row, key);
  }

  connect(facts: OutgoingFacts & SampleContext, handler: ConnectionHandler): Connection | undefined {
    if (this.attached !== undefined)
      return this.#thread.reverse.connect(this.row, this.connectionKey(facts), handler);
    const made = openConnection(this.#thread.engine, this, facts, handler);
    made.sparesPort = true;
    return made;
  }

  /** Notices that the server has moved: what is connected to its old place is not used again. */
  #follow(): void {
    const version = this.#addresses.version(this.row);
    if (version === this.#version) return;
    if (this.#version >= 0) this.#leavePlace();
    this.#version = version;
    this.#address = this.#addresses.read(this.row);
    this.#target = this.#fixedTarget();
  }

  #leavePlace(): void {
    this.idle.clear();
    this.links?.forget();
  }

  #fixedTarget(): ConnectTarget | undefined {
    const { address } = this.config;
    if (address.kind === 'unix') return { kind: 'unix', path: address.path };
    if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
    const { ip, port, mapPorts } = this.#address;
    if (mapPorts || this.#isForeign || ip === undefined || isUnspecified(ip.toString())) return undefined;
    return ipTarget(ip.family, ip.toString(), port, this.#options);
  }

  /** Without a port of its own it takes the client's, shifted; without an address too (manual, `server`). */
  #targetFor(facts: OutgoingFacts): ConnectTarget {
    const { ip, port, mapPorts } = this.#address;
    const { host, family, port: clientPort } = facts.client?.destination ?? UNKNOWN;
    const toPort = mapPorts ? clientPort + port : port;
    const options = this.#optionsFor(facts);
    if (ip === undefined) return ipTarget(4, NOWHERE, toPort, options);
    if (!isUnspecified(ip.toString())) return ipTarget(ip.family, ip.toString(), toPort, options);
    return ipTarget(family === 6 ? 6 : 4, host, toPort, options);
  }

  #optionsFor({ client }: OutgoingFacts): ConnectOptions {
    if (!this.#isOfClientNamespace || client?.namespace === undefined) return this.#options;
    return { ...this.#options, namespace: client.namespace };
  }
}

function attachedOf({ config, row, backend }: ServerService, thread: DataThread): AttachedLinks {
  const { servers, counters } = thread.state;
  const { poolMaxConn, maxReuse } = config;
  return thread.reverse.linksOf(row, () => ({
    wheel: thread.wheel,
    buffers: thread.buffers,
    settings: thread.http2Servers,
    counts: new BackendCounts(counters, backend.row),
    maxReuse,
    pingMs: pingMsOf(config),
    mayKeep: () => poolMaxConn < 0 || servers.idle(row) < poolMaxConn,
    restingChanged: count => servers.setIdle(thread.index, row, count, count),
  }));
}

function pingMsOf({ otherOptions }: Server): number {
  return Number(otherOptions.get('idle-ping')?.[0] ?? 0);
}

function linksOf(server: ServerService, thread: DataThread): ServerLinks | undefined {
  const { protocol, backend, config } = server;
  if (!protocol.mayBeHttp2 || backend.config.mode !== 'http') return undefined;
  const limits = { maxReuse: config.maxReuse, pingMs: pingMsOf(config) };
  const dials = dialsOf(server, thread);
  return new ServerLinks(thread, backend.row, limits, link => keepLink(server, link), dials);
}

function dialsOf(
  { protocol, reuse, config, isPrivate }: ServerService,
  thread: DataThread,
): ServerDials | undefined {
  if (isPrivate || reuse !== 'always') return undefined;
  const { maxStreams } = thread.http2Servers;
  const most = config.maxReuse < 0 ? maxStreams : Math.min(maxStreams, config.maxReuse + 1);
  return new ServerDials(most, protocol.isHttp2(undefined, false));
}

function securityOf(
  config: Server,
  backend: BackendRuntime,
  thread: DataThread,
  environment: () => RuleEnvironment,
): ServerSecurity | undefined {
  // what `lb explain` looks at has no network
  if (config.ssl === undefined || thread.watcher !== undefined) return undefined;
  const sni = compileSni(config, config.ssl, backend.config.mode, environment);
  return new ServerSecurity(config.ssl, thread.serverContexts, sni);
}

function idleOptions(config: Server, tune: Tune): IdlePoolOptions {
  const { poolMaxConn, poolPurgeDelayMs, maxReuse, poolLowConn, strictMaxconn } = config;
  return {
    maxConn: strictMaxconn === true ? 0 : poolMaxConn,
    purgeDelayMs: poolPurgeDelayMs,
    maxReuse,
    lowConn: poolLowConn,
    keptBelow: descriptorsBeyond(tune.poolLowFdRatio),
    evictedFrom: descriptorsBeyond(tune.poolHighFdRatio),
  };
}

const UNKNOWN: Endpoint = { family: 0, host: '255.255.255.255', port: 0 };

/** A server whose name has no address: connecting fails, as it should. */
const NOWHERE = '255.255.255.255';

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
