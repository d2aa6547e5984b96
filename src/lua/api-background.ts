/** What runs beside requests: tasks of scripts, queues between them, and the wait for what they bring. */
import type { LuaCallback } from './machine/machine.ts';
import { FUNCTION } from './machine/stack.ts';
import { ScriptError } from './machine/script-errors.ts';
import { delayAt } from './delay.ts';
import type { LuaState } from './state.ts';
import { after, type Task, type Wake } from './tasks.ts';

type Functions = Record<string, LuaCallback>;

const MOST_ARGUMENTS = 4;

export function backgroundFunctions(state: LuaState): Functions {
  const { machine } = state;
  return {
    register_task: L => {
      if (machine.type(L, 1) !== FUNCTION) throw new ScriptError('bad argument #1: a function expected');
      const count = machine.top(L);
      if (count > MOST_ARGUMENTS + 1)
        throw new ScriptError(`register_task: at most ${MOST_ARGUMENTS} arguments`);
      const kept: number[] = [];
      for (let index = 1; index <= count; index++) {
        machine.exports.lua_pushvalue(L, index);
        kept.push(machine.keep(L));
      }
      state.addBackground(kept);
      return 0;
    },
    // milliseconds, or nothing: until something happens
    wait: L => {
      const { current } = state.tasks;
      const ms = machine.isAbsent(L, 1) ? undefined : delayAt(machine, L, 1);
      return state.tasks.wait(L, wake => armWait(state, current as Task, ms, wake));
    },
  };
}

function armWait(state: LuaState, task: Task, ms: number | undefined, wake: Wake): () => void {
  const stop = ms === undefined ? (): void => undefined : after(ms, () => over());
  const over = (): void => {
    stop();
    state.events.delete(task);
    wake();
  };
  state.events.set(task, over);
  return () => {
    stop();
    state.events.delete(task);
  };
}

/** Who is to hear of new items. */
class QueueEars {
  readonly waiting = new Set<() => void>();
  readonly alarmed = new Set<Task>();
}

/** The items themselves are Lua's (prelude.ts). */
export function queueFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  const ears = (L: number): QueueEars => {
    const found = state.objects.get(machine.number(L, 1));
    if (!(found instanceof QueueEars)) throw new ScriptError('this is no queue');
    return found;
  };
  return {
    queue_new: L => {
      machine.push(L, state.objects.open(new QueueEars()));
      return 1;
    },
    queue_pushed: L => {
      const { waiting, alarmed } = ears(L);
      for (const tell of waiting) tell();
      for (const task of alarmed) state.events.get(task)?.();
      alarmed.clear();
      return 0;
    },
    queue_wait: L => {
      const { waiting } = ears(L);
      return tasks.wait(L, wake => {
        const tell = (): void => {
          waiting.delete(tell);
          setImmediate(() => wake());
        };
        waiting.add(tell);
        return () => waiting.delete(tell);
      });
    },
    queue_alarm: L => {
      if (tasks.current !== undefined) ears(L).alarmed.add(tasks.current);
      return 0;
    },
  };
}
