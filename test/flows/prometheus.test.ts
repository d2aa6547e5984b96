/** Scrapes over real sockets: the exporter, promtool's opinion, and traffic beside a large scrape. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const DEFAULTS = `
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  option socket-stats
`;

test('use-service prometheus-exporter answers scrapes, with what the runtime tells of itself', async t => {
  const port = await freePort();
  const rules = `http-request use-service prometheus-exporter if { path /metrics }\n  default_backend b`;
  await startBalancer(
    t,
    `${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  ${rules}\nbackend b\n  server s1 127.0.0.1:9\n`,
  );
  const url = `http://127.0.0.1:${port}/metrics`;
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
  const text = await answer.text();
  assert.match(text, /^haproxy_process_nbthread 1$/m);
  assert.match(text, /^haproxy_process_build_info\{version="lb /m);
  assert.match(text, /^haproxy_server_status\{proxy="b",server="s1",state="UP"\} 1$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.match(text, /^nodejs_eventloop_lag_seconds [\d.e-]+$/m);
  assert.equal((await fetch(`${url}?scope=`)).status, 200);
  assert.equal(await (await fetch(`${url}?scope=`)).text(), '');
  assert.equal((await fetch(`${url}?scope`)).status, 400);
  assert.equal((await fetch(`http://127.0.0.1:${port}/other`)).status, 503);
});

test('promtool can read the metrics', async t => {
  if (!requires(t, 'promtool')) return;
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}listen f\n  bind 127.0.0.1:${port}\n  http-request use-service prometheus-exporter if { path /metrics }\n  server "s" 127.0.0.1:9 check\n`,
  );
  const input = await (await fetch(`http://127.0.0.1:${port}/metrics?extra-counters`)).text();
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  // 3: its opinion about names, which are HAProxy's; 1: it could not read them
  assert.ok(status === 0 || status === 3, stderr);
  assert.doesNotMatch(stderr, /error while linting|parsing error/);
});

test('a scrape of 4,000 servers does not hold up requests', async t => {
  const port = await freePort();
  const origin = await startHttpOrigin(t, 'one');
  const servers = Array.from({ length: 4000 }, (_, index) => `  server s${index} 127.0.0.1:9`).join('\n');
  await startBalancer(
    t,
    `${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  http-request use-service prometheus-exporter if { path /metrics }\n  default_backend one\nbackend one\n  server s1 ${origin.address}\nbackend many\n${servers}\n`,
  );
  const base = `http://127.0.0.1:${port}`;
  await (await fetch(`${base}/`)).text();
  const begun = performance.now();
  const scrape = fetch(`${base}/metrics`).then(answer => answer.text());
  const progress = { isOver: false };
  void scrape.then(() => (progress.isOver = true));
  let longest = 0;
  let count = 0;
  for (; !progress.isOver; count++) {
    const start = performance.now();
    await (await fetch(`${base}/`)).text();
    longest = Math.max(longest, performance.now() - start);
  }
  const took = performance.now() - begun;
  const text = await scrape;
  assert.ok(text.split('\n').length > 200_000);
  assert.ok(count > 20, `only ${count} requests were served during the scrape`);
  assert.ok(longest < took / 3, `a request took ${longest} ms of the ${took} ms of the scrape`);
});
