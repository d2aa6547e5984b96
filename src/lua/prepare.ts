/** Makes the classes that scripts see in a new state. */
import { backgroundFunctions, queueFunctions } from './api-background.ts';
import { changeFunctions } from './api-changes.ts';
import { channelFunctions } from './api-channel.ts';
import { coreFunctions } from './api-core.ts';
import { eventFunctions } from './api-events.ts';
import { exchangeFunctions } from './api-exchange.ts';
import { httpClientFunctions } from './api-http-client.ts';
import { mailerFunctions } from './api-mailers.ts';
import { messageFunctions } from './api-message.ts';
import { patrefFunctions } from './api-patref.ts';
import { corePatternFunctions, patternFunctions } from './api-patterns.ts';
import { proxyFunctions } from './api-proxies.ts';
import { serviceFunctions } from './api-service.ts';
import { socketFunctions } from './api-socket.ts';
import { tableFunctions } from './api-tables.ts';
import { LIBRARIES_PRELUDE } from './prelude-libraries.ts';
import { PATTERNS_PRELUDE } from './prelude-patterns.ts';
import { OBJECTS_PRELUDE } from './prelude-objects.ts';
import { PRELUDE } from './prelude.ts';
import type { LuaState } from './state.ts';
import type { Subscriptions } from './subscriptions.ts';

export function prepare(state: LuaState, subscriptions: Subscriptions): void {
  const { machine } = state;
  const { L } = machine;
  machine.pushFunctions({
    ...exchangeFunctions(state),
    ...serviceFunctions(state),
    ...channelFunctions(state),
    ...messageFunctions(state),
    ...socketFunctions(state),
    ...httpClientFunctions(state),
    ...queueFunctions(state),
    ...patternFunctions(state),
    ...proxyFunctions(state),
    ...changeFunctions(state),
    ...eventFunctions(state, subscriptions),
    ...tableFunctions(state),
    ...mailerFunctions(state),
    ...patrefFunctions(state),
  });
  machine.pushFunctions({
    ...coreFunctions(state),
    ...backgroundFunctions(state),
    ...corePatternFunctions(state),
  });
  machine.setField(L, 'thread', state.number);
  machine.setTopField(L, 'core');
  const api = machine.keep(L);
  for (const text of [PRELUDE, OBJECTS_PRELUDE, PATTERNS_PRELUDE, LIBRARIES_PRELUDE])
    runPrelude(state, text, api);
  machine.letGo(api);
}

/** It answers a table of the functions that this program calls. */
function runPrelude(state: LuaState, text: string, api: number): void {
  const { machine } = state;
  const { L } = machine;
  if (!machine.load(L, text, '=[haproxy]')) throw new Error(machine.text(L, -1));
  machine.pushKept(L, api);
  if (!machine.call(L, 1, 1)) throw new Error(machine.failure(L));
  const calls: string[] = [];
  machine.eachOf(L, -1, () => calls.push(machine.text(L, -2)));
  for (const name of calls) {
    machine.field(L, -1, name);
    state.prelude.set(name, machine.keep(L));
  }
  machine.pop(L, 1);
}
