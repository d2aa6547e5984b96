/** One Lua state: the machine, what runs in it, and what its scripts have registered. */
import type { PatternChange } from '../acl/pattern-changes.ts';
import type { PatternList } from '../acl/pattern-list.ts';
import type { RuleContext } from '../rules/context.ts';
import { Handles } from './handles.ts';
import type { ExchangeMemory, ExchangeScope } from './exchange-scope.ts';
import type { HttpClientSettings } from '../net/http-client.ts';
import type { LuaHost } from './host.ts';
import { LuaMachine } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import { ScriptSampleCalls } from './samples.ts';
import { instructionsOf, type LuaSettings } from './settings.ts';
import { Tasks, type Task } from './tasks.ts';

const LEVEL_ERROR = 3;

export interface RegisteredAction {
  /** In the registry. */
  readonly callback: number;
  readonly words: number;
}

export interface RegisteredService {
  readonly mode: 'http' | 'tcp';
  readonly callback: number;
}

interface RegisteredCommand {
  readonly usage: string;
  readonly callback: number;
}

/** Where a script is now: some functions may be called at load only. */
type Stage = 'body' | 'init' | 'running';

export class LuaState {
  /** 0: the one of `lua-load`; else the thread's own. */
  readonly number: number;
  readonly settings: LuaSettings;
  readonly httpClient: HttpClientSettings;
  readonly host: LuaHost;
  readonly machine: LuaMachine;
  readonly tasks: Tasks;
  readonly samples = new ScriptSampleCalls();
  readonly exchanges = new Handles<ExchangeScope>();
  /** Everything else that scripts hold. */
  readonly objects = new Handles<object>();
  /** Those that are not closed, and among which their task counts them. */
  readonly sockets = new Map<{ close(): void }, Set<object> | undefined>();
  /** Tasks in `core.wait()`, and what wakes them. */
  readonly events = new Map<Task, () => void>();
  /** Functions and their arguments that wait for the thread to serve. */
  readonly #later: (readonly number[])[] = [];
  readonly #background = new Set<Task>();
  #serves = false;
  /** The mails of `email-alert` are a script's to send. */
  sendsMails = false;
  stage: Stage = 'body';
  /** By facility and name: a script may give one name to a function for requests and another one for responses. */
  readonly actions = new Map<`${string} ${string}`, RegisteredAction>();
  readonly fetches = new Map<string, number>();
  readonly converters = new Map<string, number>();
  readonly services = new Map<string, RegisteredService>();
  /** Commands of the admin socket, by their words. */
  readonly commands = new Map<string, RegisteredCommand>();
  /** By name: class and function, in the registry. */
  readonly filters = new Map<string, { readonly made: number; readonly parse: number }>();
  readonly inits: number[] = [];
  /** Functions of the prelude, by name. */
  readonly prelude = new Map<string, number>();

  constructor(
    number: number,
    settings: LuaSettings,
    httpClient: HttpClientSettings,
    host: LuaHost,
    threads: number,
  ) {
    this.httpClient = httpClient;
    this.number = number;
    this.settings = settings;
    this.host = host;
    this.machine = new LuaMachine(settings);
    const limits = {
      burstMs: settings.burstMs,
      instructions: instructionsOf(settings, number === 0, threads),
    };
    this.tasks = new Tasks(this.machine, limits, () => this.#collect());
  }

  // ── tasks of scripts ──

  /** `kept`: the function and its arguments, in the registry. */
  addBackground(kept: readonly number[]): void {
    if (this.#serves) setImmediate(() => this.#serves && this.#runBackground(kept));
    else this.#later.push(kept);
  }

  /** The thread serves: what was registered while scripts were loaded starts. */
  serve(): void {
    this.#serves = true;
    for (const kept of this.#later.splice(0)) this.#runBackground(kept);
  }

  /** The thread ends: nothing of the scripts holds it up. */
  stop(): void {
    this.#serves = false;
    for (const task of this.#background) this.tasks.release(task);
    this.#background.clear();
    for (const socket of this.sockets.keys()) socket.close();
    this.sockets.clear();
  }

  #runBackground(kept: readonly number[]): void {
    const push = (L: number): number => {
      for (const number of kept) this.machine.pushKept(L, number);
      return kept.length - 1;
    };
    const task = this.tasks.run(push, { totalMs: this.settings.taskMs, mayWait: true });
    for (const number of kept) this.machine.letGo(number);
    this.#background.add(task);
    task.onWake = () => {
      this.tasks.goOn(task);
      this.#look(task);
    };
    this.#look(task);
  }

  #look(task: Task): void {
    const outcome = this.tasks.outcome(task);
    if (outcome === 'waiting') return;
    if (outcome === 'failed') this.complain(undefined, `Lua task: ${task.error}.`);
    this.#background.delete(task);
    this.tasks.release(task);
  }

  exchange(L: number, index = 1): ExchangeScope {
    const scope = this.exchanges.get(this.machine.number(L, index));
    if (scope === undefined) throw new ScriptError('this transaction is over');
    return scope;
  }

  /** Arguments from `first` on, as text. */
  texts(L: number, first: number): string[] {
    const texts: string[] = [];
    for (let index = first; index <= this.machine.top(L); index++) {
      const value = this.machine.value(L, index);
      if (value === undefined) throw new ScriptError(`bad argument #${index - first + 1}: unknown type`);
      texts.push(typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
    }
    return texts;
  }

  /** Keeps the value on top with the exchange. */
  setPrivate(L: number, memory: ExchangeMemory): void {
    memory.kept.get(this)?.letGo();
    const number = this.machine.keep(L);
    memory.kept.set(this, { number, letGo: () => this.machine.letGo(number) });
  }

  pushPrivate(L: number, memory: ExchangeMemory): void {
    const kept = memory.kept.get(this);
    if (kept === undefined) this.machine.push(L, undefined);
    else this.machine.pushKept(L, kept.number);
  }

  /** What a script says; `logged`: the logs of its proxy have it. */
  say(level: number, text: string, logged: boolean): void {
    const line = text.replaceAll(/[\0-\x1f]/g, '.');
    const { toStderr } = this.settings;
    if (toStderr === 'on' || (toStderr === 'auto' && !logged)) this.host.print(level, line);
  }

  /** A script has failed: told where its proxy logs, and on standard error. */
  complain(ctx: RuleContext | undefined, text: string): void {
    const line = text.replaceAll(/[\0-\x1f]/g, '.');
    if (ctx?.logText === undefined) this.host.log(LEVEL_ERROR, line);
    else ctx.logText(LEVEL_ERROR, line);
    this.host.print(LEVEL_ERROR, line);
  }

  /** A list of patterns was changed in this thread. What is changed at load, every thread is told of when it starts. */
  publish(list: PatternList, change: PatternChange): void {
    if (this.stage === 'running') this.host.publish(change);
    else list.isChanged = true;
  }

  #collect(): void {
    const { machine } = this;
    this.pushPrelude(machine.L, 'collect');
    if (!machine.call(machine.L, 0, 0)) machine.pop(machine.L, 1);
  }

  pushPrelude(L: number, name: string): void {
    this.machine.pushKept(L, this.prelude.get(name) as number);
  }
}
