/** What an HTTP/2 connection of a client is counted and logged by: columns of `show stat modules`, errors in the log. */
import { DATA, GOAWAY, HEADERS, RST_STREAM, SETTINGS } from '../../http2/frames.ts';
import { endsCleanly } from './clean-end.ts';
import { FIELD } from '../../state/counter-fields.ts';
import { countForAll } from '../../state/stick-table/tracked-counters.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import type { DataThread, ListenerRuntime } from '../runtime/runtime.ts';
import { Transaction } from '../transaction.ts';

function byType(
  fields: readonly (readonly [type: number, field: number])[],
): readonly (number | undefined)[] {
  const table: (number | undefined)[] = Array.from({ length: GOAWAY + 1 }, () => undefined);
  for (const [type, field] of fields) table[type] = field;
  return table;
}

const RECEIVED = byType([
  [DATA, FIELD.h2_data_rcvd],
  [HEADERS, FIELD.h2_headers_rcvd],
  [RST_STREAM, FIELD.h2_rst_stream_rcvd],
  [SETTINGS, FIELD.h2_settings_rcvd],
  [GOAWAY, FIELD.h2_goaway_rcvd],
]);

const SENT = byType([
  [RST_STREAM, FIELD.h2_rst_stream_resp],
  [GOAWAY, FIELD.h2_goaway_resp],
]);

export class Http2Accounts {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #facts: ClientConnectionFacts;

  constructor(thread: DataThread, listener: ListenerRuntime, facts: ClientConnectionFacts) {
    this.#thread = thread;
    this.#listener = listener;
    this.#facts = facts;
  }

  count(field: number, amount: number): void {
    const { counters } = this.#thread.state;
    counters.add(counters.frontend(this.#listener.frontend.row), field, amount);
  }

  connectionOpened(): void {
    this.count(FIELD.h2_total_connections, 1);
    this.count(FIELD.h2_open_connections, 1);
    this.count(FIELD.h2sess, 1);
  }

  streamOpened(): void {
    this.count(FIELD.h2_backend_open_streams, 1);
    this.count(FIELD.h2_backend_total_streams, 1);
  }

  received(type: number): void {
    const field = RECEIVED[type];
    if (field !== undefined) this.count(field, 1);
  }

  sent(type: number, code: number): void {
    const field = endsCleanly(type, code) ? undefined : SENT[type];
    if (field !== undefined) this.count(field, 1);
  }

  /** What happened to whom the connection tracks. */
  track(event: 'request' | 'error' | 'glitch', amount = 1): void {
    const { counters } = this.#facts;
    if (counters !== undefined) countForAll(undefined, counters, event, amount);
  }

  /** A request that is not served: it is none, or one too many. `tune.h2.log-errors stream`; no other counter knows of it. */
  refused(): void {
    this.track('request');
    this.track('error');
    if (this.#thread.http2.logsErrors === 'stream') this.#log();
  }

  /** A connection that ends by an error: `tune.h2.log-errors` but for `none`. */
  failed(): void {
    this.count(FIELD.h2_detected_conn_protocol_errors, 1);
    if (this.#thread.http2.logsErrors !== 'none') this.#log();
  }

  /** As a request that could not be read, and is no request to any counter. */
  #log(): void {
    const transaction = new Transaction(this.#thread);
    transaction.begin(this.#listener, this.#facts);
    transaction.badRequest = true;
    transaction.termination.set('P', 'R');
    transaction.timers.endedAt = this.#thread.wheel.now;
    this.#listener.frontend.log(transaction);
  }
}
