/**
 * Functions of scripts that are told of events (`core.event_sub`): each subscription takes its events one after the
 * other, and may wait in each. What comes faster than it takes is lost at last, and told of.
 */
import type { EventFields, ServerEvent, ServerEventData, ServerEventType } from '../model/server-event.ts';
import { pushFields } from './push-fields.ts';
import type { LuaState } from './state.ts';
import type { Task } from './tasks.ts';

/** More of them are not kept for a function that is too slow. */
const MOST_WAITING = 1000;

/** What a function is told. */
interface ScriptEvent {
  readonly type: string;
  /** Seconds since the epoch. */
  readonly when: number;
  /** Undefined: there is nothing to tell. */
  readonly data: EventFields | undefined;
}

export class Subscription {
  /** In the registry. */
  readonly callback: number;
  readonly waiting: ScriptEvent[] = [];
  /** What scripts know it by. */
  handle = 0;
  task: Task | undefined;
  overflows = false;
  /** Ends what tells it of events. */
  unhear: () => void = () => undefined;

  constructor(callback: number) {
    this.callback = callback;
  }
}

/** The server that a subscription is about; undefined: all of them. */
type Only = Pick<ServerEventData, 'proxy_name' | 'name' | 'rid'>;

export class ServerSubscription extends Subscription {
  readonly types: ReadonlySet<ServerEventType>;
  readonly #only: Only | undefined;

  constructor(callback: number, types: ReadonlySet<ServerEventType>, only: Only | undefined) {
    super(callback);
    this.types = types;
    this.#only = only;
  }

  wants({ type, data }: ServerEvent): boolean {
    const only = this.#only;
    if (!this.types.has(type)) return false;
    return (
      only === undefined ||
      (only.name === data.name && only.proxy_name === data.proxy_name && only.rid === data.rid)
    );
  }
}

export class Subscriptions {
  readonly #state: LuaState;
  readonly #changed: () => void;
  readonly #all = new Set<Subscription>();
  #serves = false;

  /** `changed`: told that other events are wanted. */
  constructor(state: LuaState, changed: () => void) {
    this.#state = state;
    this.#changed = changed;
  }

  #aboutServers(): ServerSubscription[] {
    return [...this.#all].filter(one => one instanceof ServerSubscription);
  }

  /** Events of servers that are wanted. */
  get types(): readonly ServerEventType[] {
    return this.#aboutServers().flatMap(({ types }) => [...types]);
  }

  /** Answers its number. What is subscribed to at load is told of in the first thread. */
  add(subscription: Subscription): number {
    const { stage, host, objects } = this.#state;
    if (host.thread === 1 || (host.thread > 1 && stage === 'running')) {
      this.#all.add(subscription);
      this.#changed();
    }
    return (subscription.handle = objects.open(subscription));
  }

  end(subscription: Subscription): void {
    subscription.waiting.length = 0;
    subscription.unhear();
    if (!this.#all.delete(subscription)) return;
    this.#state.machine.letGo(subscription.callback);
    this.#changed();
  }

  hear(event: ServerEvent): void {
    // those that are made meanwhile hear of the next
    for (const subscription of this.#aboutServers())
      if (subscription.wants(event)) this.tell(subscription, event);
  }

  tell(subscription: Subscription, event: ScriptEvent): void {
    const { waiting } = subscription;
    if (subscription.overflows || !this.#all.has(subscription)) return;
    if (waiting.length >= MOST_WAITING) {
      subscription.overflows = true;
      return this.#state.complain(
        undefined,
        `Lua event ${event.type}: the script is too slow, events are lost.`,
      );
    }
    waiting.push(event);
    if (this.#serves && waiting.length === 1) setImmediate(() => this.#begin(subscription));
  }

  #begin(subscription: Subscription): void {
    if (this.#serves && subscription.task === undefined) this.#next(subscription);
  }

  serve(): void {
    this.#serves = true;
    for (const subscription of this.#all) this.#next(subscription);
  }

  stop(): void {
    this.#serves = false;
    for (const { task, unhear } of this.#all) {
      unhear();
      if (task !== undefined) this.#state.tasks.release(task);
    }
    this.#all.clear();
  }

  #next(subscription: Subscription): void {
    const event = subscription.waiting.shift();
    if (event === undefined) {
      subscription.overflows = false;
      return;
    }
    const { tasks, machine, settings } = this.#state;
    const push = (L: number): number => {
      this.#state.pushPrelude(L, 'event');
      machine.pushKept(L, subscription.callback);
      machine.push(L, subscription.handle);
      machine.push(L, event.type);
      if (event.data === undefined) machine.push(L, undefined);
      else pushFields(machine, L, event.data);
      machine.push(L, event.when);
      return 5;
    };
    const task = tasks.run(push, { totalMs: settings.taskMs, mayWait: true });
    subscription.task = task;
    task.onWake = () => {
      tasks.goOn(task);
      this.#look(subscription, task, event);
    };
    this.#look(subscription, task, event);
  }

  #look(subscription: Subscription, task: Task, { type }: ScriptEvent): void {
    const { tasks } = this.#state;
    const outcome = tasks.outcome(task);
    if (outcome === 'waiting') return;
    if (outcome === 'failed') this.#state.complain(undefined, `Lua event ${type}: ${task.error}.`);
    subscription.task = undefined;
    tasks.release(task);
    setImmediate(() => this.#begin(subscription));
  }
}
