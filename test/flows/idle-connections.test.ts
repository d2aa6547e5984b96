/** Connections that rest: which of them a request may use (`pool-conn-name`), and whether their peer is there (`idle-ping`). */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, bounded, openHttp2 } from '../support/http2-client.ts';
import { start } from '../support/http2-flow.ts';
import { frame, PREFACE, TYPE } from '../support/http2-frames.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { askFor } from '../support/reverse-flow.ts';

test('a request uses a connection of its name alone', async t => {
  const from = new Set<number>();
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    from.add(request.socket.remotePort ?? 0);
    response.end();
  });
  const { port } = await start(t, `${origin.address} pool-conn-name hdr(x-name) pool-low-conn 4`, {
    backend: 'http-reuse always',
  });
  for (const name of ['a', 'b', 'a', 'b', 'a']) await askFor(port, '/', { 'x-name': name });
  assert.equal(from.size, 2);
});

test('a client of HTTP/2 that answers pings may rest, and one that does not is closed', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin, { defaults: 'timeout client 400ms', bind: 'idle-ping 200ms' });
  const client = await openHttp2(t, port);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  await sleep(1200);
  assert.equal(client.closed, false);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  const silent = connect(port, '127.0.0.1');
  t.after(() => silent.destroy());
  // GET / of https, indexed (RFC 7541 appendix A)
  const request = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x61]);
  silent.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0), frame(TYPE.headers, 5, 1, request)]));
  silent.resume();
  await bounded('the end of a connection', once(silent, 'close'));
});
