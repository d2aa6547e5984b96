/** Requests that come while a connection to their HTTP/2 server is being made wait for it (`http-reuse always`). */
import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { start, type Lines } from '../support/http2-flow.ts';
import { type Http2Origin, startHttp2Origin, tell } from '../support/http2-origin.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const BURST = 20;
const ALWAYS = 'http-reuse always';

async function opened(t: TestContext, server: string, lines: Lines = {}): Promise<ClientHttp2Session> {
  return openHttp2(t, (await start(t, server, { backend: ALWAYS, ...lines })).port);
}

/** The statuses there were. */
async function burst(client: ClientHttp2Session): Promise<readonly number[]> {
  const answers = Array.from({ length: BURST }, async () => ask(client, { ':path': '/' }));
  return [...new Set((await Promise.all(answers)).map(({ status }) => status))];
}

const streamsOf = ({ sessions }: Http2Origin): readonly number[] => sessions.map(({ streams }) => streams);

async function checkBursts(t: TestContext, lines: Lines): Promise<void> {
  const origin = await startHttp2Origin(t);
  assert.deepEqual(await burst(await opened(t, `${origin.address} proto h2`, lines)), [200]);
  assert.deepEqual(streamsOf(origin), [BURST]);
  const limited = await startHttp2Origin(t);
  await burst(await opened(t, `${limited.address} proto h2 max-reuse 4`, lines));
  assert.deepEqual(streamsOf(limited), [5, 5, 5, 5]);
}

test('a burst makes no more connections than its requests need', async t => checkBursts(t, {}));

test('HAProxy makes as many', async t => {
  if (requires(t, 'haproxy')) await checkBursts(t, { program: 'haproxy' });
});

test('where ALPN decides, requests wait for others once it has chosen HTTP/2', async t => {
  const certificate = new Authority(t).issue({ name: 'a' });
  const origin = await startHttp2Origin(t, tell, { certificate });
  const client = await opened(t, `${origin.address} ssl verify none alpn h2,http/1.1`);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  origin.sessions[0]?.session.destroy();
  await until('its end', () => origin.sessions[0]?.session.destroyed === true);
  assert.deepEqual(await burst(client), [200]);
  assert.ok(origin.sessions.length <= 3, streamsOf(origin).join());
});

test('a connection that cannot be made fails for all that wait for it', async t => {
  const client = await opened(t, `127.0.0.1:${await freePort()} proto h2`, { defaults: 'retries 0' });
  assert.deepEqual(await burst(client), [503]);
  assert.deepEqual(await burst(client), [503]);
});

/** What was asked before has been received. */
async function answeredPing(client: ClientHttp2Session): Promise<void> {
  await new Promise(resolve => client.ping(resolve));
}

test('those that wait for a connection whose client leaves make one of their own', async t => {
  const certificate = new Authority(t).issue({ name: 'a' });
  const origin = await startHttp2Origin(t, tell, { certificate });
  // the first connection never gets to an end of its handshake
  const door = await startRawOrigin(t, socket => {
    if (door.count === 1) return void socket.resume();
    socket.pipe(connect(origin.port, '127.0.0.1')).pipe(socket);
  });
  const { port } = await start(t, `${door.address} ssl verify none alpn h2 proto h2`, { backend: ALWAYS });
  const [first, second] = [await openHttp2(t, port), await openHttp2(t, port)];
  first.request({ ':path': '/' }).on('error', () => undefined);
  await until('a connection', () => door.count === 1);
  const answers = burst(second);
  await answeredPing(second);
  assert.equal(door.count, 1);
  first.destroy();
  assert.deepEqual(await answers, [200]);
  assert.deepEqual(streamsOf(origin), [BURST]);
});
