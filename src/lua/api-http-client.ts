/** `core.httpclient()`: reads what a script asks for, and gives it the answer as a table. */
import { askServer, type ClientAnswer, type ClientAsk } from '../net/http-client.ts';
import type { LuaCallback, LuaMachine } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import { delayAt } from './delay.ts';
import { targetOf } from './socket-target.ts';
import type { LuaState } from './state.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

export function httpClientFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine, tasks } = state;
  return {
    // method, table
    http_ask: L => {
      if (!machine.isTable(L, 2)) throw new ScriptError("'httpclient' needs a table as argument");
      const ask = readAsk(machine, L);
      return tasks.wait(L, wake =>
        askServer(ask, state.httpClient, answer => wake(thread => pushAnswer(machine, thread, answer))),
      );
    },
  };
}

function readAsk(machine: LuaMachine, L: number): ClientAsk {
  const url = parseUrl(fieldText(machine, L, 'url'));
  const destination = fieldText(machine, L, 'dst');
  const body = fieldText(machine, L, 'body');
  machine.field(L, 2, 'timeout');
  const timeoutMs = machine.isAbsent(L, -1) ? DEFAULT_TIMEOUT_MS : delayAt(machine, L, -1);
  machine.pop(L, 1);
  return {
    method: machine.text(L, 1),
    url,
    headers: readHeaders(machine, L),
    body: body === undefined ? undefined : Buffer.from(body, 'latin1'),
    target: destination === undefined ? undefined : targetOf(destination, undefined),
    timeoutMs,
  };
}

function parseUrl(text: string | undefined): URL {
  const url = text === undefined || !URL.canParse(text) ? undefined : new URL(text);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new ScriptError("'httpclient' needs 'url', which starts with http:// or https://");
  return url;
}

function fieldText(machine: LuaMachine, L: number, name: string): string | undefined {
  machine.field(L, 2, name);
  const text = machine.optionalText(L, -1);
  machine.pop(L, 1);
  return text;
}

/** Names with one value or several. */
function readHeaders(machine: LuaMachine, L: number): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  machine.field(L, 2, 'headers');
  if (machine.isTable(L, -1))
    machine.eachOf(L, -1, () => {
      const name = machine.optionalText(L, -2) ?? '';
      const single = machine.optionalText(L, -1);
      if (single !== undefined) headers.push(checked(name, single));
      else if (machine.isTable(L, -1))
        machine.eachOf(L, -1, () => headers.push(checked(name, machine.optionalText(L, -1) ?? '')));
    });
  machine.pop(L, 1);
  return headers;
}

function checked(name: string, value: string): readonly [string, string] {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[\r\n\0]/.test(value))
    throw new ScriptError(`invalid header '${name}'`);
  return [name, value];
}

function pushAnswer(machine: LuaMachine, L: number, { status, reason, headers, body }: ClientAnswer): number {
  const byName = new Map<string, string[]>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    const values = byName.get(name) ?? [];
    values.push(headers[index + 1] as string);
    byName.set(name, values);
  }
  machine.newTable(L, 4);
  machine.setField(L, 'status', status);
  machine.setField(L, 'reason', reason);
  machine.setField(L, 'body', body.toString('latin1'));
  machine.newTable(L, byName.size);
  for (const [name, values] of byName) {
    machine.newTable(L);
    for (const [index, value] of values.entries()) machine.setItem(L, index, value);
    machine.setTopField(L, name);
  }
  machine.setTopField(L, 'headers');
  return 1;
}
