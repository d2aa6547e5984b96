/**
 * The filters of scripts that one stream has: the frontend's, then the backend's. Made for streams of proxies that have
 * some, by http-stream.ts and tcp-session.ts; others never come here.
 *
 *   attach ─▶ start (start_analyze) ─▶ heads (http_headers) ─▶ chain (payload, http_end) ─▶ end (end_analyze)
 */
import {
  FILTER_CONTINUE,
  FILTER_ERROR,
  type FilterAnswer,
  type FilteredMessage,
  type PlacedFilter,
  type StreamFilter,
} from '../../rules/script-filter.ts';
import { FilterChain, type FilterChainSettings } from './filter-chain.ts';
import type { Transaction } from '../transaction.ts';

interface Direction {
  readonly isResponse: boolean;
  /** Those that stand in its way, in their order. */
  readonly filters: StreamFilter[];
  /** So many filters have begun with it, and let its head pass. */
  started: number;
  passed: number;
  /** Its filters hear of its end, or have. */
  endSeen: boolean;
}

export class StreamFilters {
  readonly #transaction: Transaction;
  /** Bytes that each of them may hold of a direction. */
  readonly #size: number;
  readonly #all: StreamFilter[] = [];
  readonly #request: Direction = { isResponse: false, filters: [], started: 0, passed: 0, endSeen: false };
  readonly #response: Direction = { isResponse: true, filters: [], started: 0, passed: 0, endSeen: false };

  constructor(transaction: Transaction, size: number) {
    this.#transaction = transaction;
    this.#size = size;
  }

  /** False: one of them has failed. */
  attach(filters: readonly PlacedFilter[]): boolean {
    const attached: (Places & { readonly filter: StreamFilter })[] = [];
    for (const { filter, ...places } of filters) {
      const own = filter.attach(this.#transaction);
      if (own === 'failed') return false;
      if (own === undefined) continue;
      this.#all.push(own);
      attached.push({ ...places, filter: own });
    }
    this.#request.filters.push(...inOrder(attached, 'request'));
    this.#response.filters.push(...inOrder(attached, 'response'));
    return true;
  }

  /** Those that have come since the last time begin with it. False: one of them has failed. */
  start(isResponse: boolean): boolean {
    const direction = this.#direction(isResponse);
    for (const filter of direction.filters.slice(direction.started)) {
      direction.started++;
      if (filter.startAnalyze(isResponse) === FILTER_ERROR) return false;
    }
    return true;
  }

  #direction(isResponse: boolean): Direction {
    return isResponse ? this.#response : this.#request;
  }

  /** Asks each for a head, one after the other; those that have let it pass are not asked again. */
  headers(isResponse: boolean, message: FilteredMessage): FilterAnswer {
    const direction = this.#direction(isResponse);
    for (const filter of direction.filters.slice(direction.passed)) {
      const answer = filter.httpHeaders(isResponse, message);
      if (answer !== FILTER_CONTINUE) return answer;
      direction.passed++;
    }
    return FILTER_CONTINUE;
  }

  /** When it wants to be asked again that has made a head wait; 0: when there is something new. */
  takeWakeMs(isResponse: boolean): number {
    const { filters, passed } = this.#direction(isResponse);
    return filters[passed]?.takeWakeMs() ?? 0;
  }

  wantData(isResponse: boolean): boolean {
    return this.#direction(isResponse).filters.some(filter => filter.wantsData(isResponse));
  }

  chain(settings: Omit<FilterChainSettings, 'size'>): FilterChain {
    const direction = this.#direction(settings.isResponse);
    direction.endSeen = true;
    return new FilterChain(direction.filters, { ...settings, size: this.#size });
  }

  /** The message has ended with its head. False: a filter has failed. */
  noBody(isResponse: boolean, message: FilteredMessage): boolean {
    const direction = this.#direction(isResponse);
    direction.endSeen = true;
    return direction.filters.every(filter => filter.httpEnd(isResponse, message) !== FILTER_ERROR);
  }

  /** The exchange is complete: filters that have passed a body by hear of its end. */
  complete(request: FilteredMessage | undefined, response: FilteredMessage | undefined): void {
    if (request !== undefined && !this.#request.endSeen) this.noBody(false, request);
    if (response !== undefined && !this.#response.endSeen) this.noBody(true, response);
  }

  /** The stream is over, one way or the other. */
  end(): void {
    for (const { isResponse, started, filters } of [this.#request, this.#response])
      for (const filter of filters.slice(0, started)) filter.endAnalyze(isResponse);
    for (const filter of this.#all.splice(0)) filter.release();
  }
}

type Places = Omit<PlacedFilter, 'filter'>;

function inOrder(
  filters: readonly (Places & { readonly filter: StreamFilter })[],
  path: 'request' | 'response',
): StreamFilter[] {
  const present = filters.filter(places => places[path] >= 0);
  return present.toSorted((one, other) => one[path] - other[path]).map(({ filter }) => filter);
}
