/** When and where the processes of keepalived.conf run: `vrrp_priority`, `checker_cpu_affinity`, ... */
import type { Scheduling } from '../../model/keepalived.ts';
import type { Statement } from './block.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { readInteger } from './values.ts';

type Part = 'vrrp' | 'checker';
export type SchedulingDraft = Record<Part, { -readonly [K in keyof Scheduling]: Scheduling[K] }>;
type Row = KeepalivedKeyword<{ scheduling: SchedulingDraft }>;

const MOST_PROCESSOR = 1023;

export const SCHEDULING_ROWS: readonly Row[] = [
  number('vrrp', 'priority', 'nice', [-20, 19], 'niceness of the VRRP thread instead of realtime'),
  number('vrrp', 'rt_priority', 'realtime', [1, 99], 'realtime priority of the VRRP thread'),
  affinity('vrrp', 'processors of the VRRP process'),
  number('checker', 'priority', 'nice', [-20, 19], 'niceness of the process of virtual servers'),
  number('checker', 'rt_priority', 'realtime', [1, 99], 'realtime priority of its thread'),
  affinity('checker', 'processors of the process of virtual servers'),
];

function number(
  part: Part,
  what: string,
  key: 'nice' | 'realtime',
  range: readonly [number, number],
  summary: string,
): Row {
  return {
    name: `${part}_${what}`,
    args: `<${range[0]}..${range[1]}>`,
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, ...range);
      if (value !== undefined) draft.scheduling[part][key] = value;
    },
  };
}

function affinity(part: Part, summary: string): Row {
  return {
    name: `${part}_cpu_affinity`,
    args: '<INTEGER> [<INTEGER> ...]',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const processors = readProcessors(statement, scope);
      if (processors !== undefined) draft.scheduling[part].processors = processors;
    },
  };
}

/** All or nothing. */
function readProcessors(statement: Statement, scope: Scope): number[] | undefined {
  const read = statement.words.map((_, index) => readInteger(statement, scope, 0, MOST_PROCESSOR, index));
  const good = read.filter(value => value !== undefined);
  return good.length === read.length ? good : undefined;
}
