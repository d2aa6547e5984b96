/** Words on stick tables and tracked counters (manual, section 7.3.3): known, waiting for the tables. */
import type { ArgumentSpec } from '../arguments.ts';
import type { FetchRow } from '../row.ts';

const MISSING = 'stick tables';

/** Word, what it answers, and whether it takes the index of a counter first. */
const COUNTERS: readonly (readonly [word: string, what: string, indexed?: 'indexed'])[] = [
  ['bytes_in_rate', 'upload byte rate'],
  ['bytes_out_rate', 'download byte rate'],
  ['clr_gpc', 'clears an indexed general counter', 'indexed'],
  ['clr_gpc0', 'clears the first general counter'],
  ['clr_gpc1', 'clears the second general counter'],
  ['conn_cnt', 'connections so far'],
  ['conn_cur', 'open connections'],
  ['conn_rate', 'connection rate'],
  ['get_gpc', 'an indexed general counter', 'indexed'],
  ['get_gpc0', 'first general counter'],
  ['get_gpc1', 'second general counter'],
  ['get_gpt', 'an indexed general tag', 'indexed'],
  ['get_gpt0', 'first general tag'],
  ['glitch_cnt', 'anomalies so far'],
  ['glitch_rate', 'anomaly rate'],
  ['gpc_rate', 'rate of an indexed general counter', 'indexed'],
  ['gpc0_rate', 'rate of the first general counter'],
  ['gpc1_rate', 'rate of the second general counter'],
  ['http_err_cnt', 'client errors so far'],
  ['http_err_rate', 'client error rate'],
  ['http_fail_cnt', 'server failures so far'],
  ['http_fail_rate', 'server failure rate'],
  ['http_req_cnt', 'requests so far'],
  ['http_req_rate', 'request rate'],
  ['inc_gpc', 'increments an indexed general counter', 'indexed'],
  ['inc_gpc0', 'increments the first general counter'],
  ['inc_gpc1', 'increments the second general counter'],
  ['kbytes_in', 'uploaded kilobytes'],
  ['kbytes_out', 'downloaded kilobytes'],
  ['sess_cnt', 'sessions so far'],
  ['sess_rate', 'session rate'],
];

const TRACKED: FetchRow['sources'] = ['internal state', 'track counters'];
const BY_ADDRESS: FetchRow['sources'] = ['client address'];

function row(
  name: string,
  out: FetchRow['out'],
  args: readonly ArgumentSpec[],
  sources: FetchRow['sources'],
  summary: string,
): FetchRow {
  return { name, args, out, sources, summary, missing: MISSING };
}

/** `sc_conn_cnt(0)`, `sc0_conn_cnt`, `src_conn_cnt`. */
function family(
  prefix: string,
  first: readonly ArgumentSpec[],
  sources: FetchRow['sources'],
  whose: string,
  withIndexed: boolean,
): FetchRow[] {
  return COUNTERS.filter(
    ([word, , indexed]) => indexed === undefined || withIndexed || word === withIndexedFor(prefix),
  ).map(([word, what, indexed]) => {
    const index: readonly ArgumentSpec[] = indexed === undefined ? [] : ['idx:int'];
    const where = word.startsWith('kbytes') && prefix.startsWith('sc') ? BY_ADDRESS : sources;
    return row(`${prefix}_${word}`, 'int', [...index, ...first, 'table:table?'], where, `${what} ${whose}`);
  });
}

/** HAProxy registers one indexed word for its second counter only. */
function withIndexedFor(prefix: string): string {
  return prefix === 'sc1' ? 'clr_gpc' : '';
}

function trackedExtras(prefix: string, first: readonly ArgumentSpec[], whose: string): FetchRow[] {
  return [
    row(`${prefix}_key`, 'any', first, TRACKED, `key ${whose}`),
    row(`${prefix}_tracked`, 'bool', [...first, 'table:table?'], TRACKED, `in use: counter ${whose}`),
    row(
      `${prefix}_trackers`,
      'int',
      [...first, 'table:table?'],
      TRACKED,
      `streams that share the counter ${whose}`,
    ),
  ];
}

export const TRACKING_FETCHES: readonly FetchRow[] = [
  ...family('sc', ['ctr:int'], TRACKED, 'of a tracked counter', true),
  ...trackedExtras('sc', ['ctr:int'], 'of a tracked counter'),
  ...[0, 1, 2].flatMap(number => [
    ...family(`sc${number}`, [], TRACKED, `of tracked counter ${number}`, false),
    ...trackedExtras(`sc${number}`, [], `of tracked counter ${number}`),
  ]),
  ...family('src', [], BY_ADDRESS, 'of the client address', true),
  row(
    'src_updt_conn_cnt',
    'int',
    ['table:table?'],
    BY_ADDRESS,
    'counts this connection for the client address',
  ),
  row('table_avl', 'int', ['table:table?'], ['internal state'], 'free entries of a table'),
  row('table_cnt', 'int', ['table:table?'], ['internal state'], 'used entries of a table'),
];
