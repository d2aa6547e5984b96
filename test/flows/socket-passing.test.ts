/** -x and _getsocks: a new process takes the listening sockets of the one before, from and for the real program too. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { listeningSockets } from '../support/listening-sockets.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const WITHIN_MS = 20_000;

interface Place {
  readonly port: number;
  readonly admin: string;
  readonly unix: string;
}

async function placeFor(t: TestContext): Promise<Place> {
  const folder = temporaryFolder(t);
  return { port: await freePort(), admin: join(folder, 'admin.sock'), unix: join(folder, 'web.sock') };
}

function configOf({ port, admin, unix }: Place, word: string, threads = 2, expose = true): string {
  return `global
  nbthread ${threads}
  stats socket ${admin} level admin${expose ? ' expose-fd listeners' : ''}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${port}
  bind ${unix}
  http-request return status 200 content-type text/plain string ${word}
`;
}

/** Asks over new connections, again and again; any failure rejects. */
async function visit(port: number, goOn: () => boolean, seen: Map<string, number>): Promise<void> {
  while (goOn()) {
    const at = Date.now();
    const answer = await exchangeRaw(port, GET_AND_CLOSE, 10_000);
    assert.match(answer, /^HTTP\/1.1 200 /, `a request got no answer ${Date.now() - at} ms`);
    const word = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    seen.set(word, (seen.get(word) ?? 0) + 1);
  }
}

interface Change {
  readonly from?: 'haproxy';
  readonly to?: 'haproxy';
  readonly threads?: readonly [number, number];
}

/** The second process takes over from the first while clients come. */
async function change(t: TestContext, { from, to, threads = [2, 2] }: Change): Promise<void> {
  const place = await placeFor(t);
  const { port, admin } = place;
  const first = await startBalancer(t, configOf(place, 'first', threads[0]), {
    ...(from !== undefined && { program: from }),
  });
  const before = listeningSockets(port);
  let going = true;
  const seen = new Map<string, number>();
  const visitors = Array.from({ length: 8 }, () => visit(port, () => going, seen));
  const visits = Promise.all(visitors);
  visits.catch(() => (going = false));
  await until('answers of the first', () => !going || (seen.get('first') ?? 0) > 50);
  await startBalancer(t, configOf(place, 'second', threads[1]), {
    ...(to !== undefined && { program: to }),
    args: ['-x', admin, '-sf', String(first.pid)],
  });
  assert.equal(await first.ended, 0, first.output());
  await until('answers of the second', () => !going || (seen.get('second') ?? 0) > 50);
  going = false;
  await visits;
  const after = listeningSockets(port);
  assert.ok(
    after.some(inode => before.includes(inode)),
    `${after.join(' ')} are none of ${before.join(' ')}`,
  );
  assert.match(await overUnix(place.unix), /second$/);
}

async function overUnix(path: string): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.write(GET_AND_CLOSE);
  await once(socket, 'close', { signal: AbortSignal.timeout(WITHIN_MS) });
  return Buffer.concat(chunks).toString('latin1');
}

test('a new process takes the sockets of the one before, and no client notices', async t => {
  await change(t, {});
});

test('more and fewer threads take the same sockets', async t => {
  for (const [before, after] of [
    [1, 3],
    [3, 1],
  ] as const) {
    const place = await placeFor(t);
    const first = await startBalancer(t, configOf(place, 'first', before));
    const sockets = listeningSockets(place.port);
    const second = await startBalancer(t, configOf(place, 'second', after), {
      args: ['-x', place.admin, '-sf', String(first.pid)],
    });
    assert.equal(await first.ended, 0);
    const now = listeningSockets(place.port);
    assert.deepEqual(
      sockets.filter(inode => !now.includes(inode)),
      [],
    );
    for (let count = 0; count < 20; count++)
      assert.match(await exchangeRaw(place.port, GET_AND_CLOSE), /second$/);
    assert.equal(await second.stop(), 0);
  }
});

test('sockets come from the real program', async t => {
  if (!requires(t, 'haproxy')) return;
  await change(t, { from: 'haproxy' });
});

test('sockets go to the real program', async t => {
  if (!requires(t, 'haproxy')) return;
  await change(t, { to: 'haproxy', threads: [1, 2] });
});

test('a master takes the sockets of the process before, and keeps them over reloads', async t => {
  const place = await placeFor(t);
  const first = await startBalancer(t, configOf(place, 'first'));
  const before = listeningSockets(place.port);
  const second = await startBalancer(t, configOf(place, 'second'), {
    args: ['-W', '-x', place.admin, '-sf', String(first.pid)],
  });
  assert.equal(await first.ended, 0);
  assert.deepEqual(listeningSockets(place.port), before);
  const loaded = (balancer: Balancer): number => balancer.output().split('Loading success').length;
  await until('the first worker', () => loaded(second) > 1);
  const mark = loaded(second);
  second.process.kill('SIGUSR2');
  await until('the reload', () => loaded(second) > mark);
  assert.deepEqual(listeningSockets(place.port), before);
  assert.match(await exchangeRaw(place.port, GET_AND_CLOSE), /second$/);
});

test('a socket that does not expose them gives none away', async t => {
  const place = await placeFor(t);
  await startBalancer(t, configOf(place, 'first', 1, false));
  assert.equal(await ask(place.admin, '_getsocks'), '');
  // the port is open already: it is the end that tells
  const second = await startBalancer(t, configOf(place, 'second', 1), { args: ['-x', place.admin] });
  assert.equal(await second.ended, 1);
  assert.match(second.output(), /Failed to get the sockets from the old process/);
  assert.match(await exchangeRaw(place.port, GET_AND_CLOSE), /first$/);
});
