/**
 * The statistics page of a proxy as a service: answers requests for its prefix with the page itself, its live
 * events or one of the machine formats, and carries out what administrators send (manual, `stats enable`).
 */
import {
  piecesSource,
  streamedAnswer,
  textAnswer,
  type LocalAnswer,
  type LocalRequest,
  type LocalService,
} from '../../http/local-service.ts';
import type { Proxy, StatsSettings } from '../../model/proxy.ts';
import { JSON_SCHEMA } from '../json-schema.ts';
import { statPieces } from '../render-stat.ts';
import { subjectsOf, type RowFilter } from '../rows.ts';
import type { ServerEntry, StatsView } from '../view.ts';
import { parseActionForm, type ActionForm, type ServerAction } from './action-form.ts';
import { CONTENT_SECURITY_POLICY } from './assets.ts';
import { pageEnd, pageStart, type PageFacts } from './document.ts';
import { LiveEvents } from './events.ts';
import { parseTarget, targetText, type Outcome, type PageTarget } from './target.ts';
import { tableEnd, tableRow, tableStart, type TableOptions } from './table.ts';

interface PageEnvironment {
  readonly view: StatsView;
  /** Acts on servers, by their rows; tells how many were changed. */
  readonly act: (action: ServerAction, rows: readonly number[], done: (changed: number) => void) => void;
}

const DEFAULT_LIVE_SECONDS = 2;
const SERVERS_A_SECOND = 800;
/** Pages that are updated at a time, in each thread. */
const MOST_LISTENERS = 64;
const ROWS_IN_PIECE = 25;
const NO_CACHE = [['cache-control', 'no-cache']] as const;
const PAGE_HEADERS = [
  ...NO_CACHE,
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'same-origin'],
] as const;

export class StatisticsPages {
  readonly #environment: PageEnvironment;
  #listeners = 0;

  constructor(environment: PageEnvironment) {
    this.#environment = environment;
  }

  /** The page of the proxy in that row of the plan. */
  page(proxyRow: number, admin: boolean): LocalService {
    const proxy = this.#environment.view.config.proxies[proxyRow] as Proxy;
    const stats = proxy.stats as StatsSettings;
    return {
      ignoresBody: !admin,
      answer: (request, done) => {
        const target = parseTarget(afterPrefix(request.target, stats.uri));
        if (request.method === 'POST') this.#act(request, stats, target, admin, done);
        else done(this.#show(stats, proxy, target, admin));
      },
    };
  }

  #show(stats: StatsSettings, proxy: Proxy, target: PageTarget, admin: boolean): LocalAnswer {
    const { view } = this.#environment;
    const filter = filterOf(stats, proxy, target);
    const refresh = refreshHeader(stats, target);
    switch (target.form) {
      case 'schema':
        return textAnswer(200, 'OK', 'application/json', JSON_SCHEMA, [...NO_CACHE, ...refresh]);
      case 'events':
        return this.#live(stats, filter);
      case 'html': {
        const facts = { view, stats, target, liveSeconds: liveSeconds(stats, view) };
        const options = { legends: stats.showLegends, modules: stats.showModules, admin };
        const pieces = pagePieces(facts, filter, options);
        return streamedAnswer('text/html; charset=utf-8', piecesSource(pieces), [
          ...PAGE_HEADERS,
          ...refresh,
        ]);
      }
      default: {
        const type = target.form === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
        const source = piecesSource(statPieces(view, filter, target.form));
        return streamedAnswer(type, source, [...NO_CACHE, ...refresh]);
      }
    }
  }

  #live(stats: StatsSettings, filter: RowFilter): LocalAnswer {
    if (this.#listeners >= MOST_LISTENERS) {
      const again = [['retry-after', '30']] as const;
      return textAnswer(503, 'Service Unavailable', 'text/plain', 'too many pages are open\n', again);
    }
    this.#listeners++;
    const { view } = this.#environment;
    const events = new LiveEvents(view, filter, liveSeconds(stats, view) * 1000, () => this.#listeners--);
    return streamedAnswer('text/event-stream', events, NO_CACHE);
  }

  // ── actions ──

  #act(
    request: LocalRequest,
    stats: StatsSettings,
    target: PageTarget,
    admin: boolean,
    done: (answer: LocalAnswer) => void,
  ): void {
    const finish = (outcome: Outcome): void => done(redirection(stats, target, outcome));
    if (!admin) return finish('DENY');
    if (request.bodyTooLarge) return finish('EXCD');
    const form = parseActionForm(request.body.toString('latin1'));
    if (form === undefined) return finish('NONE');
    const servers = form === 'invalid' ? undefined : this.#serversOf(form);
    if (form === 'invalid' || servers === undefined) return finish('ERRP');
    const rows = servers.flatMap(server => server?.row ?? []);
    if (rows.length === 0) return finish('ERRP');
    this.#environment.act(form.action, rows, changed => finish(outcomeOf(form, changed, rows.length)));
  }

  /** Undefined: there is no such backend. A server that is not found is undefined in the list. */
  #serversOf({ backend, servers }: ActionForm): (ServerEntry | undefined)[] | undefined {
    const { view } = this.#environment;
    const row = view.config.proxies.findIndex(proxy => isBackend(proxy, backend));
    if (row < 0) return undefined;
    const known = view.servers(row);
    return servers.map(wanted =>
      known.find(({ config }) => (wanted.startsWith('#') ? `#${config.id}` : config.name) === wanted),
    );
  }
}

function isBackend({ kind, name, id, removed }: Proxy, wanted: string): boolean {
  return (
    kind !== 'frontend' &&
    removed !== true &&
    (wanted.startsWith('#') ? wanted === `#${id}` : wanted === name)
  );
}

/** `ready`, `drain`, `maint` and `shutdown` count every server they name; the others those they had to change. */
const COUNTS_ALL: ReadonlySet<ServerAction> = new Set(['ready', 'drain', 'maint', 'shutdown']);

function outcomeOf({ action, servers }: ActionForm, changed: number, found: number): Outcome {
  const unknown = servers.length - found;
  const altered = COUNTS_ALL.has(action) ? found : changed;
  if (altered === 0) return unknown === 0 ? 'NONE' : 'ERRP';
  return unknown === 0 ? 'DONE' : 'PART';
}

function redirection(stats: StatsSettings, target: PageTarget, outcome: Outcome): LocalAnswer {
  const location = targetText(stats.uri, target, `;st=${outcome}`);
  return textAnswer(303, 'See Other', 'text/plain', '', [...NO_CACHE, ['location', location]]);
}

/** What of a target is the page's own; the prefix may stand behind scheme and authority. */
function afterPrefix(target: string, uri: string): string {
  const at = target.indexOf(uri);
  return at < 0 ? '' : target.slice(at + uri.length);
}

/** Thousands of servers are told less often: a round has to be over well before the next. */
function liveSeconds({ refreshMs }: StatsSettings, { state }: StatsView): number {
  const wanted = refreshMs > 0 ? Math.max(1, Math.round(refreshMs / 1000)) : DEFAULT_LIVE_SECONDS;
  return Math.max(wanted, Math.ceil(state.plan.servers / SERVERS_A_SECOND));
}

function refreshHeader({ refreshMs }: StatsSettings, { noRefresh }: PageTarget): [string, string][] {
  return refreshMs > 0 && !noRefresh ? [['refresh', String(Math.floor(refreshMs / 1000))]] : [];
}

/** `stats scope` decides what may be seen, `?scope=` what is wanted. */
function filterOf(stats: StatsSettings, own: Proxy, target: PageTarget): RowFilter {
  const wanted = target.scope.toLowerCase();
  const isAllowed = ({ name }: Proxy): boolean =>
    stats.scopes.length === 0 ||
    stats.scopes.some(scope => scope === name || (scope === '.' && name === own.name));
  return {
    legends: stats.showLegends,
    hideDown: target.hideDown,
    hideMaintenance: target.hideMaintenance,
    proxy: proxy => isAllowed(proxy) && proxy.name.toLowerCase().includes(wanted),
  };
}

function* pagePieces(
  facts: PageFacts,
  filter: RowFilter,
  options: TableOptions,
): Generator<string, void, void> {
  let piece = pageStart(facts);
  let rows = 0;
  for (const [row, proxy] of facts.view.config.proxies.entries()) {
    if (proxy.disabled || filter.proxy?.(proxy) === false) continue;
    piece += tableStart(proxy, options);
    for (const subject of subjectsOf(facts.view, proxy, row, filter)) {
      piece += tableRow(subject, options);
      if (++rows % ROWS_IN_PIECE !== 0) continue;
      yield piece;
      piece = '';
    }
    piece += tableEnd(proxy, options);
  }
  yield piece + pageEnd(facts);
}
