/** Reads a ring's file as HAProxy's tool haring does: what it holds, the oldest first. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export function ringMessages(path: string): string[] {
  const file = readFileSync(path);
  const number = (at: number): number => Number(file.readBigUInt64LE(at));
  const [size, reserved, tail, head] = [number(0), number(8), number(64), number(128)];
  assert.equal(size + reserved, file.length);
  const used = tail - head + (head <= tail ? 0 : size);
  const byte = (at: number): number => file[reserved + ((head + at) % size)] as number;
  const messages: string[] = [];
  for (let at = 0; at + 1 < used;) {
    assert.equal(byte(at++), 0, 'nobody reads');
    let length = byte(at++);
    if (length >= 240)
      for (let shift = 4, more = 128; more >= 128; shift += 7) {
        more = byte(at++);
        length += more * 2 ** shift;
      }
    const bytes = Buffer.from(Array.from({ length }, (_, index) => byte(at + index)));
    messages.push(bytes.toString('latin1'));
    at += length;
    assert.ok(at < used, 'a message ends within the ring');
  }
  return messages;
}
