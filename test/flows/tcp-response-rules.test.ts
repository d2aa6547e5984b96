/** `tcp-response content` in mode tcp: rules see what a server says before its client does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { join } from 'node:path';
import { ask } from '../support/admin-client.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

test('what a server says first is refused, passed or waited for by its content', async t => {
  // the client says what the server is to say, piece by piece
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', (chunk: Buffer) => {
      const speak = async (): Promise<void> => {
        for (const piece of chunk.toString('latin1').split('|')) {
          socket.write(piece);
          await sleep(60);
        }
      };
      void speak();
    });
    socket.on('end', () => socket.end());
  });
  const port = await freePort();
  await startBalancer(
    t,
    [
      'defaults',
      '  mode tcp',
      '  timeout client 5s',
      '  timeout server 5s',
      '  timeout connect 5s',
      'listen l',
      `  bind 127.0.0.1:${port}`,
      '  tcp-response inspect-delay 250ms',
      '  tcp-response content reject if { res.payload(0,4) -m str EVIL }',
      '  tcp-response content accept if { res.payload(0,4) -m found }',
      '  tcp-response content reject',
      `  server s ${origin.address}`,
      '',
    ].join('\n'),
  );
  const ask = async (pieces: string): Promise<string> => (await exchange(port, pieces, 500)).received;
  assert.equal(await ask('good'), 'good');
  assert.equal(await ask('go|od| words follow'), 'good words follow');
  assert.equal(await ask('EVIL'), '');
  assert.equal(await ask('EV|IL'), '');
  assert.equal(await ask('sh'), '', 'too short when its time is over');
});

test('who refuses content, and how, is told in the log and counted on the side that did', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', chunk => socket.write(chunk)).on('end', () => socket.end());
  });
  const rules: readonly (readonly [name: string, rule: string, log: string, counts: string])[] = [
    ['rejected', 'tcp-request content reject if WAIT_END', 'PR', 'front dreq 1, back dreq 0'],
    ['dropped', 'tcp-request content silent-drop if WAIT_END', 'PR', 'front dreq 1, back dreq 1'],
    ['refused', 'tcp-response content reject', 'PD', 'front dresp 1, back dresp 1'],
    ['closed', 'tcp-response content close', '--', 'front dresp 0, back dresp 0'],
    ['vanished', 'tcp-response content silent-drop', 'PR', 'front dreq 1, back dreq 1'],
  ];
  const logs = await startLogReceiver(t);
  const ports = await freePorts(rules.length);
  const socket = join(temporaryFolder(t), 'admin');
  const sections = rules.map(
    ([name, rule], index) => `frontend front-${name}
  bind 127.0.0.1:${ports[index]}
  log 127.0.0.1:${logs.port} format raw local0
  log-format "%f %ts"
  default_backend back-${name}
backend back-${name}
  ${rule}
  server s ${origin.address}
`,
  );
  await startBalancer(
    t,
    `global
  stats socket ${socket} level admin
defaults
  mode tcp
  timeout client 5s
  timeout server 5s
  timeout connect 5s
${sections.join('')}`,
  );
  for (const [index, [name, , state, counts]] of rules.entries()) {
    await exchange(ports[index] as number, 'x', 100);
    await logs.find(new RegExp(`^front-${name} ${state}`));
    const rows = statRows(await ask(socket, 'show stat'));
    const field = counts.includes('dresp') ? 'dresp' : 'dreq';
    const [front, back] = [rows.get(`front-${name}/FRONTEND`), rows.get(`back-${name}/BACKEND`)];
    assert.equal(`front ${field} ${front?.[field]}, back ${field} ${back?.[field]}`, counts, name);
    assert.equal(back?.['eresp'], '0', name);
  }
});

test('a connection that is dropped without a word counts as a denied request, not as a denied connection', async t => {
  const [port, socket] = [await freePort(), join(temporaryFolder(t), 'admin')];
  await startBalancer(
    t,
    `global
  stats socket ${socket} level admin
defaults
  mode tcp
  timeout client 5s
frontend f
  bind 127.0.0.1:${port}
  tcp-request connection silent-drop
`,
    { ports: [] },
  );
  await untilMatches(async () => {
    await exchange(port, 'x', 50);
    const row = statRows(await ask(socket, 'show stat')).get('f/FRONTEND');
    return `dcon ${row?.['dcon']} dreq ${row?.['dreq']}`;
  }, /^dcon 0 dreq [1-9]/);
});

test('a response is dropped without a word, and a server that rules close has not answered', async t => {
  const origin = await startHttpOrigin(t, 's');
  const logs = await startLogReceiver(t);
  const rules = [
    ['http-response silent-drop', /^r0 200 PR B [1-9][0-9]* Tr [0-9]+$/m, /^$/, '1'],
    ['tcp-response content silent-drop', /^r1 -1 PR B 0 Tr -1$/m, /^$/, '0'],
    ['tcp-response content reject', /^r2 -1 PD B 0 Tr -1$/m, /^$/, '0'],
    ['tcp-response content close', /^r3 502 SH B 0 Tr -1$/m, /^HTTP\/1.1 502 /, '0'],
  ] as const;
  const socket = join(temporaryFolder(t), 'admin');
  const ports = await freePorts(rules.length);
  const sections = rules.map(
    ([rule], index) => `listen r${index}
  bind 127.0.0.1:${ports[index]}
  log 127.0.0.1:${logs.port} format raw local0
  log-format "%f %ST %ts B %B Tr %Tr"
  ${rule}
  server s ${origin.address}
`,
  );
  await startBalancer(
    t,
    `global
  stats socket ${socket}
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
${sections.join('')}`,
  );
  for (const [index, [rule, log, answer, responses]] of rules.entries()) {
    const request = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
    assert.match((await exchange(ports[index] as number, request, 300)).received, answer, rule);
    await logs.find(log);
    const server = statRows(await ask(socket, 'show stat')).get(`r${index}/s`);
    assert.deepEqual([server?.['hrsp_2xx'], server?.['req_tot']], [responses, responses], rule);
  }
});
