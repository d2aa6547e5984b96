/**
 * The running program among clients, servers and operators that keep to no rule. It must live, keep nothing behind,
 * and serve the next decent request. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { Chaos } from '../support/chaos.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startRawOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 8);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const CLIENTS_AT_ONCE = 200;
const PROXY_LINE = 'PROXY TCP4 192.0.2.1 192.0.2.2 11 22\r\n';

interface Ports {
  readonly http: number;
  readonly proxied: number;
  readonly plain: number;
  readonly stats: number;
  readonly tcp: number;
}

function configuration(ports: Ports, servers: readonly string[], socket: string): string {
  return `
global
  nbthread 2
  stats socket ${socket} level admin
defaults
  mode http
  timeout client 1s
  timeout server 1s
  timeout connect 500ms
  timeout http-request 500ms
  timeout queue 500ms
  timeout tarpit 200ms
  option redispatch 1
  retries 2
  retry-on all-retryable-errors
frontend f
  bind 127.0.0.1:${ports.http}
  bind 127.0.0.1:${ports.proxied} accept-proxy
  option http-buffer-request
  http-request tarpit if { path /tarpit }
  http-request return status 200 content-type text/plain lf-string "%[path] %[src] %[req.body,length]" if { path_beg /own }
  http-request set-header x %[req.hdr(x),regsub(a+,b,g),upper]
  http-request replace-path (.*)/z \\1/y
  http-request wait-for-body time 200ms at-least 10 if { path /wait }
  http-response set-header y %[res.hdr(z)]
  use_backend closing if { path /close }
  default_backend b
backend b
  balance roundrobin
  cookie S insert indirect
  server one ${servers[0]} cookie a maxconn 10
  server two ${servers[1]} cookie b
  server dead 127.0.0.1:1 cookie c
backend closing
  option httpclose
  server one ${servers[0]}
frontend plain
  bind 127.0.0.1:${ports.plain}
  default_backend b
listen stats
  bind 127.0.0.1:${ports.stats}
  stats enable
  stats uri /
  stats admin if TRUE
  http-request use-service prometheus-exporter if { path /metrics }
listen tcp
  mode tcp
  bind 127.0.0.1:${ports.tcp}
  tcp-request inspect-delay 200ms
  tcp-request content reject if { req.len gt 5000 }
  tcp-request content accept if HTTP
  server one ${servers[0]}
  server two ${servers[1]}
`;
}

async function ask(path: string, command: string): Promise<string> {
  const socket = connect(path);
  socket.end(`${command}\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Sessions that the program still has, but for the one that asks. */
async function sessions(socket: string): Promise<string[]> {
  const shown = await ask(socket, 'show sess');
  return shown.split('\n').filter(line => line.startsWith('0x') && !line.includes('unix_stream'));
}

async function rage(chaos: Chaos, ports: Ports, socket: string, balancer: Balancer): Promise<void> {
  const all = Object.values(ports) as number[];
  const end = performance.now() + SECONDS * 1000;
  for (let turn = 0; performance.now() < end && balancer.process.exitCode === null; turn++) {
    for (let count = 0; count < 8 && chaos.clients < CLIENTS_AT_ONCE; count++) {
      const port = all[(turn + count) % all.length] as number;
      chaos.visit(port, port === ports.proxied ? PROXY_LINE : '');
    }
    if (turn % 4 === 0) chaos.operate(socket);
    await sleep(20);
  }
}

async function start(t: TestContext, chaos: Chaos): Promise<{ ports: Ports; socket: string; lb: Balancer }> {
  const origins = await Promise.all([1, 2].map(() => startRawOrigin(t, socket => chaos.serve(socket))));
  const [http, proxied, plain, stats, tcp] = await Promise.all([1, 2, 3, 4, 5].map(() => freePort()));
  const ports = { http, proxied, plain, stats, tcp } as Ports;
  const socket = join('/tmp', `lb-chaos-${process.pid}.sock`);
  const addresses = origins.map(origin => origin.address);
  const lb = await startBalancer(t, configuration(ports, addresses, socket));
  return { ports, socket, lb };
}

test(
  'chaos on all sides leaves no session behind, and nobody else notices',
  { timeout: 600_000 },
  async t => {
    const chaos = new Chaos(SEED);
    const { ports, socket, lb } = await start(t, chaos);
    await rage(chaos, ports, socket, lb);
    assert.equal(lb.process.exitCode, null, lb.output());
    await until(
      'the end of every session by its timeouts',
      async () => (await sessions(socket)).length === 0,
    );
    const client = await KeepAliveClient.open(ports.http);
    const answer = await client.request('GET /own HTTP/1.1\r\nHost: a\r\n\r\n');
    client.close();
    assert.equal(answer.body.toString(), '/own 127.0.0.1 0');
    assert.doesNotMatch(lb.output(), /died|replaced|Error/, 'no thread was lost');
    assert.equal(await lb.stop(), 0);
  },
);
