/** Rows about gratuitous ARP: in `global_defs` (with `vrrp_` before them) and in instances. */
import type { KeepalivedKeyword } from './keyword.ts';
import { readInteger, readSeconds } from './values.ts';

export interface GarpDraft {
  masterDelayMs?: number;
  masterRepeat?: number;
  masterRefreshMs?: number;
  masterRefreshRepeat?: number;
  lowerPrioDelayMs?: number;
  lowerPrioRepeat?: number;
  extraIfMs?: number;
  extraIfAll?: boolean;
}

export function garpKeyword<Draft extends { garp: GarpDraft }>(
  name: string,
  key: Exclude<keyof GarpDraft, 'extraIfAll'>,
  summary: string,
): KeepalivedKeyword<Draft> {
  const isTime = key.endsWith('Ms');
  // none after an inferior advert, but at least one of the others
  const least = key === 'lowerPrioRepeat' ? 0 : 1;
  return {
    name,
    args: isTime ? '<secs>' : '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = isTime
        ? readSeconds(statement, scope, 0, 86_400)
        : readInteger(statement, scope, least, 100);
      if (value !== undefined) draft.garp[key] = value;
    },
  };
}

export function garpExtraKeyword<Draft extends { garp: GarpDraft }>(
  name: string,
  deprecated?: string,
): KeepalivedKeyword<Draft> {
  return {
    name,
    args: '[all] <secs>',
    least: 1,
    summary: 'announce periodically on other interfaces of virtual addresses',
    ...(deprecated === undefined ? {} : { deprecated }),
    parse: (draft, statement, scope) => {
      const all = statement.words[0]?.text === 'all';
      const value = readSeconds(statement, scope, 0, 86_400, all ? 1 : 0);
      if (value === undefined) return;
      draft.garp.extraIfMs = value;
      draft.garp.extraIfAll = all;
    },
  };
}
