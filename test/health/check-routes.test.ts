/** Where checks and agents go: through SOCKS4 proxies, to addresses and ports of their own, to unix sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { firstFinding, startChecks } from '../support/check-runner.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GRANTED = Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]);
const REJECTED = Buffer.from([0, 0x5b, 0, 0, 0, 0, 0, 0]);
/** CONNECT to 192.0.2.9:80 for user HAProxy (SOCKS4). */
const ASKED = `04010050c0000209${Buffer.from('HAProxy\0').toString('hex')}`;

/** Answers to the CONNECT, and plays the server behind it. */
async function startProxy(t: TestContext, answer: Buffer): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const { address } = await startRawOrigin(t, (socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      if (asked.push(chunk.toString('hex')) === 1) socket.write(answer);
      else socket.end('HTTP/1.0 200 OK\r\n\r\n');
    });
  });
  return { address, asked };
}

test('check-via-socks4 asks the proxy of socks4 for the server, and checks through it', async t => {
  const { address, asked } = await startProxy(t, GRANTED);
  const options = `socks4 ${address} check-via-socks4`;
  assert.equal(
    await firstFinding(t, 'option httpchk', '192.0.2.9:80', options, 2000),
    'succeeded, reason: Layer7 check passed, code: 200',
  );
  assert.equal(asked[0], ASKED);
  assert.match(Buffer.from(asked[1] ?? '', 'hex').toString(), /^OPTIONS \/ HTTP\/1.0\r\n/);
});

test('tcp-check connect via-socks4 goes through it too, and a proxy that rejects is a problem of layer 4', async t => {
  const granting = await startProxy(t, GRANTED);
  const rules = 'option tcp-check\n tcp-check connect via-socks4 addr 192.0.2.9 port 80';
  const good = await firstFinding(t, rules, '192.0.2.8:81', `socks4 ${granting.address}`, 2000);
  assert.match(good, /^succeeded, reason: Layer4 check passed/);
  assert.equal(granting.asked[0], ASKED);
  const rejecting = await startProxy(t, REJECTED);
  const bad = await firstFinding(t, rules, '192.0.2.8:81', `socks4 ${rejecting.address}`, 2000);
  assert.match(bad, /^failed, reason: Layer4 connection problem/);
});

test('addr and port lead a check elsewhere, and a server may be a unix socket', async t => {
  const { address } = await startRawOrigin(t, socket => void socket.on('error', () => undefined));
  const [host, port] = address.split(':');
  const dead = `127.0.0.1:${await freePort()}`;
  const passed = 'succeeded, reason: Layer4 check passed';
  assert.equal(await firstFinding(t, '', dead, `port ${port}`), passed);
  assert.equal(await firstFinding(t, '', '192.0.2.9:1', `addr ${host} port ${port}`), passed);
  const folder = temporaryFolder(t);
  const server = createServer(() => undefined).listen(join(folder, 'socket'));
  t.after(() => server.close());
  await once(server, 'listening');
  assert.equal(await firstFinding(t, '', `unix@${join(folder, 'socket')}`), passed);
});

test('agent-addr and agent-port lead to the agent, and agent-send greets it', async t => {
  const greetings: string[] = [];
  const { address } = await startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    socket.once('data', chunk => {
      greetings.push(String(chunk));
      socket.end('up 50%\n');
    });
  });
  const [host, port] = address.split(':');
  const { line } = startChecks(
    t,
    `backend b
 option log-health-checks
 server s1 192.0.2.9:1 agent-check agent-addr ${host} agent-port ${port} agent-inter 2s agent-send "who\\n"`,
  );
  assert.match(await line(/^Agent check for/), /succeeded, reason: Layer7 check passed/);
  assert.deepEqual(greetings, ['who\n']);
});
