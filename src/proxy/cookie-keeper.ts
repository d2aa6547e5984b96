/** A backend's cookie persistence: reads requests, remembers what it saw for the response (cookie-persistence.ts). */
import type { CookiePersistence } from '../model/proxy.ts';
import { readRequestCookie, writeResponseCookie } from './cookie-persistence.ts';
import { DynamicCookies } from './dynamic-cookie.ts';
import type { CookieMemory, ExchangeContext, ServerRuntime } from './runtime.ts';

/** What commands change of a backend's cookies. */
export interface DynamicCookieSetting {
  readonly dynamic: boolean;
  /** Undefined: that of the configuration. */
  readonly key: string | undefined;
}

export class CookieKeeper {
  readonly #settings: CookiePersistence;
  readonly #byValue: ReadonlyMap<string, ServerRuntime>;
  readonly #servers: readonly ServerRuntime[];
  readonly #dynamic: DynamicCookies | undefined;

  constructor(settings: CookiePersistence, servers: readonly ServerRuntime[]) {
    this.#settings = settings;
    this.#servers = servers;
    const { dynamic, dynamicKey } = settings;
    this.#dynamic = dynamic && dynamicKey !== undefined ? new DynamicCookies(dynamicKey) : undefined;
    this.#byValue = new Map(
      servers.flatMap(server =>
        server.config.cookie === undefined ? [] : [[server.config.cookie, server] as const],
      ),
    );
  }

  /** Takes the cookie out of the request where the server shall not see it. Once, before the request is rendered. */
  read(ctx: ExchangeContext, usable: (server: ServerRuntime) => boolean): void {
    if (ctx.cookieRead || ctx.request === undefined) return;
    ctx.cookieRead = true;
    const found = readRequestCookie(this.#settings, ctx.request.headers, Date.now());
    if (found === undefined) return this.#remember(ctx, 'N', undefined);
    ctx.cookieDates = found.dates;
    const server = this.#byValue.get(found.value) ?? this.#withDynamic(found.value);
    if (server === undefined) return this.#remember(ctx, 'I', undefined);
    if (found.expired !== undefined) return this.#remember(ctx, found.expired, undefined);
    if (!usable(server)) return this.#remember(ctx, 'D', undefined);
    this.#remember(ctx, 'V', server);
  }

  #withDynamic(value: string): ServerRuntime | undefined {
    const dynamic = this.#dynamic;
    if (dynamic === undefined) return undefined;
    return this.#servers.find(server => server.config.cookie === undefined && dynamic.of(server) === value);
  }

  /** The response of `server` says where the next request shall go. */
  write(ctx: ExchangeContext, server: ServerRuntime): void {
    const value = server.config.cookie ?? this.#dynamic?.of(server);
    if (value === undefined || ctx.response === undefined) return;
    const request = {
      method: ctx.requestLine?.method ?? '',
      valid: ctx.cookieServer === server,
      dates: ctx.cookieDates,
    };
    const letter = writeResponseCookie(this.#settings, ctx.response.headers, value, request, Date.now());
    ctx.cookieState = `${ctx.cookieState.charAt(0)}${letter}`;
  }

  #remember(ctx: CookieMemory, letter: string, server: ServerRuntime | undefined): void {
    ctx.cookieState = `${letter}-`;
    ctx.cookieServer = server;
  }
}
