/**
 * track-sc0 and its like, sc-inc-gpc, sc-add-gpc, sc-set-gpt (manual, section 4.4): entries of stick tables that a
 * request or a connection holds on to, and what rules change in them.
 */
import { lowWord } from '../../acl/integer.ts';
import { keyLoader } from '../../acl/tracking/key-loader.ts';
import { incrementing, runForEntry, type Operation } from '../../acl/tracking/operations.ts';
import { tracking } from '../../acl/tracking/tracked.ts';
import type { StickDataType } from '../../model/stick-table.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import { EVERYWHERE, HTTP, TCP_REQUEST, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleKind, RuleLine } from '../rule-line.ts';
import { CONTINUE, NEED_DATA } from '../verdict.ts';

// ── track-sc<n> ──

function compileTrack(line: RuleLine): Action | undefined {
  const counter = Number(line.action.slice('track-sc'.length));
  if (!checkCounter(counter, line)) return undefined;
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  const table = takeTable(line);
  if (table === undefined) return undefined;
  const load = keyLoader('any', table);
  if (load === undefined || keyLoader(expression.type, table) === undefined)
    return line.error(
      `stick-table '${table.settings.name}' uses a type incompatible with the 'track-sc${counter}' rule`,
    );
  const track = TRACKERS[line.kind] ?? trackOwn;
  return ctx => {
    if (tracking(ctx, counter) !== undefined) return CONTINUE;
    ctx.needMoreData = false;
    const key = expression.sample(ctx);
    if (ctx.needMoreData && !ctx.final) return NEED_DATA;
    if (key !== undefined && load(key)) track(ctx, counter, table);
    return CONTINUE;
  };
}

function takeTable(line: RuleLine): StickTable | undefined {
  const { name } = line.env.section;
  const isNamed = line.accept('table');
  const wanted = isNamed ? line.take()?.text : name;
  if (wanted === undefined) return line.error(`missing table name after 'table'`);
  const table = line.env.tables.find(wanted);
  return table ?? line.error(`unable to find table '${wanted}' referenced by ${line.action}`);
}

function checkCounter(counter: number, line: RuleLine): boolean {
  const { stickCounters } = line.env;
  if (counter < stickCounters) return true;
  line.error(
    stickCounters === 0
      ? `${counter} track-sc number not usable, stick-counters are disabled by tune.stick-counters`
      : `${counter} track-sc number exceeding ${stickCounters - 1} (tune.stick-counters-1) value`,
  );
  return false;
}

type Track = (ctx: RuleContext, counter: number, table: StickTable) => void;

const trackOwn: Track = (ctx, counter, table) => {
  ctx.beginOwnCounters().track(counter, table, undefined);
};

const trackSession: Track = (ctx, counter, table) => {
  ctx.beginSessionCounters().track(counter, table, undefined);
};

/** The request is counted when a backend's ruleset for requests begins: until then it is not known to be one. */
const trackContent: Track = (ctx, counter, table) => {
  const inBackend = ctx.backend !== undefined && ctx.backend !== ctx.frontend;
  ctx.beginOwnCounters().track(counter, table, undefined, inBackend);
};

const trackRequest: Track = (ctx, counter, table) => {
  ctx.beginOwnCounters().track(counter, table, 'request');
};

/** Too late to be there when the response came: what it was is counted now. */
const trackResponse: Track = (ctx, counter, table) => {
  const counters = ctx.beginOwnCounters();
  if (counters.track(counter, table, 'request') === 0) return;
  const status = ctx.response?.status ?? 0;
  if (ctx.statusKinds.isError(status)) counters.count(counter, 'error', 1);
  if (ctx.statusKinds.isFailure(status)) counters.count(counter, 'failure', 1);
};

const TRACKERS: Readonly<Partial<Record<RuleKind, Track>>> = {
  'tcp-request connection': trackSession,
  'tcp-request session': trackSession,
  'tcp-request content': trackContent,
  'http-request': trackRequest,
  'http-response': trackResponse,
};

// ── sc-inc-gpc, sc-add-gpc, sc-set-gpt ──

interface Element {
  readonly index: number;
  readonly counter: number;
}

/** `(<index>,<counter>)`, or `(<counter>)` where the index is part of the name. */
function takeElement(line: RuleLine, withIndex: boolean): Element | undefined {
  const words = (line.source.actionArgs ?? '').split(',').map(word => word.trim());
  if (!withIndex && words[0] === '') words[0] = '0';
  const numbers = words.map(Number);
  const [first = 0, second = 0] = numbers;
  const isGood = words.every(word => /^\d+$/.test(word)) && numbers.length === (withIndex ? 2 : 1);
  if (!isGood) {
    const shape = withIndex ? '(<index>,<Track ID>)' : '(<Track ID>)';
    return line.error(`invalid or missing arguments. Expects ${line.action}${shape}`);
  }
  const counter = withIndex ? second : first;
  if (counter >= line.env.stickCounters)
    return line.error(
      `invalid stick table track ID '${counter}'. The max allowed ID is ${line.env.stickCounters - 1} (tune.stick-counters)`,
    );
  return { index: withIndex ? first : 0, counter };
}

function applying(counter: number, operation: Operation): Action {
  return ctx => {
    const found = tracking(ctx, counter);
    if (found !== undefined) runForEntry(operation, found.table(counter) as StickTable, found.entry(counter));
    return CONTINUE;
  };
}

function compileIncrement(line: RuleLine): Action | undefined {
  const element = takeElement(line, true);
  if (element === undefined) return undefined;
  const { index, counter } = element;
  return applying(counter, incrementing([['gpc', index]], [['gpc_rate', index]]));
}

function compileIncrementOf(
  index: 0 | 1,
  counter: StickDataType,
  rate: StickDataType,
): ActionDefinition['compile'] {
  const operation = incrementing(
    [
      [counter, 0],
      ['gpc', index],
    ],
    [
      [rate, 0],
      ['gpc_rate', index],
    ],
  );
  return line => {
    const element = takeElement(line, false);
    return element && applying(element.counter, operation);
  };
}

/** A number, or an expression that gives one, in 32 bits. */
function takeAmount(line: RuleLine): ((ctx: RuleContext) => number | undefined) | undefined {
  if (/^[+-]?\d+$/.test(line.next)) {
    const amount = lowWord(Number(line.take()?.text));
    return () => amount;
  }
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  return ctx => {
    const value = expression.int(ctx);
    return value === undefined ? undefined : lowWord(value);
  };
}

type Change = (table: StickTable, entry: number, amount: number, nowMs: number) => void;

function changing(line: RuleLine, element: Element, change: Change): Action | undefined {
  const amountOf = takeAmount(line);
  if (amountOf === undefined) return undefined;
  const { counter } = element;
  return ctx => {
    const found = tracking(ctx, counter);
    const amount = found === undefined ? undefined : amountOf(ctx);
    if (found === undefined || amount === undefined) return CONTINUE;
    const table = found.table(counter) as StickTable;
    table.enterEntry();
    change(table, found.entry(counter), amount, table.now);
    table.leave();
    return CONTINUE;
  };
}

function compileAdd(line: RuleLine): Action | undefined {
  const element = takeElement(line, true);
  if (element === undefined) return undefined;
  const { index } = element;
  return changing(line, element, (table, entry, amount, nowMs) => {
    const rate = table.place('gpc_rate');
    const counter = table.place('gpc');
    if (rate !== undefined && index < rate.count) table.count(entry, rate, index, amount, nowMs);
    if (counter !== undefined && index < counter.count) table.add(entry, counter, index, amount);
    table.touch(entry, nowMs);
  });
}

function compileSetTag(withIndex: boolean): ActionDefinition['compile'] {
  return line => {
    const element = takeElement(line, withIndex);
    if (element === undefined) return undefined;
    const { index } = element;
    return changing(line, element, (table, entry, value, nowMs) => {
      const place = (withIndex ? undefined : table.place('gpt0')) ?? table.place('gpt');
      if (place === undefined || index >= place.count) return;
      table.setNumber(entry, place, index, value);
      table.touch(entry, nowMs);
    });
  };
}

const TRACKING = [...TCP_REQUEST, ...HTTP];
const TRACK_ARGS = '<key> [table <table>]';
const ELEMENT = '(<index>,<counter>)';

export const TRACKING_ACTIONS: readonly ActionDefinition[] = [
  { name: 'track-sc0', rulesets: TRACKING, args: TRACK_ARGS, compile: compileTrack },
  { name: 'track-sc1', rulesets: TRACKING, args: TRACK_ARGS, compile: compileTrack },
  { name: 'track-sc2', rulesets: TRACKING, args: TRACK_ARGS, compile: compileTrack },
  { name: 'sc-inc-gpc', rulesets: EVERYWHERE, args: ELEMENT, compile: compileIncrement },
  {
    name: 'sc-inc-gpc0',
    rulesets: EVERYWHERE,
    args: '(<counter>)',
    compile: compileIncrementOf(0, 'gpc0', 'gpc0_rate'),
  },
  {
    name: 'sc-inc-gpc1',
    rulesets: EVERYWHERE,
    args: '(<counter>)',
    compile: compileIncrementOf(1, 'gpc1', 'gpc1_rate'),
  },
  { name: 'sc-add-gpc', rulesets: EVERYWHERE, args: `${ELEMENT} { <int> | <expr> }`, compile: compileAdd },
  {
    name: 'sc-set-gpt',
    rulesets: EVERYWHERE,
    args: `${ELEMENT} { <int> | <expr> }`,
    compile: compileSetTag(true),
  },
  {
    name: 'sc-set-gpt0',
    rulesets: EVERYWHERE,
    args: '(<counter>) { <int> | <expr> }',
    compile: compileSetTag(false),
  },
];
