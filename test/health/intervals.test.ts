/**
 * `inter`, `fastinter`, `downinter` seen from the server: with an `inter` of a minute whatever is quick comes from the
 * other two.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChecks } from '../support/check-runner.ts';
import { startRawOrigin } from '../support/origin.ts';

const LIMIT = { timeout: 30_000 };

test(
  'a server that is down is asked again after downinter, and up after one that is good',
  LIMIT,
  async t => {
    let status = 500;
    const origin = await startRawOrigin(t, socket =>
      socket.once('data', () => socket.end(`HTTP/1.0 ${status} x\r\n\r\n`)),
    );
    const { line } = startChecks(
      t,
      `backend b
 option httpchk
 server s1 ${origin.address} check inter 1m downinter 50ms fall 1 rise 1`,
    );
    await line(/^Server b\/s1 is DOWN/);
    status = 200;
    await line(/^Server b\/s1 is UP/);
  },
);

test(
  'a server in transition is asked again after fastinter, one that is down after inter',
  LIMIT,
  async t => {
    const origin = await startRawOrigin(t, socket =>
      socket.once('data', () => socket.end('HTTP/1.0 500 x\r\n\r\n')),
    );
    const { line, lines } = startChecks(
      t,
      `backend b
 option httpchk
 option log-health-checks
 server s1 ${origin.address} check inter 1m fastinter 50ms fall 3 rise 2 init-state fully-up`,
    );
    await line(/^Server b\/s1 is DOWN/);
    assert.deepEqual(
      lines.filter(one => one.startsWith('Health')).map(one => one.replace(/^.*status: /, '')),
      ['2/3 UP.', '1/3 UP.', '0/2 DOWN.'],
    );
    const asked = origin.count;
    await new Promise(done => setTimeout(done, 500));
    assert.equal(origin.count, asked, 'the next one is a minute away');
  },
);

test('first checks are spread over fastinter, as long as nobody is surely up', LIMIT, async t => {
  const origin = await startRawOrigin(t, socket => void socket.on('error', () => undefined));
  const { line } = startChecks(
    t,
    `backend b
 option log-health-checks
 server s1 ${origin.address} check inter 10m fastinter 50ms
 server s2 ${origin.address} check inter 10m fastinter 50ms`,
  );
  // over inter the second one would come after five minutes
  await line(/^Health check for server b\/s2 succeeded/);
});
