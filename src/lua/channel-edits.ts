/**
 * What Channel and HTTPMessage objects of scripts do to bytes on their way (HAProxy's Lua API: Channel class). Offsets
 * count from the end of the input where they are negative; what lies outside of it is an error of the script.
 */
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import { ScriptError } from './machine/script-errors.ts';

const NOTHING = Buffer.alloc(0);

export function placeOf(input: Buffer, offset: number): number {
  const place = offset < 0 ? Math.max(0, input.length + offset) : offset;
  if (place > input.length) throw new ScriptError('offset out of range.');
  return place;
}

/** Where `length` bytes from `start` on end; all of them by default. */
function endOf(input: Buffer, start: number, length = input.length - start): number {
  if (length < 0 || start + length > input.length) throw new ScriptError('length out of range.');
  return start + length;
}

/** The bytes inserted, -1 where there is no room for them. */
export function insert(bytes: ChannelBytes, text: Buffer, offset: number): number {
  const { input } = bytes;
  const place = placeOf(input, offset);
  if (text.length > bytes.room) return -1;
  bytes.edit(NOTHING, Buffer.concat([input.subarray(0, place), text, input.subarray(place)]));
  return text.length;
}

/** The bytes removed. */
export function remove(bytes: ChannelBytes, offset: number, length: number | undefined): number {
  const { input } = bytes;
  const start = placeOf(input, offset);
  const end = endOf(input, start, length);
  bytes.edit(NOTHING, Buffer.concat([input.subarray(0, start), input.subarray(end)]));
  return end - start;
}

/** The bytes put in the place of others, -1 where there is no room for them. */
export function replace(
  bytes: ChannelBytes,
  text: Buffer,
  offset: number,
  length: number | undefined,
): number {
  const { input } = bytes;
  const start = placeOf(input, offset);
  const end = endOf(input, start, length);
  if (text.length > bytes.room + end - start) return -1;
  bytes.edit(NOTHING, Buffer.concat([input.subarray(0, start), text, input.subarray(end)]));
  return text.length;
}

/** In front of the input, and on its way; -1 where there is no room for it. */
export function send(bytes: ChannelBytes, text: Buffer): number {
  if (text.length > bytes.room) return -1;
  bytes.edit(text, bytes.input);
  return text.length;
}

/** The bytes that go on from here: no more than there are. */
export function forward(bytes: ChannelBytes, length: number): number {
  const { input } = bytes;
  const end = Math.max(0, Math.min(length, input.length));
  bytes.edit(input.subarray(0, end), input.subarray(end));
  return end;
}
