/** set-bandwidth-limit (manual, sections 4.3 and 9.7): puts a `filter bwlim-in` or `bwlim-out` in force for a stream. */
import { keyLoader, type LoadKey } from '../../acl/tracking/key-loader.ts';
import type { CompiledExpression } from '../../acl/compiled.ts';
import { parseSize } from '../../config-parser/units.ts';
import type { BandwidthInForce, BandwidthLimit } from '../../model/bandwidth-limit.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import { CONTENT, HTTP, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';
import { asNumber, type NumberSource } from './connection.ts';
import { takeTime } from './exchange.ts';

function compileSetBandwidthLimit(line: RuleLine): Action | undefined {
  const name = line.take()?.text;
  if (name === undefined) return line.error('missing bwlim filter name');
  const filter = line.env.section.bandwidthLimits.find(one => one.name === name);
  if (filter === undefined)
    return line.error(`unable to find bwlim filter '${name}' referenced by set-bandwidth-limit rule`);
  const wishes = takeWishes(line);
  if (wishes === undefined) return undefined;
  if (filter.key === undefined) return ownLimit(filter, wishes);
  const refused = wishes.limit === undefined ? wishes.period && 'period' : 'limit';
  if (refused !== undefined)
    return line.error(`set-bandwidth-limit rule cannot define a ${refused} for a shared bwlim filter`);
  return compileShared(line, filter, line.expression(filter.key));
}

interface Wishes {
  readonly limit?: NumberSource;
  readonly period?: NumberSource;
}

function takeWishes(line: RuleLine): Wishes | undefined {
  let wishes: Wishes = {};
  while (/^(?:limit|period)$/.test(line.next)) {
    const word = line.take()?.text as 'limit' | 'period';
    if (line.left === 0) return line.error(`missing ${word} value or expression`);
    const value = word === 'limit' ? takeSize(line) : takeTime(line, 'set-bandwidth-limit');
    if (value === undefined) return undefined;
    wishes = { ...wishes, [word]: value };
  }
  return wishes;
}

function takeSize(line: RuleLine): NumberSource | undefined {
  const size = parseSize(line.next);
  if (size.error === undefined) {
    line.take();
    return () => size.value;
  }
  const expression = line.takeExpression();
  return expression && asNumber(expression);
}

/** Values that make no sense leave the filter's own. */
function ownLimit(filter: BandwidthLimit, { limit, period }: Wishes): Action {
  return ctx => {
    ctx.limitBandwidth(filter, {
      limit: positive(limit?.(ctx)) ?? filter.limit,
      periodMs: positive(period?.(ctx)) ?? filter.periodMs,
      minSize: filter.minSize,
    });
    return CONTINUE;
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function compileShared(
  line: RuleLine,
  filter: BandwidthLimit,
  key: CompiledExpression | undefined,
): Action | undefined {
  if (key === undefined) return undefined;
  const named = filter.table ?? line.env.section.name;
  const table = line.env.tables.find(named);
  if (table === undefined)
    return line.error(`unable to find table '${named}' referenced by bwlim filter '${filter.name}'`);
  const stored = filter.direction === 'in' ? 'bytes_in_rate' : 'bytes_out_rate';
  if (table.place(stored) === undefined)
    return line.error(`stick-table '${named}' does not store '${stored}' for bwlim filter '${filter.name}'`);
  const load = keyLoader('any', table);
  if (load === undefined || keyLoader(key.type, table) === undefined)
    return line.error(
      `stick-table '${named}' uses a key type incompatible with bwlim filter '${filter.name}'`,
    );
  return sharedLimit(filter, key, table, load);
}

function sharedLimit(
  filter: BandwidthLimit,
  key: CompiledExpression,
  table: StickTable,
  load: LoadKey,
): Action {
  return ctx => {
    const value = key.sample(ctx);
    if (value === undefined || !load(value)) return CONTINUE;
    const entry = table.track(undefined, table.now);
    if (entry !== 0) ctx.limitBandwidth(filter, new SharedLimit(filter, table, entry));
    return CONTINUE;
  };
}

type Place = NonNullable<ReturnType<StickTable['place']>>;

/** All streams that hold on to an entry have equal shares of its limit. */
class SharedLimit implements BandwidthInForce {
  readonly minSize: number;
  readonly #filter: BandwidthLimit;
  readonly #table: StickTable;
  readonly #entry: number;
  readonly #place: Place;

  constructor(filter: BandwidthLimit, table: StickTable, entry: number) {
    this.minSize = filter.minSize;
    this.#filter = filter;
    this.#table = table;
    this.#entry = entry;
    this.#place = table.place(filter.direction === 'in' ? 'bytes_in_rate' : 'bytes_out_rate') as Place;
  }

  get limit(): number {
    return Math.max(1, Math.ceil(this.#filter.limit / Math.max(1, this.#table.references(this.#entry))));
  }

  get periodMs(): number {
    return this.#place.periodMs;
  }

  passed(bytes: number): void {
    const table = this.#table;
    table.enterEntry();
    table.count(this.#entry, this.#place, 0, Math.ceil(bytes / table.settings.bratesFactor), table.now);
    table.leave();
  }

  release(): void {
    this.#table.untrack(this.#entry, this.#table.now);
  }
}

export const BANDWIDTH_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'set-bandwidth-limit',
    rulesets: [...CONTENT, ...HTTP],
    args: '<name> [limit { <expr> | <size> }] [period { <expr> | <time> }]',
    compile: compileSetBandwidthLimit,
  },
];
