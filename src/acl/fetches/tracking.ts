/** Words on stick tables and tracked counters (manual, section 7.3.3). */
import type { ArgumentSpec, Arguments } from '../arguments.ts';
import { isMistake } from '../arguments.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import type { CompileScope, FetchRow, Getter } from '../row.ts';
import { keyLoader, keyOf } from '../tracking/key-loader.ts';
import { COUNT_CONNECTION, COUNT_TRACKERS, runForKey, type Operation } from '../tracking/operations.ts';
import { counterOf, forTracked, tableOf, tracking } from '../tracking/tracked.ts';
import { TRACKING_WORDS } from '../tracking/words.ts';
import { addressOf } from './connection.ts';

const TRACKED: FetchRow['sources'] = ['internal state', 'track counters'];
const BY_ADDRESS: FetchRow['sources'] = ['client address'];
const INTERNAL: FetchRow['sources'] = ['internal state'];

type Compile = NonNullable<FetchRow['compile']>;

/** How a family of words names its entry: arguments behind the index, and what they compile to. */
interface Family {
  readonly prefix: string;
  readonly args: readonly ArgumentSpec[];
  readonly whose: string;
  readonly sources: (word: string) => FetchRow['sources'];
  readonly takes: (word: string, indexed: boolean) => boolean;
  readonly compile: (operation: Operation, args: Arguments, scope: CompileScope) => ReturnType<Compile>;
}

/** `sc_conn_cnt(0)`; `sc0_conn_cnt`, whose number is fixed. */
function trackedFamily(number: number | undefined): Family {
  const args: readonly ArgumentSpec[] = number === undefined ? ['ctr:int'] : [];
  return {
    prefix: `sc${number ?? ''}`,
    args: [...args, 'table:table?'],
    whose: number === undefined ? 'of a tracked counter' : `of tracked counter ${number}`,
    sources: word => (word.startsWith('kbytes') ? BY_ADDRESS : TRACKED),
    // one word with an index stands for counter 1 only
    takes: (word, indexed) => !indexed || number === undefined || (number === 1 && word === 'clr_gpc'),
    compile: (operation, rest, scope) => {
      const counter = number ?? counterOf(rest[0], scope);
      return isMistake(counter) ? counter : forTracked(operation, counter, rest.at(-1)?.table);
    },
  };
}

const SRC: Family = {
  prefix: 'src',
  args: ['table:table?'],
  whose: 'of the client address',
  sources: () => BY_ADDRESS,
  takes: () => true,
  compile: (operation, [argument], scope) => {
    const table = tableOf(argument, scope);
    return isMistake(table) ? table : bySource(operation, table);
  },
};

function bySource(operation: Operation, table: StickTable): Getter {
  const load = keyLoader('addr', table);
  return ctx => {
    const ip = addressOf(ctx.client?.source);
    if (ip === undefined) return undefined;
    return load?.(ip) === true ? runForKey(operation, table) : 0;
  };
}

function rowsOf({ prefix, args, whose, sources, takes, compile }: Family): FetchRow[] {
  return TRACKING_WORDS.filter(({ word, indexed }) => takes(word, indexed)).map(
    ({ word, what, indexed, operation }) => ({
      name: `${prefix}_${word}`,
      args: indexed ? ['idx:int', ...args] : args,
      out: 'int',
      sources: sources(word),
      summary: `${what} ${whose}`,
      compile: (given, scope) => {
        const index = indexed ? Number(given[0]?.int ?? 0) : 0;
        return compile(operation(index), indexed ? given.slice(1) : given, scope);
      },
    }),
  );
}

function extrasOf(number: number | undefined): FetchRow[] {
  const family = trackedFamily(number);
  const counter = (args: Arguments, scope: CompileScope): ReturnType<typeof counterOf> =>
    number ?? counterOf(args[0], scope);
  const row = (
    word: string,
    out: FetchRow['out'],
    what: string,
    compile: (counter: number, table: StickTable | undefined) => Getter,
    args: readonly ArgumentSpec[] = family.args,
  ): FetchRow => ({
    name: `${family.prefix}_${word}`,
    args,
    out,
    sources: TRACKED,
    summary: what,
    compile: (given, scope) => {
      const which = counter(given, scope);
      return isMistake(which) ? which : compile(which, given.at(-1)?.table);
    },
  });
  const { whose } = family;
  return [
    row('key', 'any', `key ${whose}`, trackedKey, number === undefined ? ['ctr:int'] : []),
    row('tracked', 'bool', `in use: counter ${whose}`, isTracked),
    row('trackers', 'int', `streams that share the counter ${whose}`, (which, table) =>
      forTracked(COUNT_TRACKERS, which, table),
    ),
  ];
}

function trackedKey(counter: number): Getter {
  return ctx => {
    const counters = tracking(ctx, counter);
    if (counters === undefined) return undefined;
    return keyOf(counters.table(counter) as StickTable, counters.entry(counter));
  };
}

/** With another table: whether keys of the kind can be there. */
function isTracked(counter: number, table: StickTable | undefined): Getter {
  return ctx => {
    const counters = tracking(ctx, counter);
    if (counters === undefined || table === undefined) return counters !== undefined;
    return table.loadKeyOf(counters.table(counter) as StickTable, counters.entry(counter));
  };
}

function tableRow(name: string, summary: string, read: (table: StickTable) => number): FetchRow {
  return {
    name,
    args: ['table:table?'],
    out: 'int',
    sources: INTERNAL,
    summary,
    compile: ([argument], scope) => {
      const table = tableOf(argument, scope);
      return isMistake(table) ? table : () => read(table);
    },
  };
}

export const TRACKING_FETCHES: readonly FetchRow[] = [
  ...rowsOf(trackedFamily(undefined)),
  ...extrasOf(undefined),
  ...[0, 1, 2].flatMap(number => [...rowsOf(trackedFamily(number)), ...extrasOf(number)]),
  ...rowsOf(SRC),
  {
    name: 'src_updt_conn_cnt',
    args: ['table:table?'],
    out: 'int',
    sources: BY_ADDRESS,
    summary: 'counts this connection for the client address',
    compile: (args, scope) => SRC.compile(COUNT_CONNECTION, args, scope),
  },
  tableRow('table_avl', 'free entries of a table', table => table.settings.size - table.used(table.now)),
  tableRow('table_cnt', 'used entries of a table', table => table.used(table.now)),
];
