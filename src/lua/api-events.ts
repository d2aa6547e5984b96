/** `core.event_sub()`, `Server:event_sub()`, `Patref:event_sub()`, and the end of subscriptions. */
import { SERVER_EVENTS } from '../model/server-event.ts';
import { patrefAt } from './api-patref.ts';
import type { LuaCallback } from './machine/machine.ts';
import { FUNCTION } from './machine/stack.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';
import { ServerSubscription, Subscription, type Subscriptions } from './subscriptions.ts';

type Functions = Record<string, LuaCallback>;

/** By what happens to a list of patterns. */
const PATTERN_EVENTS = {
  add: 'PAT_REF_ADD',
  del: 'PAT_REF_DEL',
  set: 'PAT_REF_SET',
  clear: 'PAT_REF_CLEAR',
  commit: 'PAT_REF_COMMIT',
} as const;

export function eventFunctions(state: LuaState, subscriptions: Subscriptions): Functions {
  const { machine, objects } = state;
  const callbackAt = (L: number, index: number): number => {
    if (machine.type(L, index) !== FUNCTION)
      throw new ScriptError(`bad argument #${index}: a function expected`);
    machine.exports.lua_pushvalue(L, index);
    return machine.keep(L);
  };
  return {
    // types, function, and of one server: proxy, name, revision
    subscribe: L => {
      const types = typesAt(state, L, 1, 'SERVER', SERVER_EVENTS);
      const only = machine.isAbsent(L, 3)
        ? undefined
        : { proxy_name: machine.text(L, 3), name: machine.text(L, 4), rid: machine.number(L, 5) };
      machine.push(L, subscriptions.add(new ServerSubscription(callbackAt(L, 2), types, only)));
      return 1;
    },
    // of a list of patterns: list, types, function
    patref_subscribe: L => {
      const { list } = patrefAt(state, L);
      const types = typesAt(state, L, 2, 'PAT_REF', Object.values(PATTERN_EVENTS));
      const subscription = new Subscription(callbackAt(L, 3));
      subscription.unhear = list.observe(event => {
        const type = PATTERN_EVENTS[event];
        const when = Math.floor(Date.now() / 1000);
        if (types.has(type)) subscriptions.tell(subscription, { type, when, data: undefined });
      });
      machine.push(L, subscriptions.add(subscription));
      return 1;
    },
    unsubscribe: L => {
      const found = objects.get(machine.number(L, 1));
      if (found instanceof Subscription) subscriptions.end(found);
      return 0;
    },
  };
}

/** `family`: names all of them. */
function typesAt<Type extends string>(
  { machine }: LuaState,
  L: number,
  index: number,
  family: string,
  all: readonly Type[],
): ReadonlySet<Type> {
  if (!machine.isTable(L, index))
    throw new ScriptError(`bad argument #${index}: a table of event types expected`);
  const types = new Set<Type>();
  machine.eachOf(L, index, () => {
    const text = machine.text(L, -1);
    const known = text === family ? all : all.filter(type => type === text);
    if (known.length === 0) throw new ScriptError(`event_sub: unknown event type '${text}'`);
    for (const type of known) types.add(type);
  });
  if (types.size === 0) throw new ScriptError('event_sub: no event types were given');
  return types;
}
