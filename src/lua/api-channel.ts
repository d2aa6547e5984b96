/**
 * What Channel objects of scripts tell: bytes of a connection that content rules look at. They are read where they lie;
 * changing them is refused.
 */
import type { ByteView } from '../acl/context.ts';
import { type LuaCallback, ScriptError } from './machine/machine.ts';
import type { LuaState } from './state.ts';

const CHANGES: readonly string[] = [
  'append',
  'forward',
  'get',
  'getline',
  'insert',
  'prepend',
  'remove',
  'send',
  'set',
];
const LF = 0x0a;

/** Functions get the exchange's handle and whether the channel is the response's. */
export function channelFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  const view = (L: number): ByteView | undefined => {
    const { ctx } = state.exchange(L);
    return machine.truth(L, 2) ? ctx.responsePayload : ctx.requestPayload;
  };
  const number =
    (read: (L: number) => number): LuaCallback =>
    L => {
      machine.push(L, read(L));
      return 1;
    };
  const input = number(L => view(L)?.length ?? 0);
  const truth =
    (read: (L: number) => boolean): LuaCallback =>
    L => {
      machine.push(L, read(L));
      return 1;
    };
  const slice = (L: number, isLine: boolean): number => {
    const bytes = view(L);
    const found = bytes === undefined ? undefined : sliceOf(state, L, bytes, isLine);
    machine.push(L, found?.toString('latin1'));
    return 1;
  };
  return {
    channel_input: input,
    channel_get_in_len: input,
    channel_output: number(() => 0),
    channel_get_out_len: number(() => 0),
    channel_is_resp: truth(L => machine.truth(L, 2)),
    channel_is_full: truth(L => (view(L)?.length ?? 0) >= state.exchange(L).ctx.bodyRoom),
    channel_may_recv: truth(L => !state.exchange(L).ctx.final),
    channel_data: L => slice(L, false),
    channel_dup: L => slice(L, false),
    channel_line: L => slice(L, true),
    ...Object.fromEntries(CHANGES.map(name => [`channel_${name}`, refuse(name)])),
  };
}

function refuse(name: string): LuaCallback {
  return () => {
    throw new ScriptError(`Channel:${name}() is not supported: bytes of a channel cannot be changed here`);
  };
}

/** From an offset on, which counts from the end where it is negative. */
function sliceOf(state: LuaState, L: number, bytes: ByteView, isLine: boolean): Buffer | undefined {
  const { machine } = state;
  if (bytes.length === 0) return undefined;
  const given = machine.isAbsent(L, 3) ? 0 : machine.number(L, 3);
  const offset = given < 0 ? Math.max(0, bytes.length + given) : given;
  const wanted = machine.isAbsent(L, 4) ? -1 : machine.number(L, 4);
  const end = wanted < 0 ? bytes.length : Math.min(bytes.length, offset + wanted);
  const found = bytes.buffer.subarray(bytes.offset + Math.min(offset, end), bytes.offset + end);
  const lineEnd = isLine ? found.indexOf(LF) : -1;
  return lineEnd < 0 ? found : found.subarray(0, lineEnd + 1);
}
