/** Stick tables (manual, section 11.1): those of proxies, and those of `peers` sections as `<section>/<table>`. */
import type { Position } from './diagnostic.ts';

export interface StickTableSettings {
  readonly name: string;
  readonly position: Position;
  readonly keyType: StickKeyType;
  /** Bytes of a key; of texts the longest. */
  readonly keyLength: number;
  /** Entries it holds at most. */
  readonly size: number;
  /** 0: entries stay until their place is needed. */
  readonly expireMs: number;
  /** A full table takes no new keys. */
  readonly nopurge: boolean;
  /** How servers are told from one another. */
  readonly serverKey: 'name' | 'addr';
  /** Longest name of a server: room for it is kept where `server_key` is stored. */
  readonly serverKeyLength: number;
  readonly bratesFactor: number;
  readonly stores: readonly StickStore[];
  /** Missing: nobody else is told of what is in it. */
  readonly exchange?: StickTableExchange;
}

/** How a table is exchanged with other nodes (manual, section 11.2). */
export interface StickTableExchange {
  /** Name of the `peers` section. */
  readonly peers: string;
  /** What the table is called between nodes. */
  readonly wireName: string;
  /** `conn_cur` is learned too. */
  readonly receiveOnly: boolean;
  /** What is learned goes to this table as well. */
  readonly writeTo?: string;
  /** `shards` of the section; 0: not said. */
  readonly shards: number;
}

export type StickKeyType = 'ip' | 'ipv6' | 'integer' | 'string' | 'binary';

/** Something stored with each key. */
export interface StickStore {
  readonly type: StickDataType;
  /** Elements of `gpc`, `gpc_rate`, `gpt`; otherwise 1. */
  readonly count: number;
  /** Of rates; otherwise 0. */
  readonly periodMs: number;
}

/** In the order in which `show table` tells them. */
export const STICK_DATA_TYPES = [
  'server_id',
  'gpt0',
  'gpc0',
  'gpc0_rate',
  'conn_cnt',
  'conn_rate',
  'conn_cur',
  'sess_cnt',
  'sess_rate',
  'http_req_cnt',
  'http_req_rate',
  'http_err_cnt',
  'http_err_rate',
  'bytes_in_cnt',
  'bytes_in_rate',
  'bytes_out_cnt',
  'bytes_out_rate',
  'gpc1',
  'gpc1_rate',
  'server_key',
  'http_fail_cnt',
  'http_fail_rate',
  'gpt',
  'gpc',
  'gpc_rate',
  'glitch_cnt',
  'glitch_rate',
] as const;

export type StickDataType = (typeof STICK_DATA_TYPES)[number];

export function isRate(type: StickDataType): boolean {
  return type.endsWith('_rate');
}

export function isArray(type: StickDataType): boolean {
  return type === 'gpc' || type === 'gpt' || type === 'gpc_rate';
}
