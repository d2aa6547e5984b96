/** Lookups in stick tables (manual, section 7.3.1): the input is the key. */
import { isMistake, type Arguments, type ArgumentSpec } from '../arguments.ts';
import type { CompileScope, ConverterRow } from '../row.ts';
import type { SampleType, Value } from '../sample.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import { keyLoader } from '../tracking/key-loader.ts';
import { COUNT_TRACKERS, reading, runForKey, type Operation } from '../tracking/operations.ts';
import { tableOf } from '../tracking/tracked.ts';
import { TRACKING_WORDS } from '../tracking/words.ts';

type Compile = NonNullable<ConverterRow['compile']>;
type Answer = (table: StickTable) => Value | undefined;

/** What becomes of a value that is no key of the table: `none`. */
function lookup(
  argument: Arguments[number],
  scope: CompileScope,
  none: Value | undefined,
  answer: Answer,
): ReturnType<Compile> {
  const table = tableOf(argument, scope);
  if (isMistake(table)) return table;
  // input casts to `any`: the value describes itself
  const load = keyLoader('any', table);
  return (value: Value): Value | undefined => (load?.(value) === true ? answer(table) : none);
}

function row(
  name: string,
  out: SampleType,
  args: readonly ArgumentSpec[],
  summary: string,
  compile: Compile,
): ConverterRow {
  return { name, args, in: 'any', out, summary, impure: true, compile };
}

function counterRow(name: string, what: string, operation: Operation): ConverterRow {
  return row(name, 'int', ['table:table?'], `${what} of the key`, ([table], scope) =>
    lookup(table, scope, 0, found => runForKey(operation, found)),
  );
}

function indexedRow(name: string, what: string, operationAt: (index: number) => Operation): ConverterRow {
  const args = ['idx:int', 'table:table?'] as const;
  return row(name, 'int', args, `${what} of the key`, ([index, table], scope) => {
    const operation = operationAt(Number(index?.int ?? 0));
    return lookup(table, scope, 0, found => runForKey(operation, found));
  });
}

const WORDS: readonly ConverterRow[] = TRACKING_WORDS.map(({ inTable, what, indexed, operation }) =>
  indexed
    ? indexedRow(`table_${inTable}`, what, operation)
    : counterRow(`table_${inTable}`, what, operation(0)),
);

/** Milliseconds, of a key that has an entry. */
function timeRow(
  name: string,
  what: string,
  read: (table: StickTable, remainingMs: number) => number,
): ConverterRow {
  return row(name, 'int', ['table:table?', 'default_value:int?'], what, ([argument, otherwise], scope) => {
    const none = otherwise?.int;
    return lookup(argument, scope, none, table => {
      const now = table.now;
      const entry = table.enter(now);
      const remaining = entry === 0 ? -1 : Math.max(0, table.expiresAt(entry) - now);
      table.leave();
      return remaining < 0 ? none : read(table, remaining);
    });
  });
}

function isIn(table: StickTable): boolean {
  const entry = table.enter(table.now);
  table.leave();
  return entry !== 0;
}

export const TRACKING_CONVERTERS: readonly ConverterRow[] = [
  row('in_table', 'bool', ['table:table?'], 'the key stands in the table', ([table], scope) =>
    lookup(table, scope, false, isIn),
  ),
  ...WORDS,
  counterRow('table_server_id', 'stored server', reading(['server_id', 0])),
  counterRow('table_trackers', 'streams that track the key', COUNT_TRACKERS),
  timeRow('table_expire', 'milliseconds before the key expires', (_table, remaining) => remaining),
  timeRow('table_idle', 'milliseconds since the key was used', (table, remaining) =>
    Math.max(0, table.settings.expireMs - remaining),
  ),
];
