/**
 * What Channel objects of scripts read and change: bytes of a connection that content rules or filters look at. Actions
 * may wait for more of them.
 */
import type { ByteView } from '../acl/context.ts';
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import { forward, insert, placeOf, remove, replace, send } from './channel-edits.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';
import { waitForBytes } from './wait-for-bytes.ts';

const LF = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Functions get the exchange's handle and whether the channel is the response's. */
export function channelFunctions(state: LuaState): Record<string, LuaCallback> {
  return { ...factFunctions(state), ...readFunctions(state), ...changeFunctions(state) };
}

function bytesOf(state: LuaState, L: number): ChannelBytes | undefined {
  const { ctx, filtered } = state.exchange(L);
  const isResponse = state.machine.truth(L, 2);
  if (filtered !== undefined) return isResponse === filtered.isResponse ? filtered.bytes : undefined;
  return isResponse ? ctx.responseChannel : ctx.requestChannel;
}

/** Content of a channel; in HTTP it is a message's, and none of a channel's. */
function contentOf(state: LuaState, L: number): ChannelBytes | undefined {
  const { ctx, filtered } = state.exchange(L);
  if (ctx.request !== undefined || filtered?.message !== undefined)
    throw new ScriptError('Cannot manipulate HAProxy channels in HTTP mode.');
  return bytesOf(state, L);
}

function factFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  const payload = (L: number): ByteView | undefined => {
    const { ctx } = state.exchange(L);
    return machine.truth(L, 2) ? ctx.responsePayload : ctx.requestPayload;
  };
  const answer =
    (read: (L: number, bytes: ChannelBytes | undefined) => number | boolean): LuaCallback =>
    L => {
      machine.push(L, read(L, bytesOf(state, L)));
      return 1;
    };
  const input = answer((L, bytes) => bytes?.input.length ?? payload(L)?.length ?? 0);
  const output = answer((_L, bytes) => bytes?.output ?? 0);
  return {
    channel_input: input,
    channel_get_in_len: input,
    channel_output: output,
    channel_get_out_len: output,
    channel_is_resp: answer(L => machine.truth(L, 2)),
    channel_is_full: answer((L, bytes) => {
      const held = payload(L)?.length ?? 0;
      return bytes === undefined ? held >= state.exchange(L).ctx.bodyRoom : bytes.isFull;
    }),
    channel_may_recv: answer((L, bytes) => bytes?.mayReceive ?? !state.exchange(L).ctx.final),
  };
}

/** Bytes that are read, and how many of them are used up; undefined: more are wanted, if more can come. */
type Look = (input: Buffer, isAll: boolean) => { readonly found: Buffer; readonly taken: number } | undefined;

function readFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  const give = (L: number, bytes: ChannelBytes | undefined, look: Look): number => {
    const input = bytes?.input ?? NOTHING;
    const { found, taken } = look(input, true) ?? { found: NOTHING, taken: 0 };
    machine.push(L, input.length === 0 ? undefined : found.toString('latin1'));
    if (bytes !== undefined && taken > 0) bytes.edit(NOTHING, input.subarray(taken));
    return 1;
  };
  const read = (L: number, look: Look): number => {
    const bytes = contentOf(state, L);
    const isReady = (): boolean => bytes === undefined || look(bytes.input, false) !== undefined;
    return waitForBytes(state, L, bytes, isReady, thread => give(thread, bytes, look));
  };
  const part = (L: number, cut: (found: Buffer) => Buffer): number => {
    const offset = machine.isAbsent(L, 3) ? 0 : machine.number(L, 3);
    const wanted = machine.isAbsent(L, 4) ? 0 : machine.number(L, 4);
    return read(L, (input, isAll) => {
      const start = placeOf(input, offset);
      const most = wanted > 0 ? wanted : Infinity;
      const isEnough = wanted < 0 ? false : input.length - start >= Math.max(1, wanted);
      if (!isAll && !isEnough) return undefined;
      return { found: cut(input.subarray(start, Math.min(input.length, start + most))), taken: 0 };
    });
  };
  return {
    channel_data: L => part(L, found => found),
    channel_line: L => part(L, firstLine),
    channel_dup: L => read(L, anything(false)),
    channel_get: L => read(L, anything(true)),
    channel_getline: L =>
      read(L, (input, isAll) => {
        if (!isAll && !input.includes(LF)) return undefined;
        const found = firstLine(input);
        return { found, taken: found.length };
      }),
  };
}

function anything(isTaken: boolean): Look {
  return (input, isAll) =>
    input.length === 0 && !isAll ? undefined : { found: input, taken: isTaken ? input.length : 0 };
}

function firstLine(bytes: Buffer): Buffer {
  const end = bytes.indexOf(LF);
  return end < 0 ? bytes : bytes.subarray(0, end + 1);
}

function changeFunctions(state: LuaState): Record<string, LuaCallback> {
  const changes = editFunctions(state, L => {
    const bytes = contentOf(state, L);
    if (bytes === undefined) throw new ScriptError('bytes of this channel cannot be changed here');
    return bytes;
  });
  return Object.fromEntries(
    Object.entries(changes).map(([name, call]) => [`channel_${name}`, call] as const),
  );
}

/** Of channels and of bodies: arguments follow the handle and the direction. */
export function editFunctions(
  state: LuaState,
  bytes: (L: number) => ChannelBytes,
): Record<string, LuaCallback> {
  const { machine } = state;
  const text = (L: number): Buffer => Buffer.from(machine.text(L, 3), 'latin1');
  const offset = (L: number, index: number): number =>
    machine.isAbsent(L, index) ? 0 : machine.number(L, index);
  const length = (L: number, index: number): number | undefined =>
    machine.isAbsent(L, index) ? undefined : machine.number(L, index);
  const give =
    (edit: (L: number, target: ChannelBytes) => number): LuaCallback =>
    L => {
      machine.push(L, edit(L, bytes(L)));
      return 1;
    };
  return {
    append: give((L, target) => insert(target, text(L), target.input.length)),
    prepend: give((L, target) => insert(target, text(L), 0)),
    insert: give((L, target) => insert(target, text(L), offset(L, 4))),
    remove: give((L, target) => remove(target, offset(L, 3), length(L, 4))),
    set: give((L, target) => replace(target, text(L), offset(L, 4), length(L, 5))),
    send: give((L, target) => send(target, text(L))),
    forward: L => {
      const target = bytes(L);
      const wanted = machine.number(L, 3);
      const isReady = (): boolean => target.input.length >= wanted;
      return waitForBytes(state, L, target, isReady, thread => {
        machine.push(thread, forward(target, wanted));
        return 1;
      });
    },
  };
}
