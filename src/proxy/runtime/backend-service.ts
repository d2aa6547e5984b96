/** A backend of one data thread: its rules, persistence, balance, and its servers with their idle connections. */
import type { CompiledExpression } from '../../acl/compiled.ts';
import type { ProxyFacts } from '../../acl/context.ts';
import { ALL_FULL, NO_SERVER, type BalanceFacts, type Balancer } from '../../balancers/balancer.ts';
import { createBalancer } from '../../balancers/create-balancer.ts';
import { nameCaseOf, type NameCase } from '../../http/header-names.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import type { RequestHead } from '../../http/head.ts';
import { responseLimits } from './head-limits.ts';
import type { Config } from '../../model/config.ts';
import type { CookiePersistence, Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import type { Endpoint } from '../../net/connection.ts';
import { compileProxyRules } from '../../rules/compile.ts';
import { looksAtStored } from '../../rules/response-interest.ts';
import type { RuleContext } from '../../rules/context.ts';
import {
  PERSIST_FORCED,
  PERSIST_IGNORED,
  PERSIST_NORMALLY,
  type ProxyRules,
} from '../../rules/proxy-rules.ts';
import type { StoredServer } from '../../rules/sticking.ts';
import type { ServerAddress } from '../../state/server-addresses.ts';
import { SRV_RUNNING } from '../../state/server-words.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { compileBalanceKey } from '../persistence/balance-key.ts';
import type { Environments } from './compile-environment.ts';
import { CookieKeeper, type DynamicCookieSetting } from '../persistence/cookie-keeper.ts';
import {
  compileEarlyData,
  compileForwardFor,
  compileOriginalTo,
  compileUniqueIdHeader,
  type HeaderAdder,
} from '../request/forwarding-headers.ts';
import { compileForwarded } from '../request/forwarded-header.ts';
import { directTarget } from '../server/direct-target.ts';
import { hasRules, NO_RULES } from './no-rules.ts';
import { proxyFacts } from './proxy-facts.ts';
import { serverOfRdpCookie } from '../persistence/rdp-persistence.ts';
import { nameHeaderOf, type NameHeader } from '../request/name-header.ts';
import {
  NO_ROW,
  type BackendRuntime,
  type DataThread,
  type ExchangeContext,
  type ServerRuntime,
} from './runtime.ts';
import { ServerService } from './server-service.ts';

/** As `srvkey addr` stores it. */
function renderAddress({ ip, port }: ServerAddress): string {
  if (ip === undefined) return '';
  return ip.family === 6 ? `[${ip.toString()}]:${port}` : `${ip.toString()}:${port}`;
}

const SAFE_RETRIES = ['conn-failure', 'empty-response', 'response-timeout'];

const ROUND_ROBIN = new Set(['roundrobin', 'static-rr', 'leastconn', 'first', 'random']);

export class BackendService implements BackendRuntime {
  readonly config: Proxy;
  readonly row: number;
  readonly facts: ProxyFacts;
  servers: readonly ServerRuntime[];
  readonly rules: ProxyRules;
  readonly closesServers: boolean;
  readonly pretendsKeepAlive: boolean;
  readonly nameHeader: NameHeader | undefined;
  readonly retriesSafely: boolean;
  readonly responseLimits: HeadLimits;
  readonly nameCase: NameCase | undefined;
  readonly abortOnClose: boolean;
  readonly checksCache: boolean;
  readonly looksAtStored: boolean;
  readonly dropsTrailers: boolean;
  readonly retryOn: ReadonlySet<string>;
  readonly retryStatuses: ReadonlySet<number> | undefined;
  readonly isRoundRobin: boolean;
  cookies: CookieKeeper | undefined;
  /** As they are now: those of the configuration, with what commands made of dynamic cookies. */
  #cookieSettings: CookiePersistence | undefined;
  readonly #firstServer: number;
  /** By row, behind the first; servers added at run time stand in the other. */
  readonly #configured: ServerRuntime[];
  readonly #added = new Map<number, ServerRuntime>();
  readonly #thread: DataThread;
  readonly #state: SharedState;
  readonly #balancer: Balancer | undefined;
  readonly #facts: RequestFacts;
  readonly #proxies: readonly Proxy[];
  readonly #environment: () => RuleEnvironment;
  /** `dispatch`, `option transparent` */
  readonly #direct: ServerRuntime | undefined;
  readonly #forwarded: HeaderAdder | undefined;
  readonly #adders = new Map<number, readonly HeaderAdder[]>();
  /** The frontend that sent the last request here. */
  #lastFrontend: number | undefined = -1;
  #lastAdders: readonly HeaderAdder[] = [];

  constructor(config: Config, row: number, thread: DataThread, environments: Environments) {
    const { proxies } = config;
    const proxy = proxies[row] as Proxy;
    this.#proxies = proxies;
    this.#environment = () => environments.of(proxy);
    const { flags, noFlags } = proxy.options;
    this.config = proxy;
    this.row = row;
    this.facts = proxyFacts(proxy);
    this.#firstServer = thread.state.plan.firstServer[row] as number;
    this.#state = thread.state;
    this.rules = hasRules(proxy) ? compileProxyRules(proxy, environments.of(proxy)) : NO_RULES;
    this.responseLimits = responseLimits(config, proxy);
    this.closesServers = flags.has('httpclose') || flags.has('http-server-close');
    this.pretendsKeepAlive = flags.has('http-pretend-keepalive');
    this.nameHeader = nameHeaderOf(proxy);
    this.dropsTrailers = flags.has('http-drop-request-trailers');
    this.nameCase = nameCaseOf(flags.has('h1-case-adjust-bogus-server'), config.global.h1CaseAdjust);
    this.abortOnClose = flags.has('abortonclose') || (proxy.mode === 'http' && !noFlags.has('abortonclose'));
    this.checksCache = flags.has('checkcache');
    this.looksAtStored = this.checksCache || proxy.compression !== undefined || looksAtStored(this.rules);
    this.retryOn = new Set(proxy.retryOn);
    this.retryStatuses = statusesIn(this.retryOn);
    this.retriesSafely = SAFE_RETRIES.every(event => this.retryOn.has(event));
    this.isRoundRobin = ROUND_ROBIN.has(proxy.balance.algorithm);
    this.#thread = thread;
    this.#configured = proxy.servers.map(
      (server, index) =>
        new ServerService(server, this.#firstServer + index, this, thread, this.#environment),
    );
    this.servers = this.#configured;
    this.#cookieSettings = proxy.cookie;
    this.cookies = proxy.cookie && new CookieKeeper(proxy.cookie, this.servers);
    this.#balancer = createBalancer(thread.state, row, proxy);
    this.#direct = directTarget(this, thread);
    this.#facts = new RequestFacts(compileBalanceKey(proxy, environments));
    this.#forwarded =
      proxy.options.forwarded === undefined ? undefined : compileForwarded(proxy, environments.of(proxy));
  }

  /** What every forwarded request gets, whichever server takes it. */
  prepare(ctx: ExchangeContext): void {
    if (this.cookies !== undefined && !ctx.cookieRead) this.#readCookies(this.cookies, ctx);
    for (const add of this.#headersFor(ctx.frontend?.id)) add(ctx);
  }

  prepareResponse(ctx: ExchangeContext, server: ServerRuntime): void {
    this.cookies?.write(ctx, server);
  }

  /** Of a request that goes no further, before the rules of persistence: for logs. */
  lookAtCookies(ctx: ExchangeContext): void {
    this.cookies?.read(
      ctx,
      server => this.#isReachable(server),
      server => this.#isUp(server),
    );
  }

  #isUp({ row }: ServerRuntime): boolean {
    return this.#state.servers.takesPersistent(row);
  }

  /** `use-server` comes first: a cookie is not used then, but taken out all the same. */
  #readCookies(cookies: CookieKeeper, ctx: ExchangeContext): void {
    const persist = this.#persistence(ctx);
    ctx.persistIgnored = persist === PERSIST_IGNORED;
    ctx.ruledServer = this.#serverOfRules(ctx);
    cookies.read(
      ctx,
      server => persist === PERSIST_FORCED || this.#isReachable(server),
      server => this.#isUp(server),
    );
  }

  #persistence(ctx: ExchangeContext): number {
    const { persistence } = this.rules;
    return persistence.empty ? PERSIST_NORMALLY : persistence.decide(ctx);
  }

  /**
   * `use-server`, cookies and `persist rdp-cookie`, these unless `ignore-persist`; then what `stick` rules find.
   * `force-persist` takes servers that are down too.
   */
  persistentServer(ctx: ExchangeContext): ServerRuntime | undefined {
    ctx.directServer = this.#persistentServer(ctx);
    return ctx.directServer;
  }

  #persistentServer(ctx: ExchangeContext): ServerRuntime | undefined {
    const ruled = ctx.cookieRead ? ctx.ruledServer : this.#serverOfRules(ctx);
    const chosen = ruled ?? ctx.cookieServer ?? this.#serverOfRdpCookie(ctx);
    const { sticking } = this.rules;
    if (sticking.empty) return chosen;
    return sticking.onRequest(ctx, chosen, stored => {
      const server = this.#storedServer(stored);
      return server !== undefined && this.#mayPersist(ctx, server) ? server : undefined;
    });
  }

  #storedServer({ key, by, id }: StoredServer): ServerRuntime | undefined {
    const known = this.servers.find(({ config, address }) =>
      key === '' ? false : (by === 'name' ? config.name : renderAddress(address)) === key,
    );
    return known ?? this.#withId(id);
  }

  serverAnswers(ctx: ExchangeContext, server: ServerRuntime): void {
    const { sticking } = this.rules;
    if (sticking.empty || server.row === NO_ROW || server.config.nonStick) return;
    sticking.onResponse(ctx, server.config.id, server.config.name, renderAddress(server.address));
  }

  #serverOfRules(ctx: ExchangeContext): ServerRuntime | undefined {
    const { serverSwitch } = this.rules;
    if (serverSwitch.empty) return undefined;
    const id = serverSwitch.choose(ctx, wanted => {
      const server = this.#withId(wanted);
      return server !== undefined && this.#mayPersist(ctx, server);
    });
    return id < 0 ? undefined : this.#withId(id);
  }

  #serverOfRdpCookie(ctx: ExchangeContext): ServerRuntime | undefined {
    const { persistRdpCookie } = this.config;
    if (persistRdpCookie === undefined) return undefined;
    this.#facts.ctx = ctx;
    const server = serverOfRdpCookie(this.#facts.payload(), persistRdpCookie, this.servers);
    return server !== undefined && this.#takes(ctx, server) ? server : undefined;
  }

  #takes(ctx: ExchangeContext, server: ServerRuntime): boolean {
    const persist = this.#persistence(ctx);
    if (persist === PERSIST_IGNORED) return false;
    return persist === PERSIST_FORCED || this.#isReachable(server);
  }

  /** `option persist`: servers that are down are tried too, until a redispatch. */
  #isReachable(server: ServerRuntime): boolean {
    return this.config.options.flags.has('persist') || this.#isUp(server);
  }

  /** As `#takes`, but `ignore-persist` is about cookies alone. */
  #mayPersist(ctx: ExchangeContext, server: ServerRuntime): boolean {
    return this.#isReachable(server) || this.#persistence(ctx) === PERSIST_FORCED;
  }

  /** The frontend's settings have a say too: compiled once for each that sends requests here. */
  #headersFor(frontend: number | undefined): readonly HeaderAdder[] {
    if (frontend === this.#lastFrontend) return this.#lastAdders;
    let adders = this.#adders.get(frontend ?? this.config.id);
    if (adders === undefined) {
      const proxy = this.#proxies.find(({ id }) => id === frontend) ?? this.config;
      adders = [
        compileEarlyData(proxy),
        compileUniqueIdHeader(proxy),
        this.#forwarded,
        compileForwardFor(proxy, this.config),
        compileOriginalTo(proxy, this.config),
      ].filter(adder => adder !== undefined);
      this.#adders.set(proxy.id, adders);
    }
    this.#lastFrontend = frontend;
    this.#lastAdders = adders;
    return adders;
  }

  balance(ctx: ExchangeContext, avoid: ServerRuntime | undefined): ServerRuntime | 'full' | undefined {
    if (this.#balancer === undefined) return this.#direct;
    this.#facts.ctx = ctx;
    const row = this.#balancer.pick(this.#facts, avoid?.row ?? NO_SERVER);
    if (row === NO_SERVER) return undefined;
    return row === ALL_FULL ? 'full' : this.serverAt(row);
  }

  mayStay({ row }: ServerRuntime, whateverTheQueue: boolean): boolean {
    const { servers } = this.#state;
    const { maxKeepAliveQueue } = this.config;
    if (row === NO_ROW || !servers.usable(row)) return false;
    if (whateverTheQueue || maxKeepAliveQueue < 0) return true;
    return servers.hasRoom(row) || servers.queued(row) < maxKeepAliveQueue;
  }

  serverAt(row: number): ServerRuntime {
    return this.#configured[row - this.#firstServer] ?? (this.#added.get(row) as ServerRuntime);
  }

  /** The server is in maintenance: nobody will use what rests, but for connections that it has made itself. */
  dropIdle(row: number): void {
    const server = this.servers.find(known => known.row === row);
    if (server?.attached === undefined) server?.idle.clear();
  }

  /** It has other settings, is new, or is gone (undefined). Requests under way keep what they have. */
  serverChanged(row: number, config: Server | undefined): void {
    this.servers.find(server => server.row === row)?.idle.clear();
    if (config?.address.kind !== 'reverse') this.#thread.reverse.forget(row);
    const server = config && new ServerService(config, row, this, this.#thread, this.#environment);
    const place = row - this.#firstServer;
    const isConfigured = place >= 0 && place < this.config.servers.length;
    if (server !== undefined && isConfigured) this.#configured[place] = server;
    if (!isConfigured) this.#added.delete(row);
    if (server !== undefined && !isConfigured) this.#added.set(row, server);
    const others = this.servers.map(known => (known.row === row ? server : known));
    const isKnown = this.servers.some(known => known.row === row);
    this.servers = [...others, isKnown ? undefined : server].filter(known => known !== undefined);
    this.#renewCookies();
  }

  #renewCookies(): void {
    const settings = this.#cookieSettings;
    if (settings !== undefined) this.cookies = new CookieKeeper(settings, this.servers);
  }

  /** `enable dynamic-cookie backend` and its like. */
  setDynamicCookie({ dynamic, key }: DynamicCookieSetting): void {
    const settings = this.#cookieSettings;
    if (settings === undefined) return;
    this.#cookieSettings = { ...settings, dynamic, ...(key !== undefined && { dynamicKey: key }) };
    this.#renewCookies();
  }

  forcesPersistence(ctx: ExchangeContext): boolean {
    return this.#persistence(ctx) === PERSIST_FORCED;
  }

  /** One without a row is an address that nobody watches. */
  isRunning({ row }: ServerRuntime): boolean {
    return row === NO_ROW || this.#state.servers.state(row) === SRV_RUNNING;
  }

  usableServers(): number {
    const usable = this.#state.usable(this.row);
    usable.refresh();
    return usable.count;
  }

  activeServers(): number {
    const usable = this.#state.usable(this.row);
    usable.refresh();
    return usable.activeCount;
  }

  #withId(id: number): ServerRuntime | undefined {
    return this.servers.find(({ config }) => config.id === id);
  }
}

const NOBODY: Endpoint = { family: 0, host: '', port: 0 };

/** What a balancer may ask, answered from the request at hand; one object for all requests of the thread. */
class RequestFacts implements BalanceFacts {
  ctx: RuleContext | undefined;
  readonly #key: CompiledExpression | undefined;

  constructor(key: CompiledExpression | undefined) {
    this.#key = key;
  }

  get remote(): Endpoint {
    return this.ctx?.client?.source ?? NOBODY;
  }
  get request(): RequestHead | undefined {
    return this.ctx?.request;
  }
  payload(): string {
    const bytes = this.ctx?.requestPayload ?? this.ctx?.requestBody;
    return bytes === undefined
      ? ''
      : bytes.buffer.toString('latin1', bytes.offset, bytes.offset + bytes.length);
  }
  expression(): string | undefined {
    return this.ctx === undefined ? undefined : this.#key?.binary(this.ctx);
  }
}

function statusesIn(words: ReadonlySet<string>): ReadonlySet<number> | undefined {
  const statuses = [...words].map(Number).filter(status => status > 0);
  return statuses.length === 0 ? undefined : new Set(statuses);
}
