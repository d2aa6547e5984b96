/** Keys of session tickets: over reloads, from files, and as commands change them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTls } from '../support/tls-client.ts';
import { tlsFile } from '../support/tls-material.ts';
import { until } from '../support/until.ts';

type Version = 'TLSv1.2' | 'TLSv1.3';

const textOf = (port: number, admin: number, options = ''): string => `global
  stats socket 127.0.0.1:${admin} level admin
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:${port} ssl crt ${tlsFile('rsa.pem')} ${options}
  http-request return status 200
`;

/** A session that can be resumed. */
async function sessionOf(port: number, version: Version = 'TLSv1.3'): Promise<Buffer> {
  const socket = await connectTls(port, { maxVersion: version });
  const [session] =
    version === 'TLSv1.3' ? ((await once(socket, 'session')) as [Buffer]) : [socket.getSession() as Buffer];
  socket.destroy();
  return session;
}

async function isResumed(port: number, session: Buffer, version: Version = 'TLSv1.3'): Promise<boolean> {
  const socket = await connectTls(port, { session, maxVersion: version });
  const resumed = socket.isSessionReused();
  socket.destroy();
  return resumed;
}

async function reload(balancer: Balancer): Promise<void> {
  const loaded = balancer.output().split('Loading success').length;
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > loaded);
}

const keysFile = (t: TestContext, bytes = 48): { file: string; keys: readonly string[] } => {
  const file = join(temporaryFolder(t), 'ticket.keys');
  const keys = Array.from({ length: 4 }, () => randomBytes(bytes).toString('base64'));
  writeFileSync(file, keys.map(key => `${key}\n`).join(''));
  return { file, keys };
};

test('sessions of the two generations before are resumed after a reload, older ones are not', async t => {
  const [port, admin] = [await freePort(), await freePort()];
  const balancer = await startBalancer(t, textOf(port, admin), { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  const sessions = [await sessionOf(port), await sessionOf(port, 'TLSv1.2')];
  const resumed = async (): Promise<boolean[]> => {
    const [first, second] = sessions as [Buffer, Buffer];
    return [await isResumed(port, first), await isResumed(port, second, 'TLSv1.2')];
  };
  await reload(balancer);
  assert.deepEqual(await resumed(), [true, true]);
  await reload(balancer);
  const later = await sessionOf(port);
  assert.deepEqual(await resumed(), [true, true]);
  await reload(balancer);
  // the worker before may take a client as long as it has not left
  await until('the end of the first key', async () => !(await resumed()).includes(true));
  assert.equal(await isResumed(port, later), true);
});

test('sessions that are made and those that are resumed are counted apart', async t => {
  const [port, admin] = [await freePort(), await freePort()];
  await startBalancer(t, textOf(port, admin), { ports: [port, admin] });
  const session = await sessionOf(port);
  for (let count = 0; count < 2; count++) {
    const socket = await connectTls(port, { session });
    socket.write('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
    await once(socket, 'data');
    assert.equal(socket.isSessionReused(), true);
    socket.destroy();
  }
  const row = statRows(await ask(admin, 'show stat')).get('f/FRONTEND');
  assert.deepEqual([row?.['ssl_sess'], row?.['ssl_reused_sess']], ['1', '2']);
});

test('keys of a file outlive the process, and a key that falls out of it opens nothing more', async t => {
  const { file, keys } = keysFile(t);
  const [port, admin] = [await freePort(), await freePort()];
  const text = textOf(port, admin, `tls-ticket-keys ${file}`);
  const first = await startBalancer(t, text, { ports: [port, admin] });
  const session = await sessionOf(port);
  first.process.kill('SIGTERM');
  await once(first.process, 'exit');

  await startBalancer(t, text, { ports: [port, admin] });
  assert.equal(await isResumed(port, session), true);
  assert.equal(await ask(admin, 'show tls-keys'), `# id (file)\n0 (${file})\n\n`);
  const shown = (secrets: readonly string[]): string =>
    `# id secret\n# 0 (${file})\n${secrets.map((key, index) => `0.${index} ${key}\n`).join('')}\n`;
  assert.equal(await ask(admin, 'show tls-keys *'), shown(keys.slice(1)));
  const added = [randomBytes(48).toString('base64'), randomBytes(48).toString('base64')];
  assert.equal(await ask(admin, `set ssl tls-key #0 ${added[0]}`), 'TLS ticket key updated!\n\n');
  assert.equal(await isResumed(port, session), true);
  assert.equal(await ask(admin, `set ssl tls-key ${file} ${added[1]}`), 'TLS ticket key updated!\n\n');
  assert.equal(await ask(admin, 'show tls-keys #0'), shown([keys[3] as string, ...added]));
  assert.equal(await isResumed(port, session), false);
  assert.equal(await isResumed(port, await sessionOf(port, 'TLSv1.2'), 'TLSv1.2'), true);
});

test('long keys serve too, with a warning; commands refuse what is no key of the file', async t => {
  const { file } = keysFile(t, 80);
  const [port, admin] = [await freePort(), await freePort()];
  const balancer = await startBalancer(t, textOf(port, admin, `tls-ticket-keys ${file}`), {
    ports: [port, admin],
  });
  assert.match(balancer.output(), /'tls-ticket-keys' : keys of 80 bytes seal with AES-128 here/);
  assert.equal(await isResumed(port, await sessionOf(port)), true);
  const short = randomBytes(48).toString('base64');
  const refusals = [
    ['set ssl tls-key #0', "'set ssl tls-key' expects a filename and the new TLS key in base64 encoding."],
    [`set ssl tls-key #7 ${short}`, "'set ssl tls-key' unable to locate referenced filename"],
    [`set ssl tls-key 0 ${short}`, "'set ssl tls-key' unable to locate referenced filename"],
    [`set ssl tls-key #0 ${short}`, "'set ssl tls-key' received a key of wrong size."],
    ['set ssl tls-key #0 !!', "'set ssl tls-key' received invalid base64 encoded TLS key."],
    ['show tls-keys 0', "'show tls-keys' unable to locate referenced filename"],
  ];
  for (const [command, answer] of refusals)
    assert.equal(await ask(admin, command as string), `${answer}\n\n`);
});
