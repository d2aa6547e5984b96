/** Actions of scripts as rules run them: what the function answers becomes a verdict, what it waits for holds the rule up. */
import { errorReply } from '../rules/default-pages.ts';
import type { Action, RuleContext } from '../rules/context.ts';
import type { ScriptPlace } from '../rules/script-program.ts';
import {
  ACCEPT,
  BAD_MESSAGE,
  CONTINUE,
  DENY,
  NEED_DATA,
  REJECT,
  RETURN,
  SCRIPT_DONE,
  SCRIPT_FAILED,
  YIELD,
  type Verdict,
} from '../rules/verdict.ts';
import { ExchangeMemory, type ExchangeScope } from './exchange-scope.ts';
import type { LuaState, RegisteredAction } from './state.ts';
import type { Task } from './tasks.ts';

/** What functions answer (class `act`). */
const STOP = 1;
const AGAIN = 2;
const ERROR = 3;
const DONE = 4;
const REFUSE = 5;
const ABORT = 6;
const INVALID = 7;

/** A script that wants to be called again and does not say when. */
const AGAIN_MS = 50;

export class ScriptRun {
  readonly #state: LuaState;
  readonly #name: string;
  readonly #registered: RegisteredAction;
  readonly #words: readonly string[];
  readonly #place: ScriptPlace;

  constructor(
    state: LuaState,
    name: string,
    registered: RegisteredAction,
    words: readonly string[],
    place: ScriptPlace,
  ) {
    this.#state = state;
    this.#name = name;
    this.#registered = registered;
    this.#words = words;
    this.#place = place;
  }

  readonly act: Action = (ctx, resumed) => {
    if (ctx.trace !== undefined) {
      ctx.trace.told?.('a script decides, which is not run here');
      return CONTINUE;
    }
    const memory = ExchangeMemory.of(ctx);
    const { waiting } = memory;
    if (!resumed || waiting === undefined) return this.#start(ctx, memory);
    const { task, scope, handle } = waiting as Waiting;
    if (!task.woken && ctx.waitOver) {
      this.#end(memory, task, handle);
      this.#state.complain(ctx, `Lua function '${this.#name}': aborting Lua processing on expired timeout.`);
      return CONTINUE;
    }
    this.#state.tasks.goOn(task);
    return this.#verdict(ctx, memory, { task, scope, handle });
  };

  #start(ctx: RuleContext, memory: ExchangeMemory): Verdict {
    const { machine, tasks, exchanges, settings } = this.#state;
    const { env, phases, onResponse } = this.#place;
    const scope: ExchangeScope = {
      kind: 'exchange',
      ctx,
      env,
      phases,
      onResponse,
      isAction: true,
      done: false,
      reply: undefined,
      wakeMs: 0,
    };
    const handle = exchanges.open(scope);
    const push = (L: number): number => {
      this.#state.pushPrelude(L, 'action');
      machine.pushKept(L, this.#registered.callback);
      machine.push(L, handle);
      machine.pushTexts(L, this.#words);
      return 2 + this.#words.length;
    };
    const task = tasks.run(push, { totalMs: settings.sessionMs, mayWait: this.#mayWait(ctx) });
    return this.#verdict(ctx, memory, { task, scope, handle });
  }

  /** Content rules of a connection wait no longer than they wait for bytes. */
  #mayWait(ctx: RuleContext): boolean {
    const { mayWait, delayMs } = this.#place;
    if (delayMs === undefined) return mayWait;
    return delayMs > 0 && (!ctx.final || ctx.request !== undefined);
  }

  #verdict(ctx: RuleContext, memory: ExchangeMemory, waiting: Waiting): Verdict {
    const { task, scope, handle } = waiting;
    const { tasks, machine } = this.#state;
    const outcome = tasks.outcome(task);
    if (outcome === 'waiting') return this.#wait(ctx, memory, waiting);
    const answer = outcome === 'done' && task.results > 0 ? machine.value(task.L, -task.results) : undefined;
    this.#end(memory, task, handle);
    if (outcome === 'failed') this.#state.complain(ctx, `Lua function '${this.#name}': ${task.error}.`);
    if (scope.done) return this.#over(ctx, scope);
    return typeof answer === 'number' ? this.#answered(ctx, scope, answer) : CONTINUE;
  }

  #wait(ctx: RuleContext, memory: ExchangeMemory, waiting: Waiting): Verdict {
    const { task, handle } = waiting;
    memory.waiting = waiting;
    memory.stop = () => this.#end(memory, task, handle);
    task.onWake = () => ctx.wakeUp();
    ctx.waitFor = 'script';
    ctx.waitMs = this.#place.delayMs ?? Infinity;
    return YIELD;
  }

  #end(memory: ExchangeMemory, task: Task, handle: number): void {
    memory.waiting = memory.stop = undefined;
    this.#state.tasks.release(task);
    this.#state.exchanges.close(handle);
  }

  /** `txn:done()` */
  #over(ctx: RuleContext, { reply }: ExchangeScope): Verdict {
    if (reply === undefined || ctx.request === undefined) return SCRIPT_DONE;
    ctx.reply = reply;
    return RETURN;
  }

  #answered(ctx: RuleContext, scope: ExchangeScope, code: number): Verdict {
    const isHttp = ctx.request !== undefined && this.#place.delayMs === undefined;
    switch (code) {
      case STOP:
      case DONE:
        return ACCEPT;
      case AGAIN:
        return this.#again(ctx, scope);
      case ERROR:
        return isHttp ? SCRIPT_FAILED : REJECT;
      case INVALID:
        return isHttp ? BAD_MESSAGE : REJECT;
      case REFUSE:
        if (!isHttp) return REJECT;
        ctx.reply = errorReply(ctx, this.#place.onResponse ? 502 : 403);
        return DENY;
      case ABORT:
        if (!isHttp || this.#place.onResponse) return REJECT;
        ctx.reply = errorReply(ctx, 503);
        return DENY;
      default:
        return CONTINUE;
    }
  }

  #again(ctx: RuleContext, { wakeMs }: ExchangeScope): Verdict {
    if (ctx.request === undefined && !ctx.final) return NEED_DATA;
    ctx.waitFor = 'time';
    ctx.waitMs = wakeMs > 0 ? wakeMs : AGAIN_MS;
    return YIELD;
  }
}

interface Waiting {
  readonly task: Task;
  readonly scope: ExchangeScope;
  readonly handle: number;
}
