/** Rules of mode tcp that look at a client's first bytes and have no `inspect-delay` to wait for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';

test('rules see what comes together with the connection, and do not keep servers from speaking first', async t => {
  const named = (name: string): ReturnType<typeof startRawOrigin> =>
    startRawOrigin(t, socket => {
      socket.write(`${name}\n`);
      socket.on('error', () => undefined).on('end', () => socket.end());
    });
  const [one, two] = [await named('one'), await named('two')];
  const [refusing, choosing] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `defaults
  mode tcp
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  default_backend one
frontend refusing
  bind 127.0.0.1:${refusing}
  tcp-request content set-var(txn.word) req.payload(0,4)
  tcp-request content reject if { var(txn.word) -m str EVIL }
frontend choosing
  bind 127.0.0.1:${choosing}
  use_backend two if { req.payload(0,3) -m str two }
backend one
  server s ${one.address}
backend two
  server s ${two.address}
`,
  );
  const ask = async (port: number, bytes: string): Promise<string> =>
    (await exchange(port, bytes, 300)).received;
  assert.equal(await ask(refusing, 'EVIL'), '');
  assert.equal(await ask(refusing, 'good'), 'one\n');
  assert.equal(await ask(refusing, ''), 'one\n');
  assert.equal(await ask(choosing, 'two'), 'two\n');
  assert.equal(await ask(choosing, 'one'), 'one\n');
  assert.equal(await ask(choosing, ''), 'one\n');
});
