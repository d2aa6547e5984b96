/** `tune.vars.*-max-size`: what fits and what does not; a variable takes 80 bytes, as in HAProxy. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Of each setting: the rules of a frontend, the variable that is shown, and its value, as HAProxy 2.6 has it. */
const CASES: Readonly<Record<string, readonly (readonly [rules: string, name: string, value: string])[]>> = {
  'txn 79': [['set-var(txn.a) int(7)', 'txn.a', '-']],
  'txn 85': [
    ['set-var(txn.a) int(7)', 'txn.a', '7'],
    ['set-var(txn.a) str(hello)', 'txn.a', 'hello'],
    ['set-var(txn.a) str(hello!)', 'txn.a', '-'],
    ['set-var(txn.a) str(hello);set-var(txn.a) str(bye)', 'txn.a', 'bye'],
    ['set-var(txn.a) int(1);unset-var(txn.a);set-var(txn.b) int(2)', 'txn.b', '2'],
  ],
  'txn 159': [
    ['set-var(txn.a) int(1);set-var(txn.b) int(2)', 'txn.b', '-'],
    ['set-var(txn.a) int(1);set-var(req.b) int(2)', 'req.b', '-'],
    ['set-var(req.a) int(1);set-var(txn.b) int(2)', 'txn.b', '-'],
  ],
  'txn 160': [['set-var(txn.a) int(1);set-var(txn.b) int(2)', 'txn.b', '2']],
  'reqres 79': [['set-var(req.a) int(1);set-var(txn.b) int(2)', 'req.a', '-']],
  'sess 160': [
    ['set-var(sess.a) int(1);set-var(txn.b) int(2)', 'txn.b', '2'],
    ['set-var(sess.a) int(1);set-var(txn.b) str(x)', 'txn.b', '-'],
  ],
  'global 100': [
    ['set-var(req.a) int(1);set-var(req.b) int(2)', 'req.a', '1'],
    ['set-var(req.a) int(1);set-var(req.b) int(2)', 'req.b', '-'],
  ],
};

const KEPT = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('Variables that do not fit are not set, and what they took is free behind them', async t => {
  for (const [setting, cases] of Object.entries(CASES)) {
    const [scope = '', bytes = ''] = setting.split(' ');
    const ports = await freePorts(cases.length);
    const frontends = cases.map(([rules, name], at) =>
      [
        `frontend f${at}`,
        `bind 127.0.0.1:${ports[at]}`,
        ...rules.split(';').map(rule => `http-request ${rule}`),
        `http-request return status 200 hdr v "%[var(${name},-)]"\n`,
      ].join('\n    '),
    );
    const config = `global\n    tune.vars.${scope}-max-size ${bytes}\ndefaults\n    mode http\n    timeout client 5s\n`;
    const balancer = await startBalancer(t, config + frontends.join(''));
    for (const [at, one] of cases.entries()) {
      const port = ports[at] as number;
      const answers = (await exchangeRaw(port, KEPT + LAST)) + (await exchangeRaw(port, LAST));
      const values = [...answers.matchAll(/^v: (.*)\r$/gm)].map(match => match[1]);
      assert.deepEqual(values, [one[2], one[2], one[2]], `${setting}: ${one.join(' ')}`);
    }
    await balancer.stop();
  }
});

test('Variables of the process are bounded in all threads; a value that does not fit leaves none behind', async t => {
  const port = await freePort();
  const socket = join(temporaryFolder(t), 'admin');
  const config = `global
    nbthread 2
    stats socket ${socket} level admin
    tune.vars.proc-max-size 250
    set-var proc.first int(1)
    set-var proc.large str(${'x'.repeat(200)})
defaults
    mode http
    timeout client 5s
frontend f
    bind 127.0.0.1:${port}
    http-request set-var(proc.a) str(abc)
    http-request set-var(proc.a) str(${'y'.repeat(150)})
    http-request return status 200 hdr v "%[var(proc.first,-)] %[var(proc.large,-)] %[var(proc.a,-)] %[var(proc.cli,-)]"
`;
  const balancer = await startBalancer(t, config);
  await ask(socket, 'experimental-mode on; set var proc.cli int(5)');
  await ask(socket, `experimental-mode on; set var proc.cli str(${'z'.repeat(100)})`);
  for (let asked = 0; asked < 4; asked++) assert.match(await exchangeRaw(port, LAST), /^v: 1 - - 5\r$/m);
  await balancer.stop();
});
