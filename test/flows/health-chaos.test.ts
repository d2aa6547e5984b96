/**
 * Servers are killed, hung, slowed and restored under 200 requests a second. Servers and clients have processes of their
 * own, so that this one has nothing to do but to see when things are told. LB_TEST_CHAOS_SECONDS lengthens it: 60 for
 * the whole minute.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { LostTime } from '../support/lost-time.ts';
import { said } from '../support/said.ts';
import { SteadyTraffic } from '../support/steady-traffic.ts';
import { Victim } from '../support/victim.ts';

const SECONDS = Number(process.env['LB_TEST_CHAOS_SECONDS'] ?? '10');
/** The engines that carry the traffic: one after the other in the long version, the usual one in the short one. */
const ENGINES = SECONDS < 60 ? ['auto'] : ['auto', 'node'];
const REQUESTS_A_SECOND = 200;
const INTER_MS = 800;
const FALL = 3;
const RISE = 2;
const CHECK_TIMEOUT_MS = 800;
const SLOW_MS = CHECK_TIMEOUT_MS + 400;
/** What reading the log and telling the threads may add. */
const SLACK_MS = 500;
/** Time that a busy machine does not give to this process it does not give to the balancer either, nor to the servers. */
const LOST_TIMES = 4;
const PATIENCE_MS = 60_000;

async function startVictims(t: TestContext): Promise<Victim[]> {
  const ports = await freePorts(3);
  const victims = ports.map(port => new Victim(t, port, SLOW_MS));
  await Promise.all(victims.map(victim => victim.start()));
  return victims;
}

/** Idle clients are never closed: a request that crosses a close on its way is lost, and nobody is to blame. */
function configuration(port: number, victims: readonly Victim[], engine: string): string {
  return `global
  nbthread 2
  tune.engine ${engine}
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout http-keep-alive ${PATIENCE_MS * 4}ms
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

/** The log tells it, and not later than that behind the end of what causes it. */
async function toldWithin(
  { balancer, lost }: Watch,
  text: string,
  boundMs: number,
  cause: () => unknown,
): Promise<void> {
  const after = balancer.output().length;
  await cause();
  const began = performance.now();
  const lostBefore = lost.totalMs;
  await said(balancer, text, { after, withinMs: PATIENCE_MS });
  const tookMs = performance.now() - began;
  const allowedMs = boundMs + SLACK_MS + LOST_TIMES * (lost.totalMs - lostBefore);
  assert.ok(tookMs <= allowedMs, `${text}: ${tookMs} ms, allowed are ${allowedMs}\n${balancer.output()}`);
}

interface Suffering {
  readonly hurt: () => unknown;
  readonly heal: () => unknown;
  /** What its checks say of it. */
  readonly reason: string;
}

function sufferings(victim: Victim): readonly Suffering[] {
  return [
    {
      hurt: () => victim.kill(),
      heal: () => victim.start(),
      reason: '(?:Layer4 connection problem|Socket error)',
    },
    { hurt: () => victim.hang(), heal: () => victim.wake(), reason: 'Layer7 timeout' },
    { hurt: () => victim.slowDown(), heal: () => victim.speedUp(), reason: 'Layer7 timeout' },
  ];
}

/** Something happens to a server, and later it is well again: both are noticed in time, and told. */
async function suffer(watch: Watch, name: string, { hurt, heal, reason }: Suffering): Promise<void> {
  const { balancer } = watch;
  const before = balancer.output().length;
  await toldWithin(watch, `Server b/${name} is DOWN. `, FALL * INTER_MS + CHECK_TIMEOUT_MS, hurt);
  const story = balancer.output().slice(before);
  for (const left of [2, 1])
    assert.match(
      story,
      new RegExp(`server b/${name} failed, reason: ${reason}, .*status: ${left}/${FALL} UP`),
    );
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
  const endsAt = performance.now() + SECONDS * 1000;
  const traffic = await SteadyTraffic.begin(t, port, REQUESTS_A_SECOND);
  for (let round = 0; performance.now() < endsAt; round++) {
    const index = round % victims.length;
    for (const suffering of sufferings(victims[index] as Victim))
      await suffer(watch, `s${index + 1}`, suffering);
  }
  const tally = await traffic.end();
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
