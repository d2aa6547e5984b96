/** `core.event_sub()`, `Server:event_sub()`, and the end of subscriptions. */
import { SERVER_EVENTS, type ServerEventType } from '../model/server-event.ts';
import { FUNCTION, type LuaCallback, ScriptError } from './machine/machine.ts';
import type { LuaState } from './state.ts';
import { Subscription, type Subscriptions } from './subscriptions.ts';

type Functions = Record<string, LuaCallback>;

export function eventFunctions(state: LuaState, subscriptions: Subscriptions): Functions {
  const { machine } = state;
  return {
    // types, function, and of one server: proxy, name, revision
    subscribe: L => {
      const types = typesAt(state, L);
      if (machine.type(L, 2) !== FUNCTION) throw new ScriptError('bad argument #2: a function expected');
      machine.exports.lua_pushvalue(L, 2);
      const callback = machine.keep(L);
      const only = machine.isAbsent(L, 3)
        ? undefined
        : { proxy_name: machine.text(L, 3), name: machine.text(L, 4), rid: machine.number(L, 5) };
      machine.push(L, subscriptions.add(new Subscription(types, callback, only)));
      return 1;
    },
    unsubscribe: L => {
      const found = state.objects.get(machine.number(L, 1));
      if (found instanceof Subscription) subscriptions.end(found);
      return 0;
    },
  };
}

function typesAt({ machine }: LuaState, L: number): ReadonlySet<ServerEventType> {
  if (!machine.isTable(L, 1)) throw new ScriptError('bad argument #1: a table of event types expected');
  const types = new Set<ServerEventType>();
  machine.eachOf(L, 1, () => {
    const text = machine.text(L, -1);
    const known = text === 'SERVER' ? SERVER_EVENTS : SERVER_EVENTS.filter(type => type === text);
    if (known.length === 0) throw new ScriptError(`event_sub: unknown event type '${text}'`);
    for (const type of known) types.add(type);
  });
  return types;
}
