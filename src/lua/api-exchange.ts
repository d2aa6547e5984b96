/** What TXN and HTTP objects of scripts do (HAProxy's Lua API: TXN class, HTTP class). */
import { readVariable, storeOf } from '../acl/fetches/variables.ts';
import { compileRegex, expandReplacement, isRegexMistake } from '../acl/regex/regex.ts';
import type { Headers } from '../http/head.ts';
import { reasonPhrase } from '../http/reasons.ts';
import { fits, followHost } from '../rules/http-message.ts';
import { rewriteItems } from '../rules/rewrite-items.ts';
import { withPath, withQuery } from '../rules/request-target.ts';
import { ExchangeMemory, type ExchangeScope } from './exchange-scope.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError, ScriptEnded } from './machine/script-errors.ts';
import { readReply } from './replies.ts';
import { sampleOfValue, textOfSample, valueOfSample } from './samples.ts';
import { delayAt } from './delay.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

export function exchangeFunctions(state: LuaState): Functions {
  return {
    ...sampleFunctions(state),
    ...variableFunctions(state),
    ...lifeFunctions(state),
    ...headFunctions(state),
  };
}

function sampleFunctions(state: LuaState): Functions {
  const { machine, samples, settings } = state;
  const give = (L: number, sample: Parameters<typeof textOfSample>[0], asText: boolean): number => {
    machine.push(L, asText ? textOfSample(sample) : valueOfSample(sample, settings.boolsAreIntegers));
    return 1;
  };
  return {
    knows_fetch: L => {
      machine.push(L, samples.knowsFetch(machine.text(L, 1)));
      return 1;
    },
    knows_converter: L => {
      machine.push(L, samples.knowsConverter(machine.text(L, 1)));
      return 1;
    },
    // handle, as text, name, ...
    fetch: L => {
      const scope = state.exchange(L);
      const sample = samples.fetch(scope, scope.ctx, machine.text(L, 3), state.texts(L, 4));
      return give(L, sample, machine.truth(L, 2));
    },
    // handle, as text, name, value, ...
    convert: L => {
      const scope = state.exchange(L);
      const value = machine.value(L, 4);
      const sample = samples.convert(scope, scope.ctx, machine.text(L, 3), value, state.texts(L, 5));
      return give(L, sample, machine.truth(L, 2));
    },
  };
}

function variableFunctions(state: LuaState): Functions {
  const { machine, settings } = state;
  return {
    // handle, name, value, only if the name is known
    set_var: L => {
      const { ctx, env } = state.exchange(L);
      const name = machine.text(L, 2);
      const variable = machine.truth(L, 4) ? knownVariable(env, name) : env.variables.resolve(name);
      const store = typeof variable === 'object' ? storeOf(ctx, variable.scope) : undefined;
      if (typeof variable === 'object') store?.set(variable.slot, sampleOfValue(machine.value(L, 3)));
      machine.push(L, store !== undefined);
      return 1;
    },
    unset_var: L => {
      const { ctx, env } = state.exchange(L);
      const variable = env.variables.resolve(machine.text(L, 2));
      if (typeof variable === 'object') storeOf(ctx, variable.scope)?.unset(variable.slot);
      machine.push(L, typeof variable === 'object');
      return 1;
    },
    get_var: L => {
      const { ctx, env } = state.exchange(L);
      const variable = env.variables.find(machine.text(L, 2));
      const value = variable === undefined ? undefined : readVariable(variable)(ctx);
      machine.push(L, valueOfSample(value, settings.boolsAreIntegers));
      return 1;
    },
  };
}

/** Of `ifexist`: variables of a process exist when the configuration names them; the others may always be set. */
function knownVariable(
  { variables }: ExchangeScope['env'],
  name: string,
): ReturnType<typeof variables.resolve> {
  if (!name.startsWith('proc.')) return variables.resolve(name);
  return variables.find(name) ?? 'unknown';
}

function lifeFunctions(state: LuaState): Functions {
  const { machine } = state;
  const setting =
    (set: (scope: ExchangeScope, value: number) => void): LuaCallback =>
    L => {
      set(state.exchange(L), Math.trunc(machine.number(L, 2)));
      return 0;
    };
  return {
    log: L => {
      const { ctx } = state.exchange(L);
      const level = machine.number(L, 2);
      const text = machine.text(L, 3);
      state.say(level, text, state.settings.toLoggers && ctx.logText(level, text));
      return 0;
    },
    is_http: L => {
      machine.push(L, state.exchange(L).ctx.request !== undefined);
      return 1;
    },
    set_priv: L => {
      const { ctx } = state.exchange(L);
      machine.exports.lua_settop(L, 2);
      state.setPrivate(L, ExchangeMemory.of(ctx));
      return 0;
    },
    get_priv: L => {
      state.pushPrivate(L, ExchangeMemory.of(state.exchange(L).ctx));
      return 1;
    },
    done: L => {
      const scope = state.exchange(L);
      scope.done = true;
      if (machine.isTable(L, 2)) scope.reply = readReply(machine, L, 2);
      throw new ScriptEnded();
    },
    // handle, of the response, whether it wants to see data
    filter_data: L => {
      const { filterData } = state.exchange(L);
      if (filterData === undefined) throw new ScriptError('data is filtered by filters only');
      filterData[machine.truth(L, 2) ? 'response' : 'request'] = machine.truth(L, 3);
      return 0;
    },
    wake_time: L => {
      state.exchange(L).wakeMs = delayAt(machine, L, 2);
      return 0;
    },
    set_loglevel: setting(({ ctx }, level) => ctx.setLogLevel(level)),
    set_fc_tos: setting(({ ctx }, tos) => ctx.setTos('client', tos)),
    set_fc_mark: setting(({ ctx }, mark) => ctx.setMark('client', mark)),
    set_priority_class: setting(({ ctx }, value) => ctx.setPriorityClass(within(value, 2047))),
    set_priority_offset: setting(({ ctx }, value) => ctx.setPriorityOffset(within(value, 524_287))),
  };
}

function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Functions of heads: handle, whether the response's, ... */
function headFunctions(state: LuaState): Functions {
  const { machine } = state;
  const request = (L: number): NonNullable<ExchangeScope['ctx']['request']> => {
    const { request: head } = state.exchange(L).ctx;
    if (head === undefined) throw new ScriptError('there is no request here');
    return head;
  };
  const headers = (L: number): Headers => {
    const { ctx } = state.exchange(L);
    const isResponse = machine.truth(L, 2);
    const head = isResponse ? ctx.response : ctx.request;
    if (head === undefined) throw new ScriptError(`there is no ${isResponse ? 'response' : 'request'} here`);
    return head.headers;
  };
  const done = (L: number): number => {
    machine.push(L, true);
    return 1;
  };
  return {
    headers: L => {
      pushHeaders(state, L, headers(L));
      return 1;
    },
    add_header: L => {
      addHeader(state, L, headers(L));
      return 0;
    },
    set_header: L => {
      const all = headers(L);
      all.remove(machine.text(L, 3).toLowerCase());
      addHeader(state, L, all);
      return 0;
    },
    del_header: L => {
      headers(L).remove(machine.text(L, 3).toLowerCase());
      return 0;
    },
    replace_header: L => {
      replaceIn(headers(L), machine.text(L, 3), machine.text(L, 4), machine.text(L, 5), rewriteWhole);
      return 0;
    },
    replace_value: L => {
      replaceIn(headers(L), machine.text(L, 3), machine.text(L, 4), machine.text(L, 5), rewriteList);
      return 0;
    },
    set_method: L => {
      request(L).method = printable(machine.text(L, 2));
      return done(L);
    },
    set_path: L => {
      const head = request(L);
      head.target = withPath(head.target, printable(machine.text(L, 2)));
      return done(L);
    },
    set_query: L => {
      const head = request(L);
      head.target = withQuery(head.target, printable(machine.text(L, 2)));
      return done(L);
    },
    set_uri: L => {
      request(L).target = printable(machine.text(L, 2));
      return done(L);
    },
    reason_of: L => {
      machine.push(L, reasonPhrase(machine.number(L, 1)));
      return 1;
    },
    set_status: L => {
      const { ctx } = state.exchange(L);
      const { response } = ctx;
      const status = machine.number(L, 2);
      if (response === undefined) throw new ScriptError('there is no response here');
      // what is logged and counted, too
      response.status = ctx.status = status;
      response.reason = printable(machine.optionalText(L, 3) ?? reasonPhrase(status));
      return 0;
    },
  };
}

/** What ends a line would end the head. */
function printable(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new ScriptError('a line break cannot stand in a message head');
  return text;
}

/** handle, whether the response's, name, value */
function addHeader(state: LuaState, L: number, headers: Headers): void {
  const { machine } = state;
  const { ctx } = state.exchange(L);
  const name = printable(machine.text(L, 3));
  const value = printable(machine.text(L, 4));
  const side = machine.truth(L, 2) ? 'response' : 'request';
  if (!fits(ctx, side, name.length + value.length + 4)) throw new ScriptError('no room for this header');
  headers.add(name, value);
  followHost(ctx, side, name.toLowerCase(), value);
}

/** `{ name = { [0] = value, ... } }` */
export function pushHeaders({ machine }: LuaState, L: number, headers: Headers): void {
  const byName = new Map<string, string[]>();
  for (let index = 0; index < headers.count; index++) {
    const name = headers.lowerNameAt(index);
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [headers.valueAt(index)]);
    else values.push(headers.valueAt(index));
  }
  machine.newTable(L, byName.size);
  for (const [name, values] of byName) {
    machine.newTable(L);
    for (const [index, value] of values.entries()) machine.setItem(L, index, value);
    machine.setTopField(L, name);
  }
}

type Rewrite = (value: string, change: (text: string) => string) => string;

const rewriteWhole: Rewrite = (value, change) => change(value);
const rewriteList: Rewrite = (value, change) => rewriteItems(value, change) ?? value;

function replaceIn(
  headers: Headers,
  name: string,
  pattern: string,
  template: string,
  rewrite: Rewrite,
): void {
  const regex = compileRegex(pattern);
  if (isRegexMistake(regex)) throw new ScriptError(`invalid regex: ${regex.error}`);
  const lowerName = name.toLowerCase();
  const change = (text: string): string => {
    const match = regex.match(text);
    return match === undefined ? text : (expandReplacement(template, match.groups) ?? text);
  };
  for (let index = headers.find(lowerName); index >= 0; index = headers.find(lowerName, index + 1)) {
    const value = headers.valueAt(index);
    const changed = rewrite(value, change);
    if (changed !== value) headers.setValueAt(index, changed);
  }
}
