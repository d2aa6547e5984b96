import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { StreamTransport } from '../../src/dns/transport.ts';
import { until } from '../support/until.ts';

test('a nameserver that talks without end over its stream is left, and asked again over another', async t => {
  const sockets: Socket[] = [];
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const talk = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', talk);
    talk();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = new StreamTransport(
    { family: 4, host: '127.0.0.1', port },
    { received: () => undefined, failed: () => undefined },
  );
  t.after(() => {
    transport.close();
    sockets.forEach(socket => socket.destroy());
    server.close();
  });
  for (const count of [1, 2]) {
    transport.send(Buffer.from('question'));
    await until(
      'the end of the stream',
      () => sockets.length === count && sockets.every(({ closed }) => closed),
    );
  }
});
