/**
 * A service of a script while it serves one request or one connection: runs its function, lets it wait for bytes and
 * for room, and ends its answer when the function has ended. What a script reads and writes it with is in api-service.ts.
 */
import type { RuleContext } from '../rules/context.ts';
import type { ScriptPlace } from '../rules/script-program.ts';
import type { ServiceWire } from '../rules/service-wire.ts';
import type { ExchangeScope } from './exchange-scope.ts';
import { ServiceAnswer } from './service-answer.ts';
import type { ServiceHold } from './service-hold.ts';
import type { LuaState, RegisteredService } from './state.ts';
import type { Task, Wake } from './tasks.ts';

interface Served {
  readonly ctx: RuleContext;
  readonly place: ScriptPlace;
  readonly wire: ServiceWire;
  /** What its function gets beside the applet. */
  readonly words?: readonly string[];
}

export class ServiceRun implements ServiceHold {
  readonly wire: ServiceWire;
  readonly answer: ServiceAnswer | undefined;
  readonly #state: LuaState;
  readonly #name: string;
  readonly #registered: RegisteredService;
  readonly #words: readonly string[];
  readonly #scope: ExchangeScope;
  readonly #handle: number;
  #task: Task | undefined;
  /** What the script waits for. */
  #inputCame: (() => void) | undefined;
  #roomCame: (() => void) | undefined;

  /** `name`: what it is called where its mistakes are told. */
  constructor(state: LuaState, name: string, registered: RegisteredService, served: Served) {
    const { ctx, place, wire, words = [] } = served;
    this.#words = words;
    this.#state = state;
    this.#name = name;
    this.#registered = registered;
    this.wire = wire;
    const isHttp = registered.mode === 'http';
    this.answer = isHttp ? new ServiceAnswer(wire, (ctx.request?.version ?? 11) >= 11) : undefined;
    const { env, phases } = place;
    this.#scope = {
      kind: 'exchange',
      ctx,
      env,
      phases,
      onResponse: false,
      isAction: false,
      done: false,
      reply: undefined,
      wakeMs: 0,
      service: this,
    };
    this.#handle = state.exchanges.open(this.#scope);
    wire.onInput = () => this.#inputCame?.();
    wire.onRoom = () => this.#roomCame?.();
    wire.onGone = () => this.#stop();
  }

  start(): void {
    const { tasks, machine, settings } = this.#state;
    const task = tasks.run(
      L => {
        this.#state.pushPrelude(L, `service_${this.#registered.mode}`);
        machine.pushKept(L, this.#registered.callback);
        machine.push(L, this.#handle);
        machine.pushTexts(L, this.#words);
        return 2 + this.#words.length;
      },
      { totalMs: settings.serviceMs, mayWait: true },
    );
    this.#task = task;
    task.onWake = () => this.#goOn(task);
    this.#after(task);
  }

  #goOn(task: Task): void {
    if (this.#task !== task) return;
    this.#state.tasks.goOn(task);
    this.#after(task);
  }

  #after(task: Task): void {
    const { tasks } = this.#state;
    const outcome = tasks.outcome(task);
    if (outcome === 'waiting') return this.wire.flush();
    if (outcome === 'failed') this.#state.complain(this.#scope.ctx, `Lua ${this.#name}: ${task.error}.`);
    this.#release();
    if (this.answer === undefined) this.wire.finish();
    else this.answer.end(outcome === 'failed');
  }

  /** Nobody listens any more. */
  #stop(): void {
    this.#release();
  }

  #release(): void {
    const task = this.#task;
    if (task === undefined) return;
    this.#task = this.#inputCame = this.#roomCame = undefined;
    this.#state.tasks.release(task);
    this.#state.exchanges.close(this.#handle);
  }

  whenInput(ready: () => boolean, timeoutMs: number, wake: Wake): () => void {
    const timer = timeoutMs > 0 ? setTimeout(() => done(), timeoutMs) : undefined;
    const stop = (): void => {
      clearTimeout(timer);
      this.#inputCame = undefined;
    };
    const done = (): void => {
      stop();
      wake();
    };
    this.#inputCame = () => {
      if (ready() || this.wire.inputEnded) done();
    };
    return stop;
  }

  whenRoom(wake: Wake): () => void {
    this.#roomCame = () => {
      this.#roomCame = undefined;
      wake();
    };
    return () => {
      this.#roomCame = undefined;
    };
  }
}
