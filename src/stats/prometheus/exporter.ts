/** `http-request use-service prometheus-exporter`: the service that answers scrapes. */
import { errorPage } from '../../http/error-pages.ts';
import {
  piecesSource,
  streamedAnswer,
  textAnswer,
  type BodySource,
  type LocalService,
} from '../../http/local-service.ts';
import type { NameserverReport } from '../../model/nameserver-report.ts';
import type { StatsView } from '../view.ts';
import { expositionPieces } from './exposition.ts';
import { nameserverMetrics } from './module-metrics.ts';
import { parseQuery, type ScrapeQuery } from './query.ts';
import { runtimeMetrics } from './runtime-metrics.ts';

const TYPE = 'text/plain; version=0.0.4';
const NO_CACHE = [['cache-control', 'no-cache']] as const;

/** Counters of nameservers, which the control thread has. */
type AskNameservers = () => Promise<readonly NameserverReport[]>;

export function prometheusExporter(view: StatsView, nameservers: AskNameservers): LocalService {
  return {
    answer: ({ target }, done) => {
      const query = parseQuery(target);
      if (query === undefined) {
        const { reason, body } = errorPage(400);
        return done(textAnswer(400, reason, 'text/html', body, NO_CACHE));
      }
      done(streamedAnswer(TYPE, new Exposition(view, query, nameservers), NO_CACHE));
    },
  };
}

/** The statistics piece by piece, then what others have to be asked for: nameservers, and the runtime. */
class Exposition implements BodySource {
  readonly #pieces: BodySource;
  readonly #query: ScrapeQuery;
  readonly #nameservers: AskNameservers;
  #rest: Buffer | 'not asked' | 'told' = 'not asked';

  constructor(view: StatsView, query: ScrapeQuery, nameservers: AskNameservers) {
    this.#pieces = piecesSource(expositionPieces(view, query));
    this.#query = query;
    this.#nameservers = nameservers;
  }

  next(ready: () => void): Buffer | 'later' | 'end' {
    const piece = this.#pieces.next(ready);
    if (piece !== 'end') return piece;
    const rest = this.#rest;
    if (rest === 'told') return 'end';
    if (rest === 'not asked') {
      void this.#ask(ready);
      return 'later';
    }
    this.#rest = 'told';
    return rest.length === 0 ? 'end' : rest;
  }

  async #ask(ready: () => void): Promise<void> {
    const { scopes, wants } = this.#query;
    const [reports, runtime] = await Promise.all([
      scopes.has('resolver') ? this.#nameservers() : [],
      scopes.has('global') ? runtimeMetrics(wants) : '',
    ]);
    this.#rest = Buffer.from(nameserverMetrics(reports, wants) + runtime, 'utf8');
    ready();
  }

  close(): void {
    this.#pieces.close();
  }
}
