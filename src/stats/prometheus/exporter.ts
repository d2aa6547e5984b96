/** `http-request use-service prometheus-exporter`: the service that answers scrapes. */
import { errorPage } from '../../http/error-pages.ts';
import {
  piecesSource,
  streamedAnswer,
  textAnswer,
  type BodySource,
  type LocalService,
} from '../../http/local-service.ts';
import type { StatsView } from '../view.ts';
import { expositionPieces } from './exposition.ts';
import { parseQuery, type ScrapeQuery } from './query.ts';
import { runtimeMetrics } from './runtime-metrics.ts';

const TYPE = 'text/plain; version=0.0.4';
const NO_CACHE = [['cache-control', 'no-cache']] as const;

export function prometheusExporter(view: StatsView): LocalService {
  return {
    answer: ({ target }, done) => {
      const query = parseQuery(target);
      if (query === undefined) {
        const { reason, body } = errorPage(400);
        return done(textAnswer(400, reason, 'text/html', body, NO_CACHE));
      }
      done(streamedAnswer(TYPE, new Exposition(view, query), NO_CACHE));
    },
  };
}

/** The statistics piece by piece, then what the runtime says, which takes a moment to gather. */
class Exposition implements BodySource {
  readonly #pieces: BodySource;
  readonly #query: ScrapeQuery;
  #runtime: Buffer | 'not asked' | 'told' = 'not asked';

  constructor(view: StatsView, query: ScrapeQuery) {
    this.#pieces = piecesSource(expositionPieces(view, query));
    this.#query = query;
    if (!query.scopes.has('global')) this.#runtime = 'told';
  }

  next(ready: () => void): Buffer | 'later' | 'end' {
    const piece = this.#pieces.next(ready);
    if (piece !== 'end') return piece;
    const runtime = this.#runtime;
    if (runtime === 'told') return 'end';
    if (runtime === 'not asked') {
      void this.#ask(ready);
      return 'later';
    }
    this.#runtime = 'told';
    return runtime.length === 0 ? 'end' : runtime;
  }

  async #ask(ready: () => void): Promise<void> {
    this.#runtime = Buffer.from(await runtimeMetrics(this.#query.wants), 'utf8');
    ready();
  }

  close(): void {
    this.#pieces.close();
  }
}
