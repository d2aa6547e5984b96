/** `email-alert`: which events are mailed, to whom, and what happens when nobody takes the mail. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EmailAlerts, type SendMail } from '../../src/health/email-alert.ts';
import { startChecks, type CheckedConfig } from '../support/check-runner.ts';

const TEXT = (level: string): string => `mailers m
 timeout mail 3s
 mailer one 192.0.2.1:25
 mailer two 192.0.2.2:587
backend b
 option log-health-checks
 email-alert mailers m
 email-alert from lb@example.org
 email-alert to admin@example.org
 email-alert myhostname lb1
 ${level}
 server s1 127.0.0.1:1 check rise 1 fall 1`;

interface Sent {
  readonly to: string;
  readonly subject: string;
}

function mailed(
  t: TestContext,
  level: string,
  trouble?: string,
): { config: CheckedConfig; sent: Sent[]; said: string[] } {
  const sent: Sent[] = [];
  const said: string[] = [];
  const send: SendMail = async (
    { server, port, heloName, connectTimeoutMs },
    { from, to, subject, body },
  ) => {
    assert.deepEqual(
      [heloName, connectTimeoutMs, from, ...to],
      ['lb1', 3000, 'lb@example.org', 'admin@example.org'],
    );
    assert.ok(subject.endsWith(body));
    sent.push({ to: `${server}:${port}`, subject });
    return trouble;
  };
  let alerts: EmailAlerts | undefined;
  const config = startChecks(t, TEXT(level), {
    idle: true,
    alert: (server, logLevel, text) => alerts?.alert(server, logLevel, text),
  });
  alerts = new EmailAlerts(config.config, text => said.push(text), send);
  return { config, sent, said };
}

async function fallAndRise({ checks }: CheckedConfig): Promise<void> {
  const server = checks.servers.get(0);
  assert.ok(server !== undefined);
  for (const status of ['L4CON', 'L4OK'] as const) {
    checks.judge.note(server, 'check', { status, code: 0, durationMs: 1, text: '' });
    checks.judge.act(server, 'check');
  }
  await new Promise(setImmediate);
}

test('without a level a server that goes down is mailed, once to each mailer', async t => {
  const { config, sent } = mailed(t, '');
  await fallAndRise(config);
  assert.deepEqual(
    sent.map(({ to }) => to),
    ['192.0.2.1:25', '192.0.2.2:587'],
  );
  assert.match(sent[0]?.subject ?? '', /^\[HAProxy Alert\] Server b\/s1 is DOWN\. 0 active/);
});

test('level notice adds servers that come up, level info their checks', async t => {
  const notice = mailed(t, 'email-alert level notice');
  await fallAndRise(notice.config);
  assert.equal(notice.sent.length, 4);
  assert.ok(notice.sent.some(({ subject }) => subject.includes('is UP')));
  const info = mailed(t, 'email-alert level info');
  await fallAndRise(info.config);
  assert.equal(info.sent.length, 8);
  assert.ok(info.sent.some(({ subject }) => subject.includes('Health check for server b/s1 failed')));
});

test('a mail that nobody takes is told, and costs nothing else', async t => {
  const { config, said } = mailed(t, '', 'timed out');
  await fallAndRise(config);
  assert.equal(said[0], "Could not send an email alert of 'b' to one: timed out.");
});
