/**
 * The scripts of a configuration (`lua-load`, `lua-load-per-thread`) in one thread: loads them, and hands out what they
 * have registered to rules and expressions. Made by worker/ in every thread.
 */
import { readFileSync } from 'node:fs';
import type { ScriptConverter, ScriptFetch, ScriptScope } from '../acl/environment.ts';
import type { SampleContext } from '../acl/context.ts';
import { isResponsePhase } from '../acl/phase.ts';
import { describeSystemError } from '../base/system-error.ts';
import { httpClientSettings } from '../certificates/http-client-settings.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { RulesetName } from '../model/rule.ts';
import type { LuaLine } from '../model/global.ts';
import type { HttpClientSettings } from '../net/http-client.ts';
import type { RuleContext } from '../rules/context.ts';
import type { ServiceWire } from '../rules/service-wire.ts';
import type { ScriptFilter } from '../rules/script-filter.ts';
import type { FilterPlace, ScriptAction, ScriptProgram, ScriptService } from '../rules/script-program.ts';
import { Subscriptions } from './subscriptions.ts';
import type { ServerEvent } from '../model/server-event.ts';
import type { ExchangeScope } from './exchange-scope.ts';
import { configureFilter } from './filter.ts';
import type { LuaHost } from './host.ts';
import { ScriptRun } from './run-action.ts';
import { prepare } from './prepare.ts';
import { luaSettings, type LuaSettings } from './settings.ts';
import { ServiceRun } from './service.ts';
import { LuaState } from './state.ts';

export class LuaProgram implements ScriptProgram {
  readonly diagnostics: Diagnostic[] = [];
  readonly #host: LuaHost;
  readonly #settings: LuaSettings;
  readonly #httpClient: HttpClientSettings;
  readonly #threads: number;
  readonly #states: LuaState[] = [];
  readonly #subscriptions: Subscriptions[] = [];

  constructor(host: LuaHost, threads: number) {
    const { global } = host.config;
    this.#host = host;
    this.#threads = threads;
    this.#settings = luaSettings(global.tune);
    this.#httpClient = httpClientSettings(
      host.config,
      mistake => this.diagnostics.push({ severity: 'alert', ...mistake }),
      (question, done) => host.findAddress(question, done),
    );
    this.#warn();
    for (const line of global.luaLines) this.#run(line);
    for (const state of this.#states) state.stage = 'running';
  }

  #warn(): void {
    const first = this.#host.config.global.luaLines.find(({ kind }) => kind !== 'prepend-path');
    if (first === undefined || this.#settings.boolsSaid) return;
    const name = 'tune.lua.bool-sample-conversion';
    const message =
      `'${name}' is not set: booleans of samples reach Lua as integers ('pre-3.1-bug'); ` +
      "say 'normal', or 'pre-3.1-bug' to keep them so.";
    this.diagnostics.push({ severity: 'warning', position: first.position, message });
  }

  // ── loading ──

  #run(line: LuaLine): void {
    if (line.kind === 'prepend-path') {
      for (const number of [0, this.#ownNumber()]) this.#prependPath(this.#state(number), line);
      return;
    }
    const state = this.#state(line.kind === 'load' ? 0 : this.#ownNumber());
    const [path = '', ...args] = line.words;
    const text = readScript(path);
    if (typeof text !== 'string') return this.#refuse(line, `cannot open Lua file '${path}': ${text.error}`);
    // the control thread was the first to run it, and has printed what it prints
    state.machine.files.silent = this.#host.thread > (state.number === 0 ? 0 : 1);
    const error = this.#runScript(state, text, path, args);
    state.machine.files.silent = false;
    if (error !== undefined) this.#refuse(line, `error in Lua file '${path}': ${error}`);
  }

  #refuse({ position }: LuaLine, message: string): void {
    this.diagnostics.push({ severity: 'alert', position, message });
  }

  /** With one thread there is nothing to be separate from. */
  #ownNumber(): number {
    return this.#threads === 1 ? 0 : Math.max(1, this.#host.thread);
  }

  #state(number: number): LuaState {
    const known = this.#states.find(state => state.number === number);
    if (known !== undefined) return known;
    const state = new LuaState(number, this.#settings, this.#httpClient, this.#host, this.#threads);
    const subscriptions = new Subscriptions(state, () => this.#hear());
    this.#states.push(state);
    this.#subscriptions.push(subscriptions);
    prepare(state, subscriptions);
    return state;
  }

  #hear(): void {
    this.#host.hear(this.#subscriptions.flatMap(({ types }) => types));
  }

  event(event: ServerEvent): void {
    for (const subscriptions of this.#subscriptions) subscriptions.hear(event);
  }

  #prependPath(state: LuaState, line: LuaLine): void {
    const [path = '', type = 'path'] = line.words;
    const error = this.#runScript(state, PREPEND, '=lua-prepend-path', [path, type]);
    if (error !== undefined) this.#refuse(line, `'lua-prepend-path': ${error}`);
  }

  /** Undefined: it ran to its end. */
  #runScript(
    { machine, tasks }: LuaState,
    text: string,
    path: string,
    args: readonly string[],
  ): string | undefined {
    const { L } = machine;
    if (!machine.load(L, text, path.startsWith('=') ? path : `@${path}`))
      return `syntax error: ${machine.failure(L)}`;
    const chunk = machine.keep(L);
    const task = tasks.run(
      thread => {
        machine.pushKept(thread, chunk);
        machine.pushTexts(thread, args);
        return args.length;
      },
      { totalMs: 0, mayWait: false },
    );
    machine.letGo(chunk);
    const { error } = task;
    tasks.release(task);
    return error === '' ? undefined : error;
  }

  /** All rules are compiled: init functions run. Answers what is wrong with them. */
  init(): readonly Diagnostic[] {
    return this.#states.flatMap(state => this.#init(state));
  }

  #init(state: LuaState): Diagnostic[] {
    const wrong: Diagnostic[] = [];
    state.stage = 'init';
    for (const callback of state.inits) {
      const task = state.tasks.run(
        L => {
          state.machine.pushKept(L, callback);
          return 0;
        },
        { totalMs: 0, mayWait: false },
      );
      if (task.error !== '') wrong.push(initFailed(task.error));
      state.tasks.release(task);
    }
    state.stage = 'running';
    return wrong;
  }

  /** The thread serves from now on: tasks start. Those of the shared state are the first thread's. */
  serve(): void {
    for (const state of this.#states) if (state.number > 0 || this.#host.thread === 1) state.serve();
    for (const subscriptions of this.#subscriptions) subscriptions.serve();
  }

  stop(): void {
    for (const subscriptions of this.#subscriptions) subscriptions.stop();
    for (const state of this.#states) state.stop();
  }

  // ── what was registered ──

  action(name: string, ruleset: RulesetName): ScriptAction | undefined {
    for (const state of this.#states) {
      const registered = state.actions.get(`${facilityOf(ruleset)} ${name}`);
      if (registered === undefined) continue;
      return {
        words: registered.words,
        compile: (words, place) => new ScriptRun(state, name, registered, words, place).act,
      };
    }
    return undefined;
  }

  filter(name: string, words: readonly string[], place: FilterPlace): ScriptFilter | string | undefined {
    for (const state of this.#states) {
      const registered = state.filters.get(name);
      if (registered !== undefined) return configureFilter(state, name, registered, words, place);
    }
    return 'no script has registered a filter of that name';
  }

  service(name: string): ScriptService | undefined {
    for (const state of this.#states) {
      const registered = state.services.get(name);
      if (registered === undefined) continue;
      return {
        mode: registered.mode,
        begin: (ctx, place, wire) =>
          new ServiceRun(state, `applet ${registered.mode} '${name}'`, registered, {
            ctx,
            place,
            wire,
          }).start(),
      };
    }
    return undefined;
  }

  /** Commands of the admin socket, with how they are used, by their words. */
  get commands(): ReadonlyMap<string, string> {
    const commands = this.#states.flatMap(state => [...state.commands]);
    return new Map(commands.map(([path, { usage }]) => [path, usage]));
  }

  /** `path`: the words of a command; `words`: those of the line. */
  beginCommand(path: string, words: readonly string[], wire: ServiceWire): void {
    const state = this.#states.find(({ commands }) => commands.has(path));
    const registered = state?.commands.get(path);
    if (state === undefined || registered === undefined) return wire.finish();
    const { environment: env, variables: processVariables } = this.#host;
    // there is no session here: samples that need one are mistakes of the script
    const ctx = { processVariables } as RuleContext;
    const place = { env, phases: 0, onResponse: false, delayMs: undefined, mayWait: true };
    const service = { mode: 'tcp', callback: registered.callback } as const;
    new ServiceRun(state, `command '${path}'`, service, { ctx, place, wire, words }).start();
  }

  fetch(name: string): ((args: readonly string[], scope: ScriptScope) => ScriptFetch) | undefined {
    for (const state of this.#states) {
      const callback = state.fetches.get(name);
      if (callback !== undefined)
        return (args, scope) => ctx => runFetch(state, name, callback, args, scope, ctx);
    }
    return undefined;
  }

  converter(name: string): ((args: readonly string[], scope: ScriptScope) => ScriptConverter) | undefined {
    for (const state of this.#states) {
      const callback = state.converters.get(name);
      if (callback !== undefined)
        return args => (value, ctx) => {
          const push = (L: number): number => {
            state.machine.pushKept(L, callback);
            state.machine.pushText(L, value);
            state.machine.pushTexts(L, args);
            return 1 + args.length;
          };
          return runForText(state, `Lua converter '${name}'`, push, ctx);
        };
    }
    return undefined;
  }
}

function initFailed(error: string): Diagnostic {
  return { severity: 'alert', position: { file: '', line: 0, column: 0 }, message: `Lua init: ${error}` };
}

const PREPEND = `local path, type = ...
package[type] = path .. ';' .. package[type]`;

const FACILITY_OF: Readonly<Record<string, string>> = {
  'tcp-request content': 'tcp-req',
  'tcp-response content': 'tcp-res',
  'http-request': 'http-req',
  'http-response': 'http-res',
  'http-after-response': 'http-after-res',
};

function facilityOf(ruleset: RulesetName): string {
  return FACILITY_OF[ruleset] ?? '';
}

/** A first line for the shell is no Lua. */
function readScript(path: string): string | { readonly error: string } {
  try {
    return readFileSync(path, 'latin1').replace(/^#[^\n]*/, '');
  } catch (error) {
    return { error: describeSystemError(error) };
  }
}

function runFetch(
  state: LuaState,
  name: string,
  callback: number,
  args: readonly string[],
  { env, phases }: ScriptScope,
  ctx: SampleContext,
): string | undefined {
  const scope: ExchangeScope = {
    kind: 'exchange',
    ctx: ctx as RuleContext,
    env,
    phases,
    onResponse: isResponsePhase(phases),
    isAction: false,
    done: false,
    reply: undefined,
    wakeMs: 0,
  };
  const handle = state.exchanges.open(scope);
  const push = (L: number): number => {
    state.pushPrelude(L, 'fetch');
    state.machine.pushKept(L, callback);
    state.machine.push(L, handle);
    state.machine.pushTexts(L, args);
    return 2 + args.length;
  };
  const text = runForText(state, `Lua sample-fetch '${name}'`, push, ctx);
  state.exchanges.close(handle);
  return text;
}

function runForText(
  state: LuaState,
  what: string,
  push: (L: number) => number,
  ctx: SampleContext,
): string | undefined {
  const { machine, tasks, settings } = state;
  const task = tasks.run(push, { totalMs: settings.sessionMs, mayWait: false });
  const hasFailed = task.error !== '';
  // HAProxy takes the last of several values, and nil for false; nothing at all is no sample
  const value = task.results > 0 ? (machine.value(task.L, -1) ?? false) : task.answer;
  if (hasFailed) state.complain(ctx as RuleContext, `${what}: ${task.error}.`);
  tasks.release(task);
  if (hasFailed) return undefined;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === undefined ? undefined : String(value);
}
