/** `bfd_instance` (keepalived.conf(5), BFD CONFIGURATION): a session with one neighbour (RFC 5880, RFC 5881, RFC 5883). */
import type { BfdInstance } from '../../model/keepalived.ts';
import type { Statement } from './block.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { addressRow, boolRow, integerRow } from './value-rows.ts';
import { blockOf, familyOf } from './values.ts';
import { weight } from './weight-row.ts';

/** What keepalived has where nothing is said. */
const DEFAULT_TTL = { 4: 255, 6: 64 } as const;

interface Draft {
  neighborIp?: string;
  sourceIp?: string;
  minRxUs: number;
  minTxUs: number;
  idleTxUs: number;
  multiplier: number;
  passive: boolean;
  ttl?: number;
  maxHops: number;
  multihop: boolean;
  weight: number;
  reverse: boolean;
  forVrrp: boolean;
  forChecker: boolean;
}

export interface BfdDraft {
  readonly name: string;
  readonly instance: BfdInstance;
  /** VRRP may track it. */
  readonly forVrrp: boolean;
  /** Checkers may follow it. */
  readonly forChecker: boolean;
}

type Row = KeepalivedKeyword<Draft>;

function interval(
  name: string,
  key: 'minRxUs' | 'minTxUs' | 'idleTxUs',
  leastMs: number,
  mostMs: number,
  summary: string,
): Row {
  return {
    name,
    args: '<ms>',
    least: 1,
    summary,
    parse: (draft, { words, position }, { report }) => {
      const text = words[0]?.text ?? '';
      const value = /^\d+(\.\d*)?$/.test(text) ? Number(text) : NaN;
      if (value >= leastMs && value <= mostMs) draft[key] = Math.round(value * 1000);
      else
        report.warn(
          position,
          `${name} '${text}' must be milliseconds from ${leastMs} to ${mostMs} - ignoring`,
        );
    },
  };
}

export const BFD_INSTANCE = new KeywordTable<Draft>('bfd_instance', [
  addressRow('neighbor_ip', 'neighborIp', 'remote address'),
  addressRow('neighbour_ip', 'neighborIp', 'remote address'),
  addressRow('source_ip', 'sourceIp', 'local address'),
  interval('min_rx', 'minRxUs', 1, 1_000_000, 'fastest receive interval'),
  interval('min_tx', 'minTxUs', 1, 1_000_000, 'fastest send interval'),
  interval('idle_tx', 'idleTxUs', 1000, 4_294_967, 'send interval while it is not up'),
  integerRow('multiplier', 'multiplier', [1, 255], 'missed packets before it is down'),
  {
    name: 'passive',
    args: '',
    summary: 'wait for the neighbour to begin',
    parse: draft => void (draft.passive = true),
  },
  integerRow('ttl', 'ttl', [1, 255], 'time to live of packets, IPv4'),
  integerRow('hoplimit', 'ttl', [1, 255], 'hop limit of packets, IPv6'),
  integerRow('max_hops', 'maxHops', [0, 255], 'hops that packets may have taken'),
  boolRow('multihop', 'multihop', 'routers lie before the neighbour (RFC 5883)'),
  weight(253),
  {
    name: 'vrrp',
    args: '',
    summary: 'for VRRP only',
    parse: draft => void (draft.forVrrp = true),
  },
  {
    name: 'checker',
    args: '',
    summary: 'for checkers only',
    parse: draft => void (draft.forChecker = true),
  },
]);

export function parseBfdInstance(name: string, statement: Statement, scope: Scope): BfdDraft | undefined {
  const draft: Draft = {
    minRxUs: 10_000,
    minTxUs: 10_000,
    idleTxUs: 1_000_000,
    multiplier: 5,
    passive: false,
    maxHops: 0,
    multihop: false,
    weight: 0,
    reverse: false,
    forVrrp: false,
    forChecker: false,
  };
  BFD_INSTANCE.read(draft, blockOf(statement, scope), scope);
  const { forVrrp, forChecker, neighborIp, sourceIp, ttl, ...rest } = draft;
  const family = familyOf(neighborIp ?? '');
  const { position } = statement;
  if (neighborIp === undefined || family === undefined) {
    scope.report.warn(position, `BFD instance ${name} has no neighbor_ip - removing`);
    return undefined;
  }
  if (sourceIp !== undefined && familyOf(sourceIp) !== family) {
    scope.report.warn(
      position,
      `BFD instance ${name}: source_ip and neighbor_ip are of different families - removing`,
    );
    return undefined;
  }
  const instance: BfdInstance = {
    name,
    position,
    family,
    neighborIp,
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ttl: ttl ?? DEFAULT_TTL[family],
    ...rest,
  };
  return { name, instance, forVrrp: forVrrp || !forChecker, forChecker: forChecker || !forVrrp };
}
