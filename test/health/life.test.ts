/** What becomes of servers: states, lines and effects, by checks, agents, orders and traffic. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { CheckKind } from '../../src/state/check-reports.ts';
import { FIELD } from '../../src/state/counter-fields.ts';
import {
  ADMIN_FMAINT,
  ADMIN_IMAINT,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../../src/state/server-words.ts';
import type { CheckStatus } from '../../src/model/check-status.ts';
import type { LifeServer } from '../../src/health/life-server.ts';
import { startChecks, type CheckedConfig } from '../support/check-runner.ts';

function idle(t: TestContext, text: string): CheckedConfig {
  return startChecks(t, text, { idle: true });
}

function serverOf({ checks }: CheckedConfig, row: number): LifeServer {
  return checks.servers.get(row) as LifeServer;
}

/** A check has found this. */
function finds(
  config: CheckedConfig,
  row: number,
  status: CheckStatus,
  kind: CheckKind = 'check',
  text = '',
): void {
  const server = serverOf(config, row);
  config.checks.judge.note(server, kind, { status, code: 0, durationMs: 3, text });
  config.checks.judge.act(server, kind);
}

const TWO =
  'backend b\n server s1 127.0.0.1:1 check rise 2 fall 2\n server s2 127.0.0.1:1 check rise 2 fall 2';

test('a server goes down after fall failures and comes back after rise successes, as HAProxy tells it', t => {
  const config = idle(t, TWO);
  const { lines, effects, writer } = config;
  finds(config, 0, 'L4OK');
  finds(config, 0, 'L4CON', 'check', 'why');
  assert.deepEqual(lines, []);
  finds(config, 0, 'L4CON', 'check', 'why');
  assert.equal(writer.state(0), SRV_STOPPED);
  assert.equal(
    lines.pop(),
    'Server b/s1 is DOWN, reason: Layer4 connection problem, info: "why", check duration: 3ms. ' +
      '1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
  );
  assert.deepEqual(effects.splice(0), ['flush 0']);
  finds(config, 0, 'L4OK');
  assert.deepEqual(lines, []);
  finds(config, 0, 'L4OK');
  assert.equal(
    lines.pop(),
    'Server b/s1 is UP, reason: Layer4 check passed, check duration: 3ms. ' +
      '2 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.',
  );
  assert.deepEqual(effects, ['offer 0']);
});

test('the first failure is enough as long as no check has passed', t => {
  const config = idle(t, TWO);
  finds(config, 0, 'L4TOUT');
  assert.equal(config.writer.state(0), SRV_STOPPED);
});

test('the last server that goes takes the backend with it, and backups are told of', t => {
  const config = idle(
    t,
    'backend b\n server s1 127.0.0.1:1 check fall 1\n server s2 127.0.0.1:1 check fall 1 backup',
  );
  finds(config, 0, 'L4CON');
  assert.match(
    config.lines.pop() ?? '',
    /\. 0 active and 1 backup servers left\. Running on backup\. 0 sessions/,
  );
  finds(config, 1, 'L4CON');
  const [down, none] = config.lines.slice(-2);
  assert.match(
    down ?? '',
    /^Backup Server b\/s2 is DOWN, .* 0 active and 0 backup servers left\. 0 sessions/,
  );
  assert.equal(none, 'backend b has no server available!');
});

test('option log-health-checks tells each change once, and the state lines leave the reason out', t => {
  const config = idle(t, 'backend b\n option log-health-checks\n server s1 127.0.0.1:1 check rise 2 fall 3');
  for (const status of ['L4OK', 'L4OK', 'L4CON', 'L4TOUT', 'L4TOUT', 'L4TOUT', 'L4OK', 'L4OK'] as const)
    finds(config, 0, status);
  const short = config.lines.map(line =>
    line.replace(/^(.*?) server b\/s1 /, '').replace(/, check duration: 3ms/, ''),
  );
  assert.deepEqual(
    short.map(line => line.replace(/\. \d active.*$/, '')),
    [
      'succeeded, reason: Layer4 check passed, status: 3/3 UP.',
      'failed, reason: Layer4 connection problem, status: 2/3 UP.',
      'failed, reason: Layer4 timeout, status: 1/3 UP.',
      'failed, reason: Layer4 timeout, status: 0/2 DOWN.',
      'Server b/s1 is DOWN',
      'backend b has no server available!',
      'succeeded, reason: Layer4 check passed, status: 1/2 DOWN.',
      'succeeded, reason: Layer4 check passed, status: 3/3 UP.',
      'Server b/s1 is UP',
    ],
  );
});

test('a conditional success stops a server that is up, and a success lets it go on', t => {
  const config = idle(t, TWO);
  finds(config, 0, 'L7OKC');
  assert.equal(config.writer.state(0), SRV_STOPPING);
  assert.match(
    config.lines.pop() ?? '',
    /^Server b\/s1 is stopping, reason: Layer7 check conditionally passed, code: 0/,
  );
  finds(config, 0, 'L7OK');
  assert.equal(config.writer.state(0), SRV_RUNNING);
  assert.match(config.lines.pop() ?? '', /^Server b\/s1 is UP, /);
});

test('an agent that cannot be asked takes nothing down; one that says down does, until both say up', t => {
  const config = idle(t, 'backend b\n server s1 127.0.0.1:1 check rise 1 fall 1 agent-check agent-port 9');
  finds(config, 0, 'L4CON', 'agent');
  assert.equal(config.writer.state(0), SRV_RUNNING);
  config.writer.publishCheck(0, 'agent', { health: 0 });
  finds(config, 0, 'L7STS', 'agent', 'via agent : down');
  assert.equal(config.writer.state(0), SRV_STOPPED);
  finds(config, 0, 'L4OK');
  assert.equal(config.writer.state(0), SRV_STOPPED, 'the agent has not said up');
  config.writer.publishCheck(0, 'agent', { health: 1 });
  finds(config, 0, 'L7OK', 'agent', 'via agent : up');
  assert.equal(config.writer.state(0), SRV_RUNNING);
});

test('maintenance, drain and their end are told as HAProxy tells them', t => {
  const config = idle(t, TWO);
  const { steering } = config.checks;
  const said = (): string[] => config.lines.splice(0).map(line => line.replace(/ 0 sessions.*$/, ''));
  steering.setMaintenance(0);
  assert.deepEqual(said(), [
    'Server b/s1 is going DOWN for maintenance. 1 active and 0 backup servers left.',
  ]);
  assert.equal(config.writer.state(0), SRV_STOPPED);
  assert.ok(!config.writer.checks.active(0, 'check'));
  steering.setDrain(0);
  assert.deepEqual(said(), [
    'Server b/s1 is UP/DRAIN (leaving forced maintenance).',
    'Server b/s1 remains in forced drain mode.',
  ]);
  steering.setReady(0);
  assert.deepEqual(said(), ['Server b/s1 is UP (leaving forced drain).']);
  assert.ok(config.writer.usable(0));
  steering.setDrain(0);
  assert.deepEqual(said(), ['Server b/s1 enters drain state. 1 active and 0 backup servers online.']);
  steering.setReady(0);
  finds(config, 1, 'L4CON');
  said();
  steering.setMaintenance(1);
  assert.deepEqual(said(), ['Server b/s2 was DOWN and now enters maintenance.']);
});

test('checks of a server in maintenance change nothing', t => {
  const config = idle(t, TWO);
  config.checks.steering.setMaintenance(0);
  finds(config, 0, 'L4OK');
  finds(config, 0, 'L4OK');
  assert.equal(config.writer.state(0), SRV_STOPPED);
});

test('orders of health are told with their origin', t => {
  const config = idle(t, TWO);
  const { steering } = config.checks;
  steering.setHealth(0, 'check', 'down');
  assert.match(config.lines.pop() ?? '', /^Server b\/s1 is DOWN, changed from CLI\. 1 active/);
  steering.setHealth(0, 'check', 'stopping');
  assert.match(config.lines.pop() ?? '', /^Server b\/s1 is stopping, changed from CLI\. 1 active/);
  steering.setHealth(0, 'check', 'up');
  assert.match(config.lines.pop() ?? '', /^Server b\/s1 is UP, changed from CLI\. 2 active/);
});

test('trackers follow in all things, also down a chain', t => {
  const config = idle(
    t,
    'backend a\n server a1 127.0.0.1:1 track b/b1\nbackend b\n server b1 127.0.0.1:1 track c/c1\nbackend c\n server c1 127.0.0.1:1 check fall 1 rise 1',
  );
  finds(config, 2, 'L4CON');
  assert.deepEqual(
    [0, 1, 2].map(row => config.writer.state(row)),
    [SRV_STOPPED, SRV_STOPPED, SRV_STOPPED],
  );
  assert.ok(config.lines.some(line => line.startsWith('Server a/a1 is DOWN via b/b1. 0 active')));
  finds(config, 2, 'L4OK');
  assert.ok([0, 1, 2].every(row => config.writer.usable(row)));
  config.checks.steering.setMaintenance(1);
  assert.equal(config.writer.admin(0), ADMIN_IMAINT);
  assert.equal(config.writer.admin(1), ADMIN_FMAINT);
  config.checks.steering.setReady(1);
  assert.ok(config.writer.usable(0));
  assert.ok(config.lines.includes('Server a/a1 is UP/READY (leaving maintenance).'));
});

test('on-marked-down and on-marked-up cut sessions of the right servers', t => {
  const config = idle(
    t,
    `backend b
 server s1 127.0.0.1:1 check fall 1 rise 1 on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions
 server s2 127.0.0.1:1 backup`,
  );
  finds(config, 0, 'L4CON');
  assert.ok(config.effects.includes('shutdown 0 down'));
  finds(config, 0, 'L4OK');
  assert.ok(config.effects.includes('shutdown 1 up'));
});

test('a server with slowstart starts, its weight grows with time, and then it runs', t => {
  let now = 0;
  let ring = (): void => undefined;
  const alarm = { now: () => now, set: (_at: number, call: () => void) => void (ring = call) };
  const config = startChecks(
    t,
    'backend b\n balance roundrobin\n server s1 127.0.0.1:1 weight 100 check fall 1 rise 1 slowstart 20s',
    { alarm, idle: true },
  );
  finds(config, 0, 'L4CON');
  finds(config, 0, 'L4OK');
  assert.equal(config.writer.state(0), SRV_STARTING);
  const first = config.writer.effectiveWeight(0);
  config.writer.setLastChange(0, config.writer.lastChangeSeconds(0) - 10);
  now += 1000;
  ring();
  assert.ok(config.writer.effectiveWeight(0) > first);
  config.writer.setLastChange(0, config.writer.lastChangeSeconds(0) - 10);
  const begunSeconds = config.writer.lastChangeSeconds(0);
  config.lines.length = 0;
  now += 1000;
  ring();
  assert.equal(config.writer.state(0), SRV_RUNNING);
  assert.match(
    config.lines.join('\n'),
    /^Server b\/s1 is UP\. 1 active and 0 backup servers online\.[^\n]*$/,
  );
  assert.ok(config.writer.lastChangeSeconds(0) > begunSeconds, 'its last change is now');
  assert.equal(config.writer.shownWeight(0), 100);
});

test('init-state decides how a server begins', t => {
  const config = idle(
    t,
    `backend b
 server a 127.0.0.1:1 check rise 2 fall 3
 server b 127.0.0.1:1 check rise 2 fall 3 init-state fully-up
 server c 127.0.0.1:1 check rise 2 fall 3 init-state down
 server d 127.0.0.1:1 check rise 2 fall 3 init-state fully-down`,
  );
  const { checks } = config.writer;
  assert.deepEqual(
    [0, 1, 2, 3].map(row => checks.health(row, 'check')),
    [2, 4, 1, 0],
  );
  assert.deepEqual(
    [0, 1, 2, 3].map(row => config.writer.state(row)),
    [SRV_RUNNING, SRV_RUNNING, SRV_STOPPED, SRV_STOPPED],
  );
  const { counters } = config.control;
  const falls = [0, 1, 2, 3].map(row => counters.own[counters.server(row) + FIELD.chkdown]);
  assert.deepEqual(falls, [0, 0, 0, 0], 'who begins down has not fallen');
});

for (const [onError, health, down] of [
  ['fastinter', 4, false],
  ['fail-check', 3, false],
  ['sudden-death', 2, false],
  ['mark-down', 0, true],
] as const)
  test(`on-error ${onError} leaves a server with rise 2 fall 3 at health ${health}`, t => {
    const config = idle(
      t,
      `backend b\n server s1 127.0.0.1:1 check rise 2 fall 3 init-state fully-up observe layer4 error-limit 5 on-error ${onError}`,
    );
    config.checks.observed(0, 5, 'connection');
    assert.equal(config.writer.checks.health(0, 'check'), health);
    assert.equal(config.writer.state(0) === SRV_STOPPED, down);
    if (down)
      assert.match(
        config.lines[0] ?? '',
        /is DOWN, reason: Health analyze, info: "Detected 5 consecutive errors, last one was: L4 unsuccessful connection"\. 0 active/,
      );
  });

test('weights that agents and administrators order are read as HAProxy reads them', t => {
  const config = idle(t, 'backend b\n balance roundrobin\n server s1 127.0.0.1:1 weight 100');
  const { steering } = config.checks;
  for (const [text, weight] of [
    ['75%', 75],
    ['10', 10],
    ['0', 0],
    ['1000%', 256],
    ['100%', 100],
  ] as const) {
    assert.equal(steering.setWeight(0, text), undefined);
    assert.equal(config.writer.userWeight(0), weight);
  }
  assert.match(steering.setWeight(0, '257') ?? '', /between 0 and 256/);
  assert.match(steering.setWeight(0, '-1%') ?? '', /must be positive/);
  assert.match(steering.setWeight(0, '5x') ?? '', /Trailing garbage/);
  assert.match(steering.setWeight(0, 'x') ?? '', /preceded by garbage/);
  assert.equal(steering.setMaxconn(0, '30'), undefined);
  assert.equal(config.writer.maxconn(0), 30);
  assert.match(steering.setMaxconn(0, '3k') ?? '', /Trailing garbage/);
});

test('servers added and removed at run time live and are forgotten', t => {
  const config = idle(t, TWO);
  const model = serverOf(config, 0).config;
  const added = { ...model, name: 's3', id: 9 };
  const row = config.writer.addServer(0, added, 1) as number;
  config.checks.changed(row, 0, added);
  assert.equal(config.writer.state(row), SRV_STOPPED);
  assert.ok(!config.writer.checks.enabled(row, 'check'), 'its checks wait for enable health');
  config.checks.steering.setReady(row);
  assert.ok(config.writer.usable(row));
  config.checks.changed(row, 0, undefined);
  assert.equal(config.checks.servers.get(row), undefined);
});

test('a check that does not connect in time says that its server may have moved', t => {
  const config = idle(t, TWO);
  const told: string[] = [];
  config.checks.life.onUnreachable = server => told.push(server.config.name);
  finds(config, 0, 'L4CON');
  finds(config, 0, 'L7TOUT');
  finds(config, 1, 'L4TOUT');
  finds(config, 1, 'L4TOUT', 'agent');
  assert.deepEqual(told, ['s2']);
});
