/** Scrapes over real sockets: the exporter, promtool's opinion, and traffic beside a large scrape. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const DEFAULTS = `
global
  nbthread 1
defaults
  mode http
  retries 0
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  option socket-stats
`;

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(60_000) });
}

test('use-service prometheus-exporter answers scrapes, with what the runtime tells of itself', async t => {
  const port = await freePort();
  const rules = `http-request use-service prometheus-exporter if { path /metrics }\n  default_backend b`;
  await startBalancer(
    t,
    `${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  ${rules}\nbackend b\n  server s1 127.0.0.1:9\n`,
  );
  const url = `http://127.0.0.1:${port}/metrics`;
  const answer = await get(url);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
  const text = await answer.text();
  assert.match(text, /^haproxy_process_nbthread 1$/m);
  assert.match(text, /^haproxy_process_build_info\{version="lb /m);
  assert.match(text, /^haproxy_server_status\{proxy="b",server="s1",state="UP"\} 1$/m);
  const bytes = (name: string): number =>
    Number(new RegExp(`^haproxy_process_pool_${name}_bytes (\\d+)$`, 'm').exec(text)?.[1]);
  assert.ok(
    bytes('used') > 0 && bytes('used') <= bytes('allocated'),
    `${bytes('used')} of ${bytes('allocated')}`,
  );
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.match(text, /^nodejs_eventloop_lag_seconds [\d.e-]+$/m);
  assert.equal((await get(`${url}?scope=`)).status, 200);
  assert.equal(await (await get(`${url}?scope=`)).text(), '');
  assert.equal((await get(`${url}?scope`)).status, 400);
  assert.equal((await get(`http://127.0.0.1:${port}/other`)).status, 503);
});

test('promtool can read the metrics', async t => {
  if (!requires(t, 'promtool')) return;
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}listen f\n  bind 127.0.0.1:${port}\n  http-request use-service prometheus-exporter if { path /metrics }\n  server "s" 127.0.0.1:9 check\n`,
  );
  const input = await (await get(`http://127.0.0.1:${port}/metrics?extra-counters`)).text();
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
  const ask = async (): Promise<void> => void (await (await get(`http://127.0.0.1:${port}/`)).text());
  await ask();
  const scrape = new Scrape(t, port);
  let count = 0;
  // in bytes, not in time: a machine that is busy with other things holds up both
  let most = 0;
  for (; !scrape.over; count++) {
    const before = scrape.bytes;
    await ask();
    most = Math.max(most, scrape.bytes - before);
  }
  assert.ok(scrape.lines > 200_000, `${scrape.lines} lines`);
  assert.ok(count > 20, `only ${count} requests were served during the scrape`);
  assert.ok(most < scrape.bytes / 2, `a request waited for ${most} of ${scrape.bytes} bytes of the scrape`);
});

/** A scrape under way, and how far it has come. */
class Scrape {
  bytes = 0;
  lines = 0;
  over = false;

  constructor(t: TestContext, port: number) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.lines++;
    });
    socket.on('close', () => (this.over = true));
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  }
}

test('stick tables and nameservers have metrics too', async t => {
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}resolvers dns
  nameserver one 127.66.0.1:53
frontend f
  bind 127.0.0.1:${port}
  http-request track-sc0 src table seen if { path /seen }
  http-request use-service prometheus-exporter if { path /metrics }
backend seen
  stick-table type ip size 100 store gpc0
`,
  );
  await (await get(`http://127.0.0.1:${port}/seen`)).text();
  const read = async (query: string): Promise<string> =>
    (await get(`http://127.0.0.1:${port}/metrics${query}`)).text();
  const all = await read('');
  assert.match(all, /^haproxy_sticktable_size\{name="seen",type="ip"\} 100$/m);
  assert.match(all, /^haproxy_sticktable_used\{name="seen",type="ip"\} 1$/m);
  assert.match(all, /^haproxy_resolver_sent\{resolver="dns",nameserver="one"\} 0$/m);
  assert.match(await read('?scope=resolver'), /^# HELP haproxy_resolver_sent/);
  assert.match(await read('?scope=sticktable'), /^# HELP haproxy_sticktable_size/);
  assert.doesNotMatch(await read('?scope=sticktable'), /resolver/);
});
