/** What HTTPMessage objects of filters read and change beside the fields of a head (HAProxy's Lua API: HTTPMessage class). */
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import type { FilteredMessage } from '../rules/script-filter.ts';
import { editFunctions } from './api-channel.ts';
import { placeOf } from './channel-edits.ts';
import type { FilteredBytes } from './exchange-scope.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';

/** Functions get the handle of the filter's exchange and whether the message is the response. */
export function messageFunctions(state: LuaState): Record<string, LuaCallback> {
  const edits = Object.entries(editFunctions(state, L => bodyOf(state, L)));
  return {
    ...headFunctions(state),
    ...bodyFunctions(state),
    ...Object.fromEntries(edits.map(([name, call]) => [`message_${name}`, call] as const)),
  };
}

function filteredNow(state: LuaState, L: number): FilteredBytes & { readonly message: FilteredMessage } {
  const { filtered } = state.exchange(L);
  const message = filtered?.message;
  if (filtered === undefined || message === undefined || filtered.isResponse !== state.machine.truth(L, 2))
    throw new ScriptError('this message is not filtered now');
  return { ...filtered, message };
}

function bodyOf(state: LuaState, L: number): ChannelBytes {
  const { bytes } = filteredNow(state, L);
  if (bytes === undefined) throw new ScriptError('a body can be changed by http_payload only');
  return bytes;
}

function headFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  return {
    message_line: L => {
      const { ctx } = state.exchange(L);
      const isResponse = machine.truth(L, 2);
      const head = isResponse ? ctx.response : ctx.request;
      if (head === undefined) throw new ScriptError('there is no such message here');
      machine.newTable(L, 3);
      machine.setField(L, 'version', `HTTP/${Math.floor(head.version / 10)}.${head.version % 10}`);
      if ('status' in head) {
        machine.setField(L, 'code', String(head.status));
        machine.setField(L, 'reason', head.reason);
      } else {
        machine.setField(L, 'method', head.method);
        machine.setField(L, 'uri', head.target);
      }
      return 1;
    },
    message_set_length: L => {
      const { message } = filteredNow(state, L);
      const text = machine.text(L, 3);
      const isNumber = /^\d{1,15}$/.test(text);
      if (text !== 'chunked' && !isNumber)
        throw new ScriptError(`set_body_len: '${text}' is neither a length nor 'chunked'`);
      machine.push(L, message.setLength(isNumber ? Number(text) : 'chunked'));
      return 1;
    },
  };
}

function bodyFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  const setEnd =
    (ended: boolean): LuaCallback =>
    L => {
      filteredNow(state, L).message.setEnded(ended);
      return 0;
    };
  return {
    message_eom: L => {
      machine.push(L, filteredNow(state, L).message.ended);
      return 1;
    },
    message_set_eom: setEnd(true),
    message_unset_eom: setEnd(false),
    // handle, is response, offset, length
    message_body: L => {
      const { bytes, message } = filteredNow(state, L);
      const input = bytes?.input ?? Buffer.alloc(0);
      const offset = machine.isAbsent(L, 3) ? 0 : machine.number(L, 3);
      const start = placeOf(input, offset);
      const given = machine.isAbsent(L, 4) ? -1 : machine.number(L, 4);
      const end = given < 0 ? input.length : Math.min(input.length, start + given);
      const isNothing = input.length === 0 && message.ended;
      machine.push(L, isNothing ? undefined : input.toString('latin1', start, end));
      return 1;
    },
  };
}
