import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { isListenFailure, openListening } from '../../src/net/listening-socket.ts';
import { beginListening } from '../../src/net/opened-socket.ts';
import { isListening, stopListening } from '../../src/net/stop-listening.ts';
import { freePort } from '../support/free-port.ts';
import { listenSettings, Recorder } from './wires.ts';

test('a socket that was stopped by each who shares it gives whole connections when it listens again', async t => {
  const address = { kind: 'ip', family: 4, host: '127.0.0.1', port: await freePort() } as const;
  const opened = openListening(listenSettings({ address, noReusePort: true }), 2);
  if (isListenFailure(opened)) throw new Error(opened.message);
  const [fd, other] = opened.fds as [number, number];
  assert.deepEqual([isListening(fd), stopListening(fd), stopListening(fd)], [true, 0, 0]);
  assert.deepEqual([isListening(fd), stopListening(other)], [false, 0]);
  assert.equal(beginListening(fd, { backlog: 0 }), 0);
  const engine = new NodeEngine({ bufsize: 4096 });
  t.after(() => engine.destroy());
  const recorder = new Recorder();
  const accepted = new Promise<void>((resolve, reject) =>
    engine.listen(
      fd,
      connection => {
        connection.handler = recorder;
        connection.receive();
        resolve();
      },
      code => reject(new Error(code)),
    ),
  );
  const client: Socket = connect(opened.endpoint.port, '127.0.0.1');
  t.after(() => client.destroy());
  await once(client, 'connect');
  await accepted;
  // it looks for bytes, and is to find no end
  for (let count = 0; count < 5; count++) await turn();
  client.write('late');
  assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('late') });
});
