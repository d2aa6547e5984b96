/** Answers that scripts describe: `{ status, reason, headers, body }` (HAProxy's Lua API: Reply class). */
import { reasonPhrase } from '../http/reasons.ts';
import type { Reply, ReplyHeader } from '../rules/reply.ts';
import type { LuaMachine } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';

export function readReply(machine: LuaMachine, L: number, index: number): Reply {
  const status = numberField(machine, L, index, 'status') ?? 200;
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new ScriptError(`invalid status ${status} in a reply`);
  const reason = textField(machine, L, index, 'reason') ?? reasonPhrase(status);
  const body = Buffer.from(textField(machine, L, index, 'body') ?? '', 'latin1');
  const given = readHeaders(machine, L, index);
  const isBodyless = status < 200 || status === 204 || status === 304;
  const length: readonly ReplyHeader[] = isBodyless ? [] : [['content-length', String(body.length)]];
  return { status, reason, headers: [...length, ...given], body: isBodyless ? Buffer.alloc(0) : body };
}

function textField(machine: LuaMachine, L: number, index: number, name: string): string | undefined {
  machine.field(L, index, name);
  const text = machine.optionalText(L, -1);
  machine.pop(L, 1);
  return text;
}

function numberField(machine: LuaMachine, L: number, index: number, name: string): number | undefined {
  machine.field(L, index, name);
  const value = machine.isAbsent(L, -1) ? undefined : machine.number(L, -1);
  machine.pop(L, 1);
  return value;
}

/** Names with one value or a list of them. What frames the message is not theirs to say. */
function readHeaders(machine: LuaMachine, L: number, index: number): ReplyHeader[] {
  const headers: ReplyHeader[] = [];
  machine.field(L, index, 'headers');
  if (machine.isTable(L, -1))
    machine.eachOf(L, -1, () => {
      const name = machine.optionalText(L, -2) ?? '';
      for (const value of valuesAt(machine, L)) if (isAllowed(name, value)) headers.push([name, value]);
    });
  machine.pop(L, 1);
  return headers;
}

function valuesAt(machine: LuaMachine, L: number): string[] {
  const single = machine.optionalText(L, -1);
  if (single !== undefined) return [single];
  const values: { readonly key: number; readonly value: string }[] = [];
  if (machine.isTable(L, -1))
    machine.eachOf(L, -1, () => {
      const value = machine.optionalText(L, -1);
      if (value !== undefined) values.push({ key: machine.number(L, -2), value });
    });
  return values.sort((one, other) => one.key - other.key).map(({ value }) => value);
}

function isAllowed(name: string, value: string): boolean {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[\r\n\0]/.test(value))
    throw new ScriptError(`invalid header '${name}' in a reply`);
  const lowerName = name.toLowerCase();
  return lowerName !== 'content-length' && lowerName !== 'transfer-encoding';
}
