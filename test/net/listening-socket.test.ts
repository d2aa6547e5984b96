import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Connection } from '../../src/net/connection.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { abstractPath } from '../../src/net/unix-listening.ts';
import type { ListenSettings } from '../../src/net/listen-settings.ts';
import {
  isListenFailure,
  type ListenFailure,
  type Listening,
  openListening,
} from '../../src/net/listening-socket.ts';
import { closeDescriptor, getOption } from '../../src/net/system-calls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { listenSettings } from './wires.ts';

function opened(over: Partial<ListenSettings>, count = 1): Listening {
  const result = openListening(listenSettings(over), count);
  if (isListenFailure(result)) throw new Error(result.message);
  return result;
}

function refused(over: Partial<ListenSettings>): ListenFailure {
  const result = openListening(listenSettings(over), 1);
  if (!isListenFailure(result)) throw new Error('it could listen');
  return result;
}

function folder(t: TestContext): string {
  const path = temporaryFolder(t);
  return path;
}

/** Accepts one connection on the descriptor by an engine, which closes the descriptor afterwards. */
async function serves(
  t: TestContext,
  fd: number,
  dial: () => ReturnType<typeof connect>,
): Promise<Connection> {
  const engine = new NodeEngine({ bufsize: 4096 });
  t.after(() => engine.destroy());
  return new Promise((resolve, reject) => {
    engine.listen(fd, resolve, code => reject(new Error(code)));
    const socket = dial();
    socket.on('error', reject);
    t.after(() => socket.destroy());
  });
}

test('each thread gets a descriptor of its own for the same port, and the kernel spreads connections', async t => {
  const { fds, endpoint } = opened({}, 3);
  assert.equal(new Set(fds).size, 3);
  const counts = [0, 0, 0];
  const engines = fds.map((fd, i) => {
    const engine = new NodeEngine({ bufsize: 4096 });
    engine.listen(
      fd,
      connection => {
        counts[i] = (counts[i] as number) + 1;
        connection.close();
      },
      () => undefined,
    );
    return engine;
  });
  t.after(() => engines.forEach(engine => engine.destroy()));
  for (let i = 0; i < 60; i++) {
    const socket = connect(endpoint.port, '127.0.0.1');
    await once(socket.resume(), 'close');
  }
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    60,
  );
  assert.ok(
    counts.every(count => count > 0),
    counts.join(),
  );
});

test('a port in use is refused in the words that are grepped for', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(refused({ address: { kind: 'ip', family: 4, host: '127.0.0.1', port } }), {
    message: `cannot bind socket (Address already in use) for [127.0.0.1:${port}]`,
    code: 'EADDRINUSE',
  });
  assert.deepEqual(refused({ address: { kind: 'ip', family: 4, host: '192.0.2.55', port } }), {
    message: `cannot bind socket (Cannot assign requested address) for [192.0.2.55:${port}]: no interface has this address; with 'transparent', or the sysctl ip_nonlocal_bind, it may come later`,
    code: 'EADDRNOTAVAIL',
  });
});

test('a second maker can listen beside the first, as a reload does, unless noreuseport', () => {
  const { fds, endpoint } = opened({});
  const address = { kind: 'ip', family: 4, host: '127.0.0.1', port: endpoint.port } as const;
  const again = opened({ address });
  assert.equal(again.endpoint.port, endpoint.port);
  assert.equal(refused({ address, noReusePort: true }).code, 'EADDRINUSE');
  const alone = opened({ noReusePort: true }, 2);
  assert.equal(new Set(alone.fds).size, 2);
  for (const fd of [...fds, ...again.fds, ...alone.fds]) closeDescriptor(fd);
});

test('an IPv6 wildcard serves IPv4 with v4v6 and refuses it with v6only', async t => {
  const both = opened({ address: { kind: 'ip', family: 6, host: '::', port: 0 }, v4v6: true });
  const connection = await serves(t, both.fds[0] as number, () => connect(both.endpoint.port, '127.0.0.1'));
  assert.equal(connection.remote.host, '::ffff:127.0.0.1');
  const only = opened({ address: { kind: 'ip', family: 6, host: '::', port: 0 }, v6only: true });
  t.after(() => closeDescriptor(only.fds[0] as number));
  const socket = connect(only.endpoint.port, '127.0.0.1');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});

test('the options of a bind line are taken by the kernel', t => {
  const { fds, warnings } = opened({
    deferAccept: true,
    tfo: true,
    mss: 1200,
    tcpUserTimeoutMs: 30_000,
    backlog: 100,
    interface: 'lo',
  });
  t.after(() => closeDescriptor(fds[0] as number));
  assert.deepEqual(warnings, []);
  assert.match(refused({ interface: 'nosuch0' }).message, /^cannot bind listener to device \(.*\) for \[/);
  const address = { kind: 'ip', family: 4, host: '192.0.2.56', port: 0 } as const;
  const free = opened({ address, transparent: true });
  assert.equal(free.endpoint.host, '192.0.2.56');
  closeDescriptor(free.fds[0] as number);
});

test('a unix socket takes the place of an old one at once, with its mode', async t => {
  const path = join(folder(t), 'front.sock');
  const address = { kind: 'unix', path } as const;
  const old = opened({ address });
  const next = opened({ address, mode: 0o620 }, 2);
  assert.equal(statSync(path).mode & 0o777, 0o620);
  assert.equal(readdirSync(join(path, '..')).length, 1, 'no temporary name is left');
  const connection = await serves(t, next.fds[0] as number, () => connect(path));
  assert.equal(connection.remote.family, 0);
  closeDescriptor(old.fds[0] as number);
  closeDescriptor(next.fds[1] as number);
});

test('a unix socket that cannot be made is refused with its reason', t => {
  const inside = folder(t);
  const missing = refused({ address: { kind: 'unix', path: join(inside, 'no/such/folder.sock') } });
  assert.equal(missing.code, 'ENOENT');
  assert.match(missing.message, /^cannot bind UNIX socket \(No such file or directory\) for \[/);
  assert.equal(
    refused({ address: { kind: 'unix', path: join(inside, 'x'.repeat(120)) } }).code,
    'ENAMETOOLONG',
  );
  const busy = join(inside, 'folder');
  writeFileSync(join(inside, 'file'), '');
  chmodSync(inside, 0o755);
  assert.notEqual(refused({ address: { kind: 'unix', path: join(inside, 'file', 'x') } }).code, '');
  assert.equal(opened({ address: { kind: 'unix', path: busy } }).fds.length, 1);
});

test('an abstract socket has the full-length name that HAProxy gives it', async t => {
  const name = `lb-listen-${process.pid}`;
  const { fds } = opened({ address: { kind: 'abstract', name } });
  assert.equal(Buffer.byteLength(abstractPath(name)), 108);
  const connection = await serves(t, fds[0] as number, () => connect(abstractPath(name)));
  assert.equal(connection.remote.family, 0);
});

test('an inherited descriptor is duplicated for each thread and stays open', async t => {
  const { fds, endpoint } = opened({});
  const inherited = fds[0] as number;
  const copies = opened({ address: { kind: 'fd', fd: inherited } }, 2);
  assert.equal(new Set([...copies.fds, inherited]).size, 3);
  assert.equal(copies.endpoint.port, endpoint.port);
  await serves(t, copies.fds[0] as number, () => connect(endpoint.port, '127.0.0.1'));
  closeDescriptor(copies.fds[1] as number);
  assert.equal(closeDescriptor(inherited), 0, 'still open');
  assert.deepEqual(refused({ address: { kind: 'fd', fd: 9999 } }), {
    message: 'cannot use inherited descriptor (Bad file descriptor) for [fd@9999]',
    code: 'EBADF',
  });
});

const IPPROTO_TCP = 6;
const TCP_CONGESTION = 13;
const TCP_USER_TIMEOUT = 18;

test('an inherited descriptor gets the options of its bind line', () => {
  const inherited = opened({}).fds[0] as number;
  const tuning = { congestion: 'reno' };
  const { fds, warnings } = opened({
    address: { kind: 'fd', fd: inherited },
    tcpUserTimeoutMs: 4321,
    tuning,
  });
  const [fd] = fds as [number];
  assert.deepEqual(warnings, []);
  const timeout = Buffer.alloc(4);
  assert.equal(getOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout), timeout.length);
  assert.equal(timeout.readInt32LE(), 4321);
  const congestion = Buffer.alloc(16);
  const length = getOption(fd, IPPROTO_TCP, TCP_CONGESTION, congestion);
  assert.equal(congestion.toString('latin1', 0, length).replace(/\0.*$/, ''), 'reno');
  for (const open of [fd, inherited]) closeDescriptor(open);
});
