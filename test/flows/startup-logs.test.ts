/** What the process says while it starts is kept for operators, and its warnings are counted from the first to the last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { exchangeRaw } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { untilMatches } from '../support/until.ts';

const GET = 'GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n';

test('show startup-logs has what came up behind the configuration too, and no later warning', async t => {
  const metrics = await freePort();
  const { balancer, tell } = await startAdminBalancer(t, {
    globals: '  stats-file /nowhere/counters',
    app: `  server s 127.0.0.1:9
frontend metrics
  bind 127.0.0.1:${metrics}
  http-request use-service prometheus-exporter
`,
    ports: [metrics],
  });
  const counted = async (): Promise<number> =>
    Number(/^TotalWarnings: (\d+)$/m.exec(await tell('show info'))?.[1]);
  const said = (): number => balancer.output().split('[WARNING]').length - 1;
  const lines = (await tell('show startup-logs')).split('\n').filter(line => line.includes('[WARNING]'));
  assert.match(lines.join('\n'), /^\[WARNING\] {2}\(\d+\) : .*\/nowhere\/counters/m);
  assert.equal(lines.length, said());
  assert.equal(await counted(), said());
  await tell('set server app/s state maint');
  await untilMatches(async () => balancer.output(), /Server app\/s is going DOWN for maintenance/);
  assert.ok(said() > lines.length);
  assert.equal(await counted(), said());
  assert.doesNotMatch(await tell('show startup-logs'), /maintenance/);
  const scraped = /^haproxy_process_total_warnings (\d+)$/m.exec(await exchangeRaw(metrics, GET))?.[1];
  assert.equal(Number(scraped), said());
});
