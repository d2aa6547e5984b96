/** Plain objects of this program as tables of Lua. */
import type { EventFields } from '../model/server-event.ts';
import type { LuaMachine } from './machine/machine.ts';

export function pushFields(machine: LuaMachine, L: number, fields: EventFields): void {
  machine.newTable(L);
  for (const [name, value] of Object.entries(fields)) {
    if (isList(value)) pushList(machine, L, value);
    else if (typeof value === 'object') pushFields(machine, L, value);
    else machine.push(L, value);
    machine.setTopField(L, name);
  }
}

function isList(value: EventFields[string]): value is readonly string[] {
  return Array.isArray(value);
}

function pushList(machine: LuaMachine, L: number, list: readonly string[]): void {
  machine.newTable(L);
  for (const [index, item] of list.entries()) machine.setItem(L, index + 1, item);
}
