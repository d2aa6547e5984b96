/**
 * The running program among HTTP/2 clients that misbehave, while decent ones beside them get every answer. It must live,
 * keep nothing behind, and not grow. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask as askAdmin } from '../support/admin-client.ts';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { start } from '../support/http2-flow.ts';
import { Http2Misuse } from '../support/http2-misuse.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { residentMb } from '../support/resident-memory.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 2);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const CLIENTS_AT_ONCE = 100;
const MOST_GROWTH_MB = 300;
/** Those of a second thread, which starts while the first one serves. */
const LATE_DESCRIPTORS = 15;
const BIG = Buffer.alloc(300_000, 'big ');

function answer(request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => undefined);
  if (request.url === '/never') return void request.resume();
  if (request.url === '/echo') return void request.pipe(response);
  request.resume();
  response.end(request.url === '/big' ? BIG : 'ok');
}

/** Asks for this and that until it is told to stop; gives how often. */
async function decentClient(client: ClientHttp2Session, goOn: () => boolean): Promise<number> {
  const body = Buffer.alloc(50_000, 'body ');
  let rounds = 0;
  for (; goOn(); rounds++) {
    const [small, big, echo] = await Promise.all([
      ask(client, { ':path': '/small' }),
      ask(client, { ':path': '/big' }),
      ask(client, { ':path': '/echo', ':method': 'POST' }, { body, trailers: { 'x-end': '1' } }),
    ]);
    for (const { status, code } of [small, big, echo]) assert.deepEqual([status, code], [200, 0]);
    assert.ok(big.body.equals(BIG));
    assert.ok(echo.body.equals(body));
    await sleep(20);
  }
  return rounds;
}

/** Sessions that the program still has, but for the one that asks. */
async function sessions(admin: string): Promise<number> {
  const shown = await askAdmin(admin, 'show sess');
  return shown.split('\n').filter(line => line.startsWith('0x') && !line.includes('unix_stream')).length;
}

test('clients that misbehave cost nobody else anything', { timeout: 900_000 }, async t => {
  const origin = await startHttpOrigin(t, 's', answer);
  const admin = join(temporaryFolder(t), 'admin.sock');
  const { port, balancer } = await start(t, `${origin.address} pool-purge-delay 500ms`, {
    global: `nbthread 2\n  stats socket ${admin} level admin`,
    defaults: 'timeout client 2s\n  timeout server 2s\n  timeout http-request 500ms',
  });
  const client = await openHttp2(t, port);
  const misuse = new Http2Misuse(SEED);
  const before = residentMb(balancer.pid);
  const descriptors = balancer.openDescriptors() + LATE_DESCRIPTORS;
  const end = performance.now() + SECONDS * 1000;
  const goOn = (): boolean => performance.now() < end && balancer.process.exitCode === null;
  const decent = decentClient(client, goOn);
  decent.catch(() => undefined);
  while (goOn()) {
    if (misuse.clients < CLIENTS_AT_ONCE) misuse.visit(port);
    await sleep(10);
  }
  assert.ok((await decent) > 0);
  client.close();
  assert.equal(balancer.process.exitCode, null, balancer.output());
  await until('the end of all sessions', async () => (await sessions(admin)) === 0);
  await until('the end of all connections', () => balancer.openDescriptors() <= descriptors);
  assert.doesNotMatch(balancer.output(), /died|replaced|control thread|Internal error|^ +at .*:\d+:\d+/m);
  const grown = residentMb(balancer.pid) - before;
  assert.ok(grown < MOST_GROWTH_MB, `${Math.round(grown)} MB more than before`);
  t.diagnostic(`${Math.round(grown)} MB more than before`);
  assert.equal(await balancer.stop(), 0);
});
