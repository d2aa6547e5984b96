/** Times of `show sess`, and which of its streams wait for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiresIn, humanTime } from '../../src/admin/commands/session-lines.ts';
import type { StreamExpiry, StreamReport } from '../../src/model/stream-facts.ts';

test('times are the two largest units that are not 0', () => {
  const cases: readonly (readonly [seconds: number, text: string])[] = [
    [0, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [63, '1m3s'],
    [3609, '1h9s'],
    [7380, '2h3m'],
    [7389, '2h3m'],
    [86_400, '1d'],
    [86_460, '1d1m'],
    [180_000, '2d2h'],
  ];
  for (const [seconds, text] of cases) assert.equal(humanTime(seconds * 1000), text);
});

test('a stream expires with the first of what it waits for', () => {
  const none: StreamExpiry = {
    client: undefined,
    server: undefined,
    request: undefined,
    response: undefined,
    connect: undefined,
  };
  const waiting = (expiry: StreamExpiry): StreamReport => ({ expiry }) as unknown as StreamReport;
  assert.equal(expiresIn(waiting(none)), undefined);
  assert.equal(expiresIn(waiting({ ...none, client: 7, connect: 5 })), 5);
});
