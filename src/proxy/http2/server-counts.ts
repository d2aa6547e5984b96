/** What connections of HTTP/2 to servers count: for their backend (management manual, `show stat` of modules), or not at all. */
import * as H2 from '../../http2/frames.ts';
import { endsCleanly } from './clean-end.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { Counters } from '../../state/counters.ts';

export interface Http2ServerCounts {
  opened(): void;
  closed(): void;
  streamOpened(): void;
  streamClosed(): void;
  received(type: number): void;
  sent(type: number, code: number): void;
  streamError(): void;
  connectionError(): void;
}

/** Column of each frame received, and of those sent, by type. */
const RECEIVED: Readonly<Record<number, number>> = {
  [H2.HEADERS]: FIELD.h2_headers_rcvd,
  [H2.DATA]: FIELD.h2_data_rcvd,
  [H2.SETTINGS]: FIELD.h2_settings_rcvd,
  [H2.RST_STREAM]: FIELD.h2_rst_stream_rcvd,
  [H2.GOAWAY]: FIELD.h2_goaway_rcvd,
};
const SENT: Readonly<Record<number, number>> = {
  [H2.RST_STREAM]: FIELD.h2_rst_stream_resp,
  [H2.GOAWAY]: FIELD.h2_goaway_resp,
};

export class BackendCounts implements Http2ServerCounts {
  readonly #counters: Counters;
  readonly #row: number;

  constructor(counters: Counters, backend: number) {
    this.#counters = counters;
    this.#row = counters.backend(backend);
  }

  #add(field: number | undefined, amount = 1): void {
    if (field !== undefined) this.#counters.add(this.#row, field, amount);
  }

  opened(): void {
    this.#add(FIELD.h2_open_connections);
    this.#add(FIELD.h2_total_connections);
  }
  closed(): void {
    this.#add(FIELD.h2_open_connections, -1);
  }
  streamOpened(): void {
    this.#add(FIELD.h2_backend_open_streams);
    this.#add(FIELD.h2_backend_total_streams);
  }
  streamClosed(): void {
    this.#add(FIELD.h2_backend_open_streams, -1);
  }
  received(type: number): void {
    this.#add(RECEIVED[type]);
  }
  sent(type: number, code: number): void {
    if (!endsCleanly(type, code)) this.#add(SENT[type]);
  }
  streamError(): void {
    this.#add(FIELD.h2_detected_strm_protocol_errors);
  }
  connectionError(): void {
    this.#add(FIELD.h2_detected_conn_protocol_errors);
  }
}

export const NO_COUNTS: Http2ServerCounts = {
  opened(): void {},
  closed(): void {},
  streamOpened(): void {},
  streamClosed(): void {},
  received(): void {},
  sent(): void {},
  streamError(): void {},
  connectionError(): void {},
};
