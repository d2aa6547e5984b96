/**
 * Filters of scripts (HAProxy's Lua API: filter class): a class, the filter that a `filter` line has made of it, and the
 * object that its `new` makes for each stream. What fails is told in the log, and its stream ends.
 */
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import type { RuleContext } from '../rules/context.ts';
import {
  FILTER_CONTINUE,
  FILTER_ERROR,
  FILTER_WAIT,
  type FilterAnswer,
  type FilteredMessage,
  type ScriptFilter,
  type StreamFilter,
} from '../rules/script-filter.ts';
import type { FilterPlace } from '../rules/script-program.ts';
import type { ExchangeScope, FilteredBytes } from './exchange-scope.ts';
import type { LuaState } from './state.ts';
import type { Task } from './tasks.ts';

/** What a line makes of a registered class; undefined: the script ignores the line; a text: what is wrong. */
export function configureFilter(
  state: LuaState,
  name: string,
  registered: { readonly made: number; readonly parse: number },
  words: readonly string[],
  place: FilterPlace,
): ScriptFilter | string | undefined {
  const { machine, tasks } = state;
  const push = (L: number): number => {
    state.pushPrelude(L, 'filter_make');
    machine.pushKept(L, registered.made);
    machine.pushKept(L, registered.parse);
    machine.pushTexts(L, words);
    return 2 + words.length;
  };
  const task = tasks.run(push, { totalMs: 0, mayWait: false });
  const { error, L } = task;
  const isMade = error === '' && task.results === 2 && machine.isTable(L, -2);
  const filtersHttp = isMade && machine.truth(L, -1);
  const lacksNew = error === '' && task.results === 2 && !isMade;
  if (isMade) machine.pop(L, 1);
  const made = isMade ? machine.keep(L) : 0;
  tasks.release(task);
  if (error !== '') return error;
  if (lacksNew) return `its class has no function 'new'`;
  return isMade ? new ConfiguredFilter(state, name, made, filtersHttp, place) : undefined;
}

type Callback =
  'start_analyze' | 'end_analyze' | 'http_headers' | 'http_end' | 'http_payload' | 'tcp_payload';

class ConfiguredFilter implements ScriptFilter {
  readonly #state: LuaState;
  readonly #name: string;
  /** What the line has made of the class, in the registry. */
  readonly #made: number;
  readonly #place: FilterPlace;
  readonly filtersHttp: boolean;

  constructor(state: LuaState, name: string, made: number, filtersHttp: boolean, place: FilterPlace) {
    this.#state = state;
    this.#name = name;
    this.#made = made;
    this.filtersHttp = filtersHttp;
    this.#place = place;
  }

  attach(ctx: RuleContext): StreamFilter | 'failed' | undefined {
    const { machine, tasks, settings } = this.#state;
    const task = tasks.run(
      L => {
        this.#state.pushPrelude(L, 'filter_new');
        machine.pushKept(L, this.#made);
        return 1;
      },
      { totalMs: settings.sessionMs, mayWait: false },
    );
    const { error } = task;
    const isWanted = error === '' && task.results > 0 && machine.isTable(task.L, -task.results);
    const kept = isWanted ? this.#keep(task) : 0;
    tasks.release(task);
    if (error !== '') this.#state.complain(ctx, `Lua filter '${this.#name}' : new: ${error}.`);
    if (error !== '') return 'failed';
    return isWanted ? new AttachedFilter(this.#state, this.#name, kept, ctx, this.#place) : undefined;
  }

  #keep({ L, results }: Task): number {
    this.#state.machine.exports.lua_pushvalue(L, -results);
    return this.#state.machine.keep(L);
  }
}

class AttachedFilter implements StreamFilter {
  readonly #state: LuaState;
  readonly #name: string;
  /** The object, in the registry. */
  readonly #object: number;
  readonly #scope: ExchangeScope;
  readonly #handle: number;
  readonly #phases: FilterPlace['phases'];
  readonly #dataOf = { request: false, response: false };
  #released = false;

  constructor(state: LuaState, name: string, object: number, ctx: RuleContext, { env, phases }: FilterPlace) {
    this.#state = state;
    this.#name = name;
    this.#object = object;
    this.#phases = phases;
    this.#scope = {
      kind: 'exchange',
      ctx,
      env,
      phases: this.#phases.request,
      onResponse: false,
      isAction: false,
      done: false,
      reply: undefined,
      wakeMs: 0,
      filterData: this.#dataOf,
    };
    this.#handle = state.exchanges.open(this.#scope);
  }

  startAnalyze(isResponse: boolean): FilterAnswer {
    return this.#ask('start_analyze', { isResponse, bytes: undefined });
  }

  endAnalyze(isResponse: boolean): void {
    this.#ask('end_analyze', { isResponse, bytes: undefined });
  }

  httpHeaders(isResponse: boolean, message: FilteredMessage): FilterAnswer {
    return this.#ask('http_headers', { isResponse, bytes: undefined, message });
  }

  httpEnd(isResponse: boolean, message: FilteredMessage): FilterAnswer {
    return this.#ask('http_end', { isResponse, bytes: undefined, message });
  }

  payload(isResponse: boolean, bytes: ChannelBytes, message: FilteredMessage | undefined): number {
    const name = message === undefined ? 'tcp_payload' : 'http_payload';
    const answer = this.#call(name, { isResponse, bytes, message });
    return typeof answer === 'number' ? answer : bytes.input.length;
  }

  wantsData(isResponse: boolean): boolean {
    return isResponse ? this.#dataOf.response : this.#dataOf.request;
  }

  takeWakeMs(): number {
    const { wakeMs } = this.#scope;
    this.#scope.wakeMs = 0;
    return wakeMs;
  }

  #ask(name: Callback, filtered: FilteredBytes): FilterAnswer {
    const answer = this.#call(name, filtered);
    if (answer === undefined) return FILTER_CONTINUE;
    if (answer < 0) return FILTER_ERROR;
    return answer === 0 ? FILTER_WAIT : FILTER_CONTINUE;
  }

  /** Undefined: it has no such function, or has answered nothing. */
  #call(name: Callback, filtered: FilteredBytes): number | undefined {
    if (this.#released) return undefined;
    const { tasks, settings } = this.#state;
    const scope = this.#scope;
    scope.filtered = filtered;
    scope.onResponse = filtered.isResponse;
    scope.phases = filtered.isResponse ? this.#phases.response : this.#phases.request;
    const task = tasks.run(L => this.#push(L, name, filtered), {
      totalMs: settings.sessionMs,
      mayWait: false,
    });
    const answer = this.#answer(task, name);
    tasks.release(task);
    scope.filtered = undefined;
    return answer;
  }

  #push(L: number, name: Callback, { isResponse, message }: FilteredBytes): number {
    const { machine } = this.#state;
    this.#state.pushPrelude(L, 'filter_call');
    machine.pushKept(L, this.#object);
    machine.pushText(L, name);
    machine.push(L, this.#handle);
    machine.push(L, isResponse);
    machine.push(L, message !== undefined);
    return 5;
  }

  #answer(task: Task, name: Callback): number | undefined {
    if (task.error === '') {
      const value = task.results > 0 ? this.#state.machine.value(task.L, -task.results) : undefined;
      return typeof value === 'number' ? Math.trunc(value) : undefined;
    }
    this.complain(`${name}: ${task.error}`);
    return FILTER_ERROR;
  }

  complain(text: string): void {
    this.#state.complain(this.#scope.ctx, `Lua filter '${this.#name}' : ${text}.`);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#state.exchanges.close(this.#handle);
    this.#state.machine.letGo(this.#object);
  }
}
