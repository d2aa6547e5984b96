/** Which columns of `show stat modules` count frames of clients, by the type of the frame. */
import { DATA, GOAWAY, HEADERS, RST_STREAM, SETTINGS } from '../http2/frames.ts';
import { FIELD } from '../state/counter-fields.ts';

function byType(
  fields: readonly (readonly [type: number, field: number])[],
): readonly (number | undefined)[] {
  const table: (number | undefined)[] = Array.from({ length: GOAWAY + 1 }, () => undefined);
  for (const [type, field] of fields) table[type] = field;
  return table;
}

export const RECEIVED_FIELDS = byType([
  [DATA, FIELD.h2_data_rcvd],
  [HEADERS, FIELD.h2_headers_rcvd],
  [RST_STREAM, FIELD.h2_rst_stream_rcvd],
  [SETTINGS, FIELD.h2_settings_rcvd],
  [GOAWAY, FIELD.h2_goaway_rcvd],
]);

export const SENT_FIELDS = byType([
  [RST_STREAM, FIELD.h2_rst_stream_resp],
  [GOAWAY, FIELD.h2_goaway_resp],
]);
