/** `tune.lua.*` as numbers, with the manual's defaults. */
import { parseTime } from '../config-parser/units.ts';
import type { Tune } from '../model/global.ts';
import { librariesOf } from './machine/libraries.ts';
import type { LuaLibrary } from './machine/libraries.ts';

const DEFAULT_BURST = '1000';
const DEFAULT_SESSION = '4s';
const DEFAULT_INSTRUCTIONS = 10_000;
const LEAST_INSTRUCTIONS = 500;

export interface LuaSettings {
  readonly burstMs: number;
  readonly sessionMs: number;
  readonly serviceMs: number;
  readonly taskMs: number;
  /** 0: as many as suit the number of threads. */
  readonly instructions: number;
  readonly maxMemory: number;
  readonly libraries: readonly LuaLibrary[];
  /** Booleans of samples become integers, as they did before HAProxy 3.1. */
  readonly boolsAreIntegers: boolean;
  /** Undefined: nothing was said, which earns a warning. */
  readonly boolsSaid: boolean;
  readonly toLoggers: boolean;
  readonly toStderr: 'on' | 'auto' | 'off';
}

export function luaSettings({ other }: Tune): LuaSettings {
  const word = (name: string, fallback: string): string => other.get(`tune.lua.${name}`)?.[0] ?? fallback;
  const time = (name: string, fallback: string): number =>
    parseTime(word(name, fallback), 'ms', name).value ?? 0;
  const libraries = librariesOf(word('openlibs', 'all'));
  const bools = other.get('tune.lua.bool-sample-conversion')?.[0];
  return {
    burstMs: time('burst-timeout', DEFAULT_BURST),
    sessionMs: time('session-timeout', DEFAULT_SESSION),
    serviceMs: time('service-timeout', DEFAULT_SESSION),
    taskMs: time('task-timeout', '0'),
    instructions: Number(word('forced-yield', '0')),
    maxMemory: Number(word('maxmem', '0')) * 2 ** 20,
    libraries: typeof libraries === 'string' ? [] : libraries,
    boolsAreIntegers: bools !== 'normal',
    boolsSaid: bools !== undefined,
    toLoggers: word('log.loggers', 'on') === 'on',
    toStderr: word('log.stderr', 'auto') as LuaSettings['toStderr'],
  };
}

/** Instructions a script of a state runs at a time. */
export function instructionsOf({ instructions }: LuaSettings, isShared: boolean, threads: number): number {
  if (instructions > 0) return instructions;
  return isShared
    ? Math.max(LEAST_INSTRUCTIONS, Math.floor(DEFAULT_INSTRUCTIONS / threads))
    : DEFAULT_INSTRUCTIONS;
}
