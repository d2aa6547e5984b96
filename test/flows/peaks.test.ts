/** `stats calculate-max-counters`: with `off` nobody is told how high a counter ever was. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';

const PEAKS = ['smax', 'rate_max', 'conn_rate_max', 'req_rate_max', 'qtime_max', 'ttime_max'];

/** What `show stat` tells of a line of the listen section behind two requests. */
async function peaksOf(t: TestContext, global: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const origin = await startHttpOrigin(t, 's', (_request, response) =>
    setTimeout(() => response.end('x'), 30),
  );
  const port = await freePort();
  const admin = await freePort();
  await startBalancer(
    t,
    `global
  stats socket 127.0.0.1:${admin} level admin
  ${global}
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
  );
  const answers = [1, 2].map(() =>
    exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  );
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 200/);
  const rows = statRows(await ask(admin, 'show stat'));
  return new Map([...rows.values()].map(row => [row['svname'] ?? '', PEAKS.map(name => row[name] ?? '?')]));
}

test('peaks are told unless calculate-max-counters is off', async t => {
  const told = await peaksOf(t, 'stats calculate-max-counters on');
  for (const line of ['FRONTEND', 'BACKEND', 's']) assert.notEqual(Number(told.get(line)?.[0]), 0, line);
  const untold = await peaksOf(t, 'stats calculate-max-counters off');
  assert.equal(untold.size, 3);
  for (const [line, peaks] of untold)
    assert.deepEqual(
      peaks.filter(peak => peak !== '' && peak !== '0'),
      [],
      line,
    );
});
