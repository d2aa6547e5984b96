/**
 * The table of counters: one row per field, one number space for all kinds of objects. `stats/` iterates it,
 * the proxy writes by number (`FIELD.bin`). Names are those of `show stat` (manual of management, section 9.1).
 *
 *   sum    plain total, added up over threads          1 place
 *   gauge  how many there are now, added up over threads; clearing keeps it 1 place
 *   max    highest value seen, maximum over threads    1 place
 *   last   time of the last event, maximum over threads 1 place
 *   mean   sliding mean of the last 512 samples         2 places: sum, samples
 *   rate   events a second and its highest value        4 places: tick, current, previous, highest
 */
export type Merge = 'sum' | 'gauge' | 'max' | 'last' | 'mean' | 'rate';

/** L listener, F frontend, B backend, S server, P process. */
interface CounterField {
  readonly name: string;
  readonly merge: Merge;
  readonly kinds: string;
}

const PLACES: Record<Merge, number> = { sum: 1, gauge: 1, max: 1, last: 1, mean: 2, rate: 4 };

/**
 * What every request adds to stands together, in the order of its kinds: a server's part is four cache lines, and of
 * thousands of servers none is in the caches (bench: servers-scale).
 */
const TABLE = {
  stot: ['sum', 'LFBSP'],
  bin: ['sum', 'LFBS'],
  bout: ['sum', 'LFBS'],
  reqbin: ['sum', 'LFBS'],
  reqbout: ['sum', 'LFBS'],
  resbin: ['sum', 'LFBS'],
  resbout: ['sum', 'LFBS'],
  req_tot: ['sum', 'FBSP'],
  hrsp_2xx: ['sum', 'FBS'],
  lbtot: ['sum', 'BS'],
  connect: ['sum', 'BS'],
  reuse: ['sum', 'BS'],
  lastsess: ['last', 'BS'],
  smax: ['max', 'LFBSP'],
  used_conn_max: ['max', 'S'],
  qtime_max: ['max', 'BS'],
  rate: ['rate', 'FBSP'],
  ctime_max: ['max', 'BS'],
  rtime_max: ['max', 'BS'],
  ttime_max: ['max', 'BS'],
  qtime: ['mean', 'BS'],
  ctime: ['mean', 'BS'],
  rtime: ['mean', 'BS'],
  ttime: ['mean', 'BS'],
  hrsp_1xx: ['sum', 'FBS'],
  hrsp_3xx: ['sum', 'FBS'],
  hrsp_4xx: ['sum', 'FBS'],
  hrsp_5xx: ['sum', 'FBS'],
  hrsp_other: ['sum', 'FBS'],
  req_rate: ['rate', 'F'],
  conn_rate: ['rate', 'FP'],
  conn_tot: ['sum', 'LFP'],
  h1sess: ['sum', 'F'],
  h2sess: ['sum', 'F'],
  h3sess: ['sum', 'F'],
  sess_other: ['sum', 'F'],
  h1req: ['sum', 'F'],
  h2req: ['sum', 'F'],
  h3req: ['sum', 'F'],
  req_other: ['sum', 'F'],
  qmax: ['max', 'BS'],
  dreq: ['sum', 'LFB'],
  dresp: ['sum', 'LFBS'],
  ereq: ['sum', 'LF'],
  econ: ['sum', 'BS'],
  eresp: ['sum', 'BS'],
  wretr: ['sum', 'BS'],
  wredis: ['sum', 'BS'],
  cli_abrt: ['sum', 'BS'],
  srv_abrt: ['sum', 'BS'],
  eint: ['sum', 'LFBS'],
  wrew: ['sum', 'LFBS'],
  dcon: ['sum', 'LF'],
  dses: ['sum', 'LF'],
  intercepted: ['sum', 'FB'],
  h1_spliced_bytes_in: ['sum', 'FB'],
  h1_spliced_bytes_out: ['sum', 'FB'],
  comp_in: ['sum', 'FB'],
  comp_out: ['sum', 'FB'],
  comp_byp: ['sum', 'FB'],
  comp_rsp: ['sum', 'FB'],
  cache_lookups: ['sum', 'FB'],
  cache_hits: ['sum', 'FB'],
  chkfail: ['sum', 'S'],
  chkdown: ['sum', 'BS'],
  hanafail: ['sum', 'S'],
  ssl_sess: ['sum', 'LFBSP'],
  ssl_reused_sess: ['sum', 'LFBSP'],
  ssl_failed_handshake: ['sum', 'LFBSP'],
  ssl_ocsp_staple: ['sum', 'LFBS'],
  ssl_failed_ocsp_staple: ['sum', 'LFBS'],
  ssl_conn_tot: ['sum', 'P'],
  ssl_cache_lookups: ['sum', 'P'],
  ssl_cache_misses: ['sum', 'P'],
  ssl_rate: ['rate', 'P'],
  ssl_key_rate: ['rate', 'P'],
  ssl_be_key_rate: ['rate', 'P'],
  bytes_out_rate: ['rate', 'P'],
  comp_bps_in: ['rate', 'P'],
  comp_bps_out: ['rate', 'P'],
  maxconn_reached: ['sum', 'P'],
  recv_logs: ['sum', 'P'],
  warnings: ['gauge', 'P'],
  patterns_added: ['gauge', 'P'],
  patterns_freed: ['gauge', 'P'],
  peers_active: ['gauge', 'P'],
  peers_connected: ['gauge', 'P'],
  h2_headers_rcvd: ['sum', 'FB'],
  h2_data_rcvd: ['sum', 'FB'],
  h2_settings_rcvd: ['sum', 'FB'],
  h2_rst_stream_rcvd: ['sum', 'FB'],
  h2_goaway_rcvd: ['sum', 'FB'],
  h2_detected_conn_protocol_errors: ['sum', 'FB'],
  h2_detected_strm_protocol_errors: ['sum', 'FB'],
  h2_rst_stream_resp: ['sum', 'FB'],
  h2_goaway_resp: ['sum', 'FB'],
  h2_open_connections: ['gauge', 'FB'],
  h2_backend_open_streams: ['gauge', 'FB'],
  h2_total_connections: ['sum', 'FB'],
  h2_backend_total_streams: ['sum', 'FB'],
  h1_open_streams: ['gauge', 'F'],
} as const satisfies Record<string, readonly [Merge, string]>;

export type FieldName = keyof typeof TABLE;

export const COUNTER_FIELDS: readonly (CounterField & { readonly name: FieldName })[] = (
  Object.entries(TABLE) as [FieldName, readonly [Merge, string]][]
).map(([name, [merge, kinds]]) => ({ name, merge, kinds }));

/**
 * Place of each field in a row, in doubles. Parsed from text: an object that is filled key by key stays a hash
 * table, and each `FIELD.x` of a request would be looked up in it (bench/micro/http-exchange.ts).
 */
export const FIELD = JSON.parse(JSON.stringify(placesOfFields())) as Readonly<Record<FieldName, number>>;

function placesOfFields(): Partial<Record<FieldName, number>> {
  let end = 0;
  const places: Partial<Record<FieldName, number>> = {};
  for (const { name, merge } of COUNTER_FIELDS) {
    places[name] = end;
    end += PLACES[merge];
  }
  return places;
}

/** Doubles in a row, a whole number of cache lines. */
export const COUNTER_ROW =
  Math.ceil(COUNTER_FIELDS.reduce((sum, { merge }) => sum + PLACES[merge], 0) / 8) * 8;
