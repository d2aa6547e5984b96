/** `core.*`: what scripts call outside of any transaction, above all to register their functions. */
import { MOST_WORDS } from '../admin/command.ts';
import type { LuaCallback } from './machine/machine.ts';
import { FUNCTION } from './machine/stack.ts';
import { ScriptEnded, ScriptError } from './machine/script-errors.ts';
import { delayAt } from './delay.ts';
import type { LuaState } from './state.ts';
import { after } from './tasks.ts';

type Functions = Record<string, LuaCallback>;

export function coreFunctions(state: LuaState): Functions {
  return { ...registerFunctions(state), ...waitFunctions(state), ...textFunctions(state) };
}

const FACILITIES: readonly string[] = ['tcp-req', 'tcp-res', 'http-req', 'http-res', 'http-after-res'];

function registerFunctions(state: LuaState): Functions {
  const { machine } = state;
  const atLoad = (what: string): void => {
    if (state.stage !== 'body') throw new ScriptError(`${what}: can be called at load only`);
  };
  const callback = (L: number, index: number): number => {
    if (machine.type(L, index) !== FUNCTION)
      throw new ScriptError(`bad argument #${index}: a function expected`);
    machine.exports.lua_pushvalue(L, index);
    return machine.keep(L);
  };
  return {
    register_action: L => {
      atLoad('register_action');
      const name = machine.text(L, 1);
      if (!machine.isTable(L, 2)) throw new ScriptError('bad argument #2: a table of facilities expected');
      const facilities: string[] = [];
      machine.eachOf(L, 2, () => facilities.push(machine.text(L, -1)));
      const wrong = facilities.find(facility => !FACILITIES.includes(facility));
      if (wrong !== undefined)
        throw new ScriptError(
          `register_action: unknown facility '${wrong}', expected ${FACILITIES.map(one => `'${one}'`).join(', ')}`,
        );
      const words = machine.isAbsent(L, 4) ? 0 : machine.number(L, 4);
      const registered = { callback: callback(L, 3), words };
      for (const facility of facilities) state.actions.set(`${facility} ${name}`, registered);
      return 0;
    },
    register_fetches: L => {
      atLoad('register_fetches');
      state.fetches.set(machine.text(L, 1), callback(L, 2));
      return 0;
    },
    register_converters: L => {
      atLoad('register_converters');
      state.converters.set(machine.text(L, 1), callback(L, 2));
      return 0;
    },
    register_service: L => {
      atLoad('register_service');
      const mode = machine.text(L, 2);
      if (mode !== 'http' && mode !== 'tcp')
        throw new ScriptError(`register_service: mode '${mode}' is neither 'tcp' nor 'http'`);
      state.services.set(machine.text(L, 1), { mode, callback: callback(L, 3) });
      return 0;
    },
    // words, usage, function
    register_cli: L => {
      atLoad('register_cli');
      if (!machine.isTable(L, 1)) throw new ScriptError('bad argument #1: a table of words expected');
      const words: string[] = [];
      machine.eachOf(L, 1, () => words.push(machine.text(L, -1)));
      const path = words.join(' ');
      const mistake = mistakeInCommand(words);
      if (mistake !== undefined) throw new ScriptError(`register_cli: ${mistake}`);
      if (state.host.takenCommands.has(path))
        throw new ScriptError(`register_cli: '${path}' is a command already`);
      state.commands.set(path, { usage: machine.text(L, 2), callback: callback(L, 3) });
      return 0;
    },
    register_filter: L => {
      atLoad('register_filter');
      if (!machine.isTable(L, 2)) throw new ScriptError('bad argument #2: a class of filters expected');
      const parse = callback(L, 3);
      machine.exports.lua_settop(L, 2);
      state.filters.set(machine.text(L, 1), { made: machine.keep(L), parse });
      return 0;
    },
    register_init: L => {
      atLoad('register_init');
      state.inits.push(callback(L, 1));
      return 0;
    },
  };
}

function mistakeInCommand(words: readonly string[]): string | undefined {
  const path = words.join(' ');
  if (words.length === 0) return 'a command has words';
  if (words.length > MOST_WORDS) return `'${path}' has more than ${MOST_WORDS} words`;
  const wrong = words.find(word => !/^[^\s;]+$/.test(word));
  if (wrong !== undefined) return `'${wrong}' is no word of a command`;
  return undefined;
}

function waitFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  let isToldOfNice = false;
  const sleep =
    (unitMs: number): LuaCallback =>
    L => {
      const ms = delayAt(machine, L, 1, unitMs);
      return tasks.wait(L, wake => after(ms, () => wake()));
    };
  return {
    sleep: sleep(1000),
    msleep: sleep(1),
    yield: L => tasks.wait(L, wake => after(0, () => wake())),
    set_nice: L => {
      machine.number(L, 1);
      if (!isToldOfNice)
        state.complain(undefined, 'core.set_nice has no effect: all scripts are served alike.');
      isToldOfNice = true;
      return 0;
    },
    done: L => {
      const task = tasks.current;
      if (task !== undefined) task.answer = machine.value(L, 1);
      throw new ScriptEnded();
    },
  };
}

function textFunctions(state: LuaState): Functions {
  const { machine, host } = state;
  return {
    log: L => {
      const level = machine.number(L, 1);
      const text = machine.text(L, 2);
      const logged = state.settings.toLoggers && host.log(level, text);
      state.say(level, text, logged);
      return 0;
    },
    now: L => {
      const ms = Date.now();
      machine.newTable(L, 2);
      machine.setField(L, 'sec', Math.floor(ms / 1000));
      machine.setField(L, 'usec', (ms % 1000) * 1000);
      return 1;
    },
    tokenize: L => {
      pushTokens(state, L, machine.text(L, 1), machine.text(L, 2), machine.truth(L, 3));
      return 1;
    },
  };
}

function pushTokens(state: LuaState, L: number, text: string, separators: string, noBlank: boolean): void {
  const { machine } = state;
  machine.newTable(L);
  let count = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !separators.includes(text[at] as string)) continue;
    if (at > start || !noBlank) machine.setItem(L, ++count, text.slice(start, at));
    start = at + 1;
  }
}
