/** How many data threads a configuration gets: its own number, that of the machine, or one for scripts that share. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { threadCount } from '../../src/worker/threads/thread-count.ts';
import { configOf } from '../support/state.ts';

/** The number, and what is said beside it. */
function counted(lines: string): { readonly threads: number; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const threads = threadCount(configOf(`global\n${lines}`), (level, text) =>
    notices.push(`${level}: ${text}`),
  );
  return { threads, notices };
}

test('without a word there are as many threads as processors', () => {
  assert.deepEqual(counted(''), { threads: availableParallelism(), notices: [] });
  assert.deepEqual(counted('  lua-load-per-thread /x.lua'), { threads: availableParallelism(), notices: [] });
});

test('thread-hard-limit wins, and says so where a number is taken back', () => {
  assert.deepEqual(counted('  thread-hard-limit 1'), { threads: 1, notices: [] });
  const { threads, notices } = counted('  nbthread 7\n  thread-hard-limit 3');
  assert.equal(threads, 3);
  assert.match(notices.join(), /^warning: nbthread 7 is more than thread-hard-limit 3/);
});

test('scripts of lua-load share what they keep, so one thread runs them unless a number is set', () => {
  const { threads, notices } = counted('  lua-load /x.lua');
  assert.equal(threads, 1);
  assert.equal(notices.length, availableParallelism() > 1 ? 1 : 0);
  assert.deepEqual(counted('  nbthread 2\n  lua-load /x.lua'), { threads: 2, notices: [] });
});
