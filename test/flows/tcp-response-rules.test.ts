/** `tcp-response content` in mode tcp: rules see what a server says before its client does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';

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
