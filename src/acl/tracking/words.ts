/** The words that ask about an entry of a stick table: `sc_<word>`, `sc0_<word>`, `src_<word>`, `table_<word>`. */
import { clearing, incrementing, reading, readingKilobytes, type Operation } from './operations.ts';

interface TrackingWord {
  /** As in `sc_conn_cnt`. */
  readonly word: string;
  /** Behind `table_`, where it differs: `table_gpc0` is `src_get_gpc0`. */
  readonly inTable: string;
  readonly what: string;
  /** The index of an element comes first. */
  readonly indexed: boolean;
  readonly operation: (index: number) => Operation;
}

function plain(word: string, what: string, operation: Operation): TrackingWord {
  return { word, inTable: word.replace(/^get_/, ''), what, indexed: false, operation: () => operation };
}

function indexed(word: string, what: string, operation: (index: number) => Operation): TrackingWord {
  return { word, inTable: word.replace(/^get_/, ''), what, indexed: true, operation };
}

export const TRACKING_WORDS: readonly TrackingWord[] = [
  plain('bytes_in_rate', 'upload byte rate', reading(['bytes_in_rate', 0])),
  plain('bytes_out_rate', 'download byte rate', reading(['bytes_out_rate', 0])),
  indexed('clr_gpc', 'clears an indexed general counter', index => clearing(['gpc', index])),
  plain('clr_gpc0', 'clears the first general counter', clearing(['gpc0', 0], ['gpc', 0])),
  plain('clr_gpc1', 'clears the second general counter', clearing(['gpc1', 0], ['gpc', 1])),
  plain('conn_cnt', 'connections so far', reading(['conn_cnt', 0])),
  plain('conn_cur', 'open connections', reading(['conn_cur', 0])),
  plain('conn_rate', 'connection rate', reading(['conn_rate', 0])),
  indexed('get_gpc', 'an indexed general counter', index => reading(['gpc', index])),
  plain('get_gpc0', 'first general counter', reading(['gpc0', 0], ['gpc', 0])),
  plain('get_gpc1', 'second general counter', reading(['gpc1', 0], ['gpc', 1])),
  indexed('get_gpt', 'an indexed general tag', index => reading(['gpt', index])),
  plain('get_gpt0', 'first general tag', reading(['gpt0', 0], ['gpt', 0])),
  plain('glitch_cnt', 'anomalies so far', reading(['glitch_cnt', 0])),
  plain('glitch_rate', 'anomaly rate', reading(['glitch_rate', 0])),
  indexed('gpc_rate', 'rate of an indexed general counter', index => reading(['gpc_rate', index])),
  plain('gpc0_rate', 'rate of the first general counter', reading(['gpc0_rate', 0], ['gpc_rate', 0])),
  plain('gpc1_rate', 'rate of the second general counter', reading(['gpc1_rate', 0], ['gpc_rate', 1])),
  plain('http_err_cnt', 'client errors so far', reading(['http_err_cnt', 0])),
  plain('http_err_rate', 'client error rate', reading(['http_err_rate', 0])),
  plain('http_fail_cnt', 'server failures so far', reading(['http_fail_cnt', 0])),
  plain('http_fail_rate', 'server failure rate', reading(['http_fail_rate', 0])),
  plain('http_req_cnt', 'requests so far', reading(['http_req_cnt', 0])),
  plain('http_req_rate', 'request rate', reading(['http_req_rate', 0])),
  indexed('inc_gpc', 'increments an indexed general counter', index =>
    incrementing([['gpc', index]], [['gpc_rate', index]]),
  ),
  plain(
    'inc_gpc0',
    'increments the first general counter',
    incrementing(
      [
        ['gpc0', 0],
        ['gpc', 0],
      ],
      [
        ['gpc0_rate', 0],
        ['gpc_rate', 0],
      ],
    ),
  ),
  plain(
    'inc_gpc1',
    'increments the second general counter',
    incrementing(
      [
        ['gpc1', 0],
        ['gpc', 1],
      ],
      [
        ['gpc1_rate', 0],
        ['gpc_rate', 1],
      ],
    ),
  ),
  plain('kbytes_in', 'uploaded kilobytes', readingKilobytes('bytes_in_cnt')),
  plain('kbytes_out', 'downloaded kilobytes', readingKilobytes('bytes_out_cnt')),
  plain('sess_cnt', 'sessions so far', reading(['sess_cnt', 0])),
  plain('sess_rate', 'session rate', reading(['sess_rate', 0])),
];
