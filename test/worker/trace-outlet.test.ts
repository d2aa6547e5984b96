/** Lines of traces on their way to rings: beyond a bound they are lost, and counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceBoard } from '../../src/state/trace-board.ts';
import { traceSinks } from '../../src/traces/trace-book.ts';
import { TraceOutlet } from '../../src/worker/logs/trace-outlet.ts';

test('a thread loses lines that the control thread does not take, and no others', async () => {
  const board = TraceBoard.create(1);
  const sinks = traceSinks([{ name: 'buf0', summary: '' }]);
  const taken: string[] = [];
  const settings = new Map();
  const rings = { settings, write: (_ring: string, lines: readonly string[]) => void taken.push(...lines) };
  const outlet = new TraceOutlet(board, sinks, rings, 1);
  for (let count = 0; count < 5000; count++) outlet.write(3, `line ${count}`);
  outlet.write(0, 'nowhere');
  await Promise.resolve();
  assert.equal(taken.length, 4096);
  assert.equal(board.dropped(3), 5000 - 4096);
  board.arrived(1, taken.length);
  outlet.write(3, 'again');
  await Promise.resolve();
  assert.equal(taken.length, 4097);
  assert.equal(board.dropped(3), 5000 - 4096);
  board.threadLost(1);
  assert.equal(board.underWay(1), 0);
});
