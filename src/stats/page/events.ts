/**
 * The page's live numbers as server-sent events (HTML standard, section 9.2): first everything, then what changed,
 * every few seconds. An event is a JSON object
 *
 *   { "facts": { "p-conns": "12" }, "rows": { "S3.1": [state, [sessions, rate, errors, latency, queue], [cells]] } }
 *
 * A round of thousands of rows is many events, each made in a turn of its own.
 */
import type { BodySource } from '../../http/local-service.ts';
import { statSubjects, type RowFilter } from '../rows.ts';
import type { Subject } from '../subject.ts';
import type { StatsView } from '../view.ts';
import { chartNumbers, PAGE_COLUMNS, rowName, stateClass } from './cells.ts';
import { factsOf } from './document.ts';

const ROWS_IN_EVENT = 50;

export class LiveEvents implements BodySource {
  readonly #view: StatsView;
  readonly #filter: RowFilter;
  readonly #intervalMs: number;
  readonly #onClose: () => void;
  /** What the page shows of each row. */
  readonly #known = new Map<string, string>();
  #round: Iterator<string, void, void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(view: StatsView, filter: RowFilter, intervalMs: number, onClose: () => void) {
    this.#view = view;
    this.#filter = filter;
    this.#intervalMs = intervalMs;
    this.#onClose = onClose;
    this.#round = this.#rows();
  }

  next(ready: () => void): Buffer | 'later' | 'end' {
    if (this.#view.process.stopping()) return 'end';
    const event = this.#round?.next();
    if (event?.done === false) return Buffer.from(`data: ${event.value}\n\n`, 'utf8');
    this.#round = undefined;
    this.#timer = setTimeout(() => {
      this.#round = this.#rows();
      ready();
    }, this.#intervalMs);
    return 'later';
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#onClose();
  }

  *#rows(): Generator<string, void, void> {
    let rows: string[] = [];
    let seen = 0;
    yield `{"facts":${JSON.stringify(Object.fromEntries(factsOf(this.#view).map(([id, , text]) => [id, text])))}}`;
    for (const subject of statSubjects(this.#view, this.#filter)) {
      const row = this.#changed(subject);
      if (row !== undefined) rows.push(row);
      if (++seen % ROWS_IN_EVENT !== 0 || rows.length === 0) continue;
      yield `{"rows":{${rows.join(',')}}}`;
      rows = [];
    }
    yield `{"rows":{${rows.join(',')}},"end":true}`;
  }

  #changed(subject: Subject): string | undefined {
    const cells = PAGE_COLUMNS.map(({ text }) => text(subject));
    const row = JSON.stringify([stateClass(subject), chartNumbers(subject), cells]);
    const name = rowName(subject);
    if (this.#known.get(name) === row) return undefined;
    this.#known.set(name, row);
    return `"${name}":${row}`;
  }
}
