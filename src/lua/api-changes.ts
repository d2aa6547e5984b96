/**
 * What scripts order of the process: commands of the admin socket, carried out in the control thread. A script that may
 * wait goes on when all threads know of the change; one that may not goes on at once.
 */
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

/** Puts results on the stack of a script that has waited; answers how many. */
type Give = (L: number, answer: CommandAnswer) => number;

export function changeFunctions(state: LuaState): Functions {
  const { machine } = state;
  return {
    // words; what the command says is not told
    order: L => carryOut(state, L, { commands: [{ words: state.texts(L, 1) }] }, () => 0, ignore),
    // words; answers what the command says, or nil
    ask: L => {
      const give: Give = (thread, { text }) => {
        machine.push(thread, text === '' ? undefined : text);
        return 1;
      };
      return carryOut(state, L, { commands: [{ words: state.texts(L, 1) }] }, give, complain(state));
    },
    // a table: CertCache.set
    set_certificate: L => {
      const order = certificateOrder(state, L);
      const give: Give = (thread, { text, failed }) => {
        if (failed) machine.push(thread, text);
        return failed ? 1 : 0;
      };
      return carryOut(state, L, order, give, complain(state));
    },
  };
}

/** `unheard`: told of the answer when the script could not wait for it. */
function carryOut(
  state: LuaState,
  L: number,
  order: CommandOrder,
  give: Give,
  unheard: (answer: CommandAnswer) => void,
): number {
  const { host, tasks } = state;
  if (!tasks.canWait(L)) {
    // what all threads load is ordered once
    if (state.stage === 'running' || state.number > 0 || host.thread <= 1) host.command(order, unheard);
    state.machine.push(L, undefined);
    return 1;
  }
  return tasks.wait(L, wake => {
    host.command(order, answer => wake(thread => give(thread, answer)));
    return ignore;
  });
}

function ignore(): void {}

function complain(state: LuaState): (answer: CommandAnswer) => void {
  return ({ text, failed }) => {
    if (failed) state.complain(undefined, `Lua: ${text}`);
  };
}

/** By field: what stands behind the name of the certificate. A certificate comes before its key. */
const PARTS = { crt: '', key: '.key', issuer: '.issuer', ocsp: '.ocsp', sctl: '.sctl' };

function certificateOrder({ machine }: LuaState, L: number): CommandOrder {
  if (!machine.isTable(L, 1)) throw new ScriptError("'CertCache.set' needs a table as argument");
  const fields = new Map<string, string>();
  machine.eachOf(L, 1, () => fields.set(machine.text(L, -2), machine.text(L, -1)));
  const name = fields.get('filename');
  if (name === undefined) throw new ScriptError("'CertCache.set' needs a field 'filename'");
  const unknown = [...fields.keys()].find(field => field !== 'filename' && !Object.hasOwn(PARTS, field));
  if (unknown !== undefined) throw new ScriptError(`'CertCache.set': unknown field '${unknown}'`);
  const sets = Object.entries(PARTS).flatMap(([field, part]) => {
    const payload = fields.get(field);
    return payload === undefined ? [] : [{ words: ['set', 'ssl', 'cert', `${name}${part}`], payload }];
  });
  return {
    commands: [...sets, { words: ['commit', 'ssl', 'cert', name] }],
    undo: ['abort', 'ssl', 'cert', name],
  };
}
