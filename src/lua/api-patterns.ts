/** Maps, lists of patterns and regular expressions of scripts; addresses and networks. */
import { applyPatternUpdate, type PatternUpdate } from '../acl/pattern-changes.ts';
import type { PatternSet } from '../acl/pattern-set.ts';
import { castSample } from '../acl/cast.ts';
import { METHOD_TYPES, type MatchMethod } from '../acl/match/method.ts';
import { readVariable } from '../acl/fetches/variables.ts';
import { compileRegex, isRegexMistake, type CompiledRegex } from '../acl/regex/regex.ts';
import type { SampleContext } from '../acl/context.ts';
import { parseIp, type IpAddress } from '../base/ip-address.ts';
import { parseHttpDate } from '../http/http-date.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import { Patref } from './api-patref.ts';
import { valueOfSample } from './samples.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

interface OpenMap {
  readonly set: PatternSet;
  readonly method: MatchMethod;
}

class Network {
  readonly ip: IpAddress;
  readonly bits: number;

  constructor(ip: IpAddress, bits: number) {
    this.ip = ip;
    this.bits = bits;
  }
}

export function patternFunctions(state: LuaState): Functions {
  const { machine } = state;
  return {
    ...mapFunctions(state),
    // pattern, with regard to case
    regex_new: L => {
      const regex = compileRegex(machine.text(L, 1), !machine.truth(L, 2));
      if (isRegexMistake(regex)) {
        machine.push(L, undefined);
        machine.pushText(L, regex.error);
        return 2;
      }
      machine.push(L, state.objects.open(regex));
      return 1;
    },
    regex_exec: L => {
      machine.push(L, regexOf(state, L).test(machine.text(L, 2)));
      return 1;
    },
    regex_match: L => {
      const match = regexOf(state, L).match(machine.text(L, 2));
      if (match === undefined) {
        machine.push(L, undefined);
        return 1;
      }
      machine.newTable(L);
      for (const [index, group] of match.groups.entries()) machine.setItem(L, index + 1, group ?? '');
      return 1;
    },
    // what a Concat object holds
    join: L => {
      let text = '';
      if (!machine.isTable(L, 1)) throw new ScriptError('this is no concat object');
      for (let index = 1; index <= machine.exports.lua_rawlen(L, 1); index++) {
        machine.exports.lua_rawgeti(L, 1, BigInt(index));
        text += machine.text(L, -1);
        machine.pop(L, 1);
      }
      machine.pushText(L, text);
      return 1;
    },
    free: L => {
      const handle = machine.number(L, 1);
      const object = state.objects.get(handle);
      if (object instanceof Patref) object.giveUp();
      state.objects.close(handle);
      return 0;
    },
  };
}

function regexOf(state: LuaState, L: number): CompiledRegex {
  const regex = state.objects.get(state.machine.number(L, 1));
  if (regex === undefined || !('test' in regex)) throw new ScriptError('this is no regex');
  return regex as CompiledRegex;
}

function mapFunctions(state: LuaState): Functions {
  const { machine, host } = state;
  return {
    // file, matching method
    map_new: L => {
      if (state.stage === 'running') throw new ScriptError('Map.new: can be called at load only');
      const name = machine.text(L, 1);
      const method = machine.text(L, 2) as MatchMethod;
      const display = `pattern loaded from file '${name}' used by a script`;
      const list = host.environment.patterns.open(name, 'map', true, display);
      const set = typeof list === 'string' ? list : list.setFor(method, false, undefined, false);
      if (typeof set === 'string') throw new ScriptError(`Map.new: ${set}`);
      machine.push(L, state.objects.open({ set, method } satisfies OpenMap));
      return 1;
    },
    map_lookup: L => {
      const map = state.objects.get(machine.number(L, 1)) as OpenMap | undefined;
      if (map === undefined || !('set' in map)) throw new ScriptError('this is no map');
      const key = castSample(machine.text(L, 2), METHOD_TYPES[map.method]);
      machine.push(L, key === undefined ? undefined : map.set.find(key)?.entry.value);
      return 1;
    },
  };
}

/** Functions of `core`. */
export function corePatternFunctions(state: LuaState): Functions {
  const { machine, host } = state;
  const update =
    (kind: PatternUpdate['kind']): LuaCallback =>
    L => {
      const name = machine.text(L, 1);
      const list = host.environment.patterns.find(name);
      if (list === undefined) throw new ScriptError(`'${kind.replace('-', '_')}': unknown file '${name}'`);
      const value = kind === 'set-map' ? machine.text(L, 3) : '';
      const change: PatternUpdate = { kind, list: name, key: machine.text(L, 2), value };
      if (applyPatternUpdate(host.environment.patterns, change)) state.publish(list, change);
      return 0;
    };
  const date: LuaCallback = L => {
    const seconds = parseHttpDate(machine.text(L, 1));
    machine.push(L, seconds);
    return 1;
  };
  return {
    add_acl: update('add-acl'),
    del_acl: update('del-acl'),
    set_map: update('set-map'),
    del_map: update('del-map'),
    http_date: date,
    imf_date: date,
    rfc850_date: date,
    asctime_date: date,
    get_var: L => {
      const name = machine.text(L, 1);
      if (!name.startsWith('proc.')) throw new ScriptError("get_var: only 'proc.' variables exist here");
      const variable = host.environment.variables.find(name);
      const ctx = { processVariables: host.variables } as SampleContext;
      const value = variable === undefined ? undefined : readVariable(variable)(ctx);
      machine.push(L, valueOfSample(value, state.settings.boolsAreIntegers));
      return 1;
    },
    ...networkFunctions(state),
  };
}

function networkFunctions(state: LuaState): Functions {
  const { machine } = state;
  const network = (L: number, index: number): Network => {
    if (!machine.isTable(L, index)) throw new ScriptError(`bad argument #${index}: an address expected`);
    machine.exports.lua_rawgeti(L, index, 0n);
    const handle = machine.value(L, -1);
    const found = typeof handle === 'number' ? state.objects.get(handle) : undefined;
    machine.pop(L, 1);
    if (!(found instanceof Network)) throw new ScriptError(`bad argument #${index}: an address expected`);
    return found;
  };
  return {
    parse_network: L => {
      const [text = '', bits] = machine.text(L, 1).split('/');
      const ip = parseIp(text);
      const most = ip?.family === 4 ? 32 : 128;
      const length = bits === undefined ? most : Number(bits);
      const isGood = ip !== undefined && Number.isInteger(length) && length >= 0 && length <= most;
      machine.push(L, isGood ? state.objects.open(new Network(ip, length)) : undefined);
      return 1;
    },
    match_addr: L => {
      const isAbsent = machine.isAbsent(L, 1) || machine.isAbsent(L, 2);
      machine.push(L, !isAbsent && meet(network(L, 1), network(L, 2)));
      return 1;
    },
  };
}

/** Whether the one lies in the other. */
function meet(one: Network, other: Network): boolean {
  if (one.ip.family !== other.ip.family) return false;
  const bits = Math.min(one.bits, other.bits);
  const first = wordsOf(one.ip);
  const second = wordsOf(other.ip);
  return first.every((word, index) => {
    const left = Math.max(0, Math.min(32, bits - index * 32));
    return left === 0 || (word ^ (second[index] as number)) >>> (32 - left) === 0;
  });
}

function wordsOf({ family, w0, w1, w2, w3 }: IpAddress): readonly number[] {
  return family === 4 ? [w3] : [w0, w1, w2, w3];
}
