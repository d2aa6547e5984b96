/** Lookups in stick tables (manual, section 7.3.1): known, waiting for the tables. */
import type { ArgumentSpec } from '../arguments.ts';
import type { ConverterRow } from '../row.ts';

const PLAIN: readonly (readonly [word: string, what: string])[] = [
  ['bytes_in_rate', 'upload byte rate'],
  ['bytes_out_rate', 'download byte rate'],
  ['clr_gpc0', 'clears the first general counter'],
  ['clr_gpc1', 'clears the second general counter'],
  ['conn_cnt', 'connections so far'],
  ['conn_cur', 'open connections'],
  ['conn_rate', 'connection rate'],
  ['glitch_cnt', 'anomalies so far'],
  ['glitch_rate', 'anomaly rate'],
  ['gpc0', 'first general counter'],
  ['gpc0_rate', 'rate of the first general counter'],
  ['gpc1', 'second general counter'],
  ['gpc1_rate', 'rate of the second general counter'],
  ['gpt0', 'first general tag'],
  ['http_err_cnt', 'client errors so far'],
  ['http_err_rate', 'client error rate'],
  ['http_fail_cnt', 'server failures so far'],
  ['http_fail_rate', 'server failure rate'],
  ['http_req_cnt', 'requests so far'],
  ['http_req_rate', 'request rate'],
  ['inc_gpc0', 'increments the first general counter'],
  ['inc_gpc1', 'increments the second general counter'],
  ['kbytes_in', 'uploaded kilobytes'],
  ['kbytes_out', 'downloaded kilobytes'],
  ['server_id', 'stored server'],
  ['sess_cnt', 'sessions so far'],
  ['sess_rate', 'session rate'],
  ['trackers', 'streams that track the key'],
];

const INDEXED: readonly (readonly [word: string, what: string])[] = [
  ['clr_gpc', 'clears an indexed general counter'],
  ['gpc', 'indexed general counter'],
  ['gpc_rate', 'rate of an indexed general counter'],
  ['gpt', 'indexed general tag'],
  ['inc_gpc', 'increments an indexed general counter'],
];

function row(
  name: string,
  out: 'int' | 'bool',
  args: readonly ArgumentSpec[],
  summary: string,
): ConverterRow {
  return { name, args, in: 'any', out, summary, missing: 'stick tables' };
}

export const TRACKING_CONVERTERS: readonly ConverterRow[] = [
  row('in_table', 'bool', ['table:table?'], 'the key stands in the table'),
  ...PLAIN.map(([word, what]) => row(`table_${word}`, 'int', ['table:table?'], `${what} of the key`)),
  ...INDEXED.map(([word, what]) =>
    row(`table_${word}`, 'int', ['idx:int', 'table:table?'], `${what} of the key`),
  ),
  row('table_expire', 'int', ['table:table?', 'default_value:int?'], 'milliseconds before the key expires'),
  row('table_idle', 'int', ['table:table?', 'default_value:int?'], 'milliseconds since the key was used'),
];
