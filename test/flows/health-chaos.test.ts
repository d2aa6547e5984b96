/**
 * Servers are killed, hung, slowed and restored under 200 requests a second. LB_TEST_CHAOS_SECONDS lengthens it: 60
 * for the whole minute.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { LostTime } from '../support/lost-time.ts';
import { said } from '../support/said.ts';

const SECONDS = Number(process.env['LB_TEST_CHAOS_SECONDS'] ?? '10');
/** The engines that carry the traffic: one after the other in the long version, the usual one in the short one. */
const ENGINES = SECONDS < 60 ? ['auto'] : ['auto', 'node'];
const REQUESTS_A_SECOND = 200;
const INTER_MS = 800;
const FALL = 3;
const RISE = 2;
const CHECK_TIMEOUT_MS = 800;
/** What reading the log and telling the threads may add. */
const SLACK_MS = 500;
/** Time that a busy machine does not give to this process it does not give to the balancer either, nor to the servers. */
const LOST_TIMES = 4;
const PATIENCE_MS = 60_000;

type Mood = 'well' | 'hung' | 'slow';

/** A server that can be killed, hung and slowed, and that remembers what it was asked. */
class Victim {
  readonly asked = new Map<string, number>();
  mood: Mood = 'well';
  port = 0;
  #server: Server | undefined;

  async start(): Promise<void> {
    const server = createServer((message, response) => {
      const id = message.headers['x-id'];
      if (typeof id === 'string') this.asked.set(id, (this.asked.get(id) ?? 0) + 1);
      message.resume();
      if (this.mood === 'well') response.end('fine');
      else if (this.mood === 'slow') setTimeout(() => response.end('fine'), CHECK_TIMEOUT_MS + 400);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  kill(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}

interface Tally {
  sent: number;
  failedGets: string[];
  posts: number;
}

/** Sends requests evenly until told to stop; every fifth is a POST. */
async function drive(port: number, tally: Tally, isOver: () => boolean): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  while (!isOver()) {
    while (tally.sent < ((performance.now() - began) * REQUESTS_A_SECOND) / 1000) {
      const number = tally.sent++;
      const method = number % 5 === 0 ? 'POST' : 'GET';
      if (method === 'POST') tally.posts++;
      const one = ask(agent, port, method, `${method}-${number}`).then(status => {
        if (method === 'GET' && status !== '200') tally.failedGets.push(`${number}: ${status}`);
        pending.delete(one);
      });
      pending.add(one);
    }
    await sleep(5);
  }
  await Promise.all(pending);
  agent.destroy();
}

function ask(agent: Agent, port: number, method: string, id: string): Promise<string> {
  return new Promise(resolve => {
    const headers = { 'x-id': id, ...(method === 'POST' && { 'content-length': '4' }) };
    const asking = request({ agent, port, host: '127.0.0.1', method, path: '/', headers }, response => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
      response.once('error', error => resolve(error.message));
    });
    asking.once('error', error => resolve(error.message));
    asking.end(method === 'POST' ? 'body' : undefined);
  });
}

async function startVictims(t: TestContext): Promise<Victim[]> {
  const victims = Array.from({ length: 3 }, () => new Victim());
  for (const victim of victims) await victim.start();
  t.after(() => victims.forEach(victim => victim.kill()));
  return victims;
}

function configuration(port: number, victims: readonly Victim[], engine: string): string {
  return `global
  nbthread 2
  tune.engine ${engine}
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 2s
  timeout check ${CHECK_TIMEOUT_MS}ms
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response response-timeout
frontend f
  bind 127.0.0.1:${port}
  http-request disable-l7-retry if { method POST }
  default_backend b
backend b
  balance roundrobin
  option httpchk GET /
  option log-health-checks
  default-server check inter ${INTER_MS}ms fall ${FALL} rise ${RISE}
${victims.map((victim, index) => `  server s${index + 1} 127.0.0.1:${victim.port}`).join('\n')}
`;
}

interface Watch {
  readonly balancer: Balancer;
  readonly lost: LostTime;
}

/** The log tells it, and not later than that. */
async function toldWithin(
  { balancer, lost }: Watch,
  text: string,
  boundMs: number,
  cause: () => unknown,
): Promise<void> {
  const after = balancer.output().length;
  const began = performance.now();
  const lostBefore = lost.totalMs;
  await cause();
  await said(balancer, text, { after, withinMs: PATIENCE_MS });
  const tookMs = performance.now() - began;
  const allowedMs = boundMs + SLACK_MS + LOST_TIMES * (lost.totalMs - lostBefore);
  assert.ok(tookMs <= allowedMs, `${text}: ${tookMs} ms, allowed are ${allowedMs}\n${balancer.output()}`);
}

/** Something happens to a server, and later it is well again: both are noticed in time, and told. */
async function suffer(
  watch: Watch,
  name: string,
  hurt: () => void,
  heal: () => Promise<void>,
): Promise<void> {
  await toldWithin(watch, `Server b/${name} is DOWN. `, FALL * INTER_MS + CHECK_TIMEOUT_MS, hurt);
  await sleep(300);
  // a check may be under way when it is well again: it still fails
  await toldWithin(watch, `Server b/${name} is UP. `, RISE * INTER_MS + CHECK_TIMEOUT_MS, heal);
  await sleep(200);
}

for (const engine of ENGINES)
  test(`${engine}: servers die, hang and slow down under traffic: no GET fails, no POST is sent twice, all is noticed in time`, t =>
    chaos(t, engine));

async function chaos(t: TestContext, engine: string): Promise<void> {
  const victims = await startVictims(t);
  const port = await freePort();
  const balancer = await startBalancer(t, configuration(port, victims, engine));
  const watch: Watch = { balancer, lost: new LostTime(t) };
  for (const name of ['s1', 's2', 's3'])
    await said(balancer, `server b/${name} succeeded, reason: Layer7 check passed, code: 200`, {
      withinMs: 20_000,
    });
  const tally: Tally = { sent: 0, failedGets: [], posts: 0 };
  const endsAt = performance.now() + SECONDS * 1000;
  let isOver = false;
  const driving = drive(port, tally, () => isOver);
  t.after(() => (isOver = true));
  let rounds = 0;
  while (performance.now() < endsAt) {
    const index = rounds++ % victims.length;
    const victim = victims[index] as Victim;
    const name = `s${index + 1}`;
    const back = async (): Promise<void> => void (victim.mood = 'well');
    await suffer(
      watch,
      name,
      () => victim.kill(),
      () => victim.start(),
    );
    await suffer(watch, name, () => void (victim.mood = 'hung'), back);
    await suffer(watch, name, () => void (victim.mood = 'slow'), back);
  }
  isOver = true;
  await driving;
  assert.deepEqual(tally.failedGets, [], balancer.output());
  assert.ok(tally.sent > SECONDS * REQUESTS_A_SECOND * 0.8, `${tally.sent} requests were sent`);
  const posts = victims.flatMap(({ asked }) => [...asked].filter(([id]) => id.startsWith('POST')));
  const ids = posts.map(([id]) => id);
  assert.equal(new Set(ids).size, ids.length, 'no POST reached two servers');
  assert.ok(
    posts.every(([, times]) => times === 1),
    'no POST reached a server twice',
  );
  assert.ok(ids.length > tally.posts * 0.8, 'and most arrived');
  assert.ok(!balancer.output().includes('has no server available'));
}
