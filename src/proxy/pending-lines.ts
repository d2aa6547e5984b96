/**
 * Log lines that are written together, just before they are sent: what writes a line has left the processor's caches by the
 * time the next exchange ends, and one behind the other they cost a third of it (docs/performance.md). Until then an
 * exchange is noted.
 */
import type { AppendLogged } from '../acl/logged-exchange.ts';
import { NotedExchange } from './noted-exchange.ts';
import type { ExchangeContext, LogChannel } from './runtime.ts';

/** Noted at once by one frontend. */
const MOST = 128;
/** Of all frontends of the thread: what one has written the next one notes on. */
const spare: NotedExchange[] = [];
const SPARE_AT_MOST = 512;

export class PendingLines {
  readonly #channel: LogChannel;
  readonly #append: AppendLogged;
  readonly #noted: NotedExchange[] = [];
  #count = 0;
  readonly #writeAll = (): void => this.write();

  constructor(channel: LogChannel, append: AppendLogged) {
    this.#channel = channel;
    this.#append = append;
  }

  note(ctx: ExchangeContext, level: number): void {
    if (this.#count === MOST) this.write();
    if (this.#count === 0) this.#channel.later?.(this.#writeAll);
    const place = this.#count++;
    const exchange = spare.pop() ?? new NotedExchange();
    this.#noted[place] = exchange;
    exchange.note(ctx, level);
  }

  write(): void {
    const count = this.#count;
    this.#count = 0;
    const channel = this.#channel;
    for (let place = 0; place < count; place++) {
      const exchange = this.#noted[place] as NotedExchange;
      const line = channel.begin(exchange.level, undefined);
      if (line !== undefined) {
        this.#append(exchange, line);
        channel.end();
      }
      if (spare.length < SPARE_AT_MOST) spare.push(exchange);
    }
  }
}
