/** SIGUSR1 while nobody can hear it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { EarlySignal } from '../../src/worker/start/early-signal.ts';

test('a signal that came early comes again to the one who hears it later', async t => {
  // a process waits for no signal
  const alive = setTimeout(() => undefined, 10_000);
  t.after(() => clearTimeout(alive));
  const early = new EarlySignal();
  early.hold();
  const probe = once(process, 'SIGUSR1', { signal: AbortSignal.timeout(60_000) });
  process.kill(process.pid, 'SIGUSR1');
  await probe;
  let heard = 0;
  const hear = (): void => void heard++;
  process.on('SIGUSR1', hear);
  t.after(() => process.off('SIGUSR1', hear));
  const again = once(process, 'SIGUSR1', { signal: AbortSignal.timeout(60_000) });
  early.pass();
  await again;
  assert.equal(heard, 1);
});
