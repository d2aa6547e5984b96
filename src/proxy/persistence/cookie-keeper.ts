/** A backend's cookie persistence: reads requests, remembers what it saw for the response (cookie-persistence.ts). */
import type { CookiePersistence } from '../../model/proxy.ts';
import {
  newerDates,
  NO_DATES,
  readRequestCookies,
  writeResponseCookie,
  type CookieFound,
} from './cookie-persistence.ts';
import { DynamicCookies } from './dynamic-cookie.ts';
import type { CookieMemory, ExchangeContext, ServerRuntime } from '../runtime/runtime.ts';

/** What commands change of a backend's cookies. */
export interface DynamicCookieSetting {
  readonly dynamic: boolean;
  /** Undefined: that of the configuration. */
  readonly key: string | undefined;
}

type Usable = (server: ServerRuntime) => boolean;

export class CookieKeeper {
  readonly #settings: CookiePersistence;
  readonly #byValue: ReadonlyMap<string, readonly ServerRuntime[]>;
  readonly #servers: readonly ServerRuntime[];
  readonly #dynamic: DynamicCookies | undefined;

  constructor(settings: CookiePersistence, servers: readonly ServerRuntime[]) {
    this.#settings = settings;
    this.#servers = servers;
    const { dynamic, dynamicKey } = settings;
    this.#dynamic = dynamic && dynamicKey !== undefined ? new DynamicCookies(dynamicKey) : undefined;
    this.#byValue = byCookie(servers);
  }

  /**
   * Takes the cookie out of the request where the server shall not see it. Once, before the request is rendered.
   * Of several servers with that value the first one is meant that can be used.
   */
  read(ctx: ExchangeContext, usable: Usable, isUp: Usable): void {
    if (ctx.request === undefined) return;
    ctx.cookieRead = true;
    this.#tell(ctx, 'NN');
    const { headers } = ctx.request;
    readRequestCookies(this.#settings, headers, Date.now(), found => this.#judge(ctx, found, usable, isUp));
  }

  #judge(ctx: ExchangeContext, { value, expired, dates }: CookieFound, usable: Usable, isUp: Usable): void {
    if (ctx.cookieServer !== undefined) return;
    ctx.cookieDates = expired === undefined ? newerDates(ctx.cookieDates, dates) : NO_DATES;
    if (expired !== undefined) return this.#remember(ctx, expired, undefined);
    const isUnused = ctx.persistIgnored || ctx.ruledServer !== undefined;
    const named = isUnused || value === '' ? [] : this.#serversWith(value);
    const server = named.find(usable);
    if (server !== undefined) this.#remember(ctx, isUp(server) ? 'V' : 'D', server);
    else if (named.length > 0) this.#remember(ctx, 'D', undefined);
    else if (!/^[DEO]/.test(ctx.cookieState)) this.#remember(ctx, isUnused ? 'U' : 'I', undefined);
  }

  #serversWith(value: string): readonly ServerRuntime[] {
    return this.#byValue.get(value) ?? this.#withDynamic(value);
  }

  #withDynamic(value: string): readonly ServerRuntime[] {
    const dynamic = this.#dynamic;
    if (dynamic === undefined) return [];
    return this.#servers.filter(server => server.config.cookie === undefined && dynamic.of(server) === value);
  }

  /** The response of `server` says where the next request shall go. */
  write(ctx: ExchangeContext, server: ServerRuntime): void {
    if (ctx.response === undefined) return;
    const { status, headers } = ctx.response;
    const method = ctx.requestLine?.method ?? '';
    const letter = writeResponseCookie(this.#settings, headers, {
      server: server.config.cookie ?? this.#dynamic?.of(server),
      method,
      status,
      ignored: ctx.persistIgnored,
      direct: ctx.directServer === server,
      dates: ctx.cookieDates,
      nowMs: Date.now(),
    });
    this.#tell(ctx, `${ctx.cookieState.charAt(0)}${letter}`);
  }

  #remember(ctx: CookieMemory, letter: string, server: ServerRuntime | undefined): void {
    this.#tell(ctx, `${letter}N`);
    ctx.cookieServer = server;
  }

  /** Of cookies that are only looked at nothing is logged. */
  #tell(ctx: CookieMemory, state: string): void {
    if (isTold(this.#settings)) ctx.cookieState = state;
  }
}

/** Whether the log says what became of the cookie (manual, section 8.5): not of one that passes untouched. */
export function isTold(settings: CookiePersistence | undefined): boolean {
  return settings !== undefined && (settings.mode !== 'passive' || settings.indirect);
}

function byCookie(servers: readonly ServerRuntime[]): Map<string, ServerRuntime[]> {
  const found = new Map<string, ServerRuntime[]>();
  for (const server of servers) {
    const { cookie } = server.config;
    if (cookie === undefined) continue;
    const others = found.get(cookie);
    if (others === undefined) found.set(cookie, [server]);
    else others.push(server);
  }
  return found;
}
