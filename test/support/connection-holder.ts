/**
 * Connections that stay: `serve NAME PORT` tells its name to whoever comes and holds on, `hold ADDRESS PORT TIMES` connects one
 * after the other, prints who has answered how often, and holds all of them until it is ended.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const [mode = '', target = '', port = '', times = ''] = process.argv.slice(2);

if (mode === 'serve') {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.write(target);
  });
  server.listen({ port: Number(port), host: '::' }, () => console.log('listening'));
} else {
  const counts: Record<string, number> = {};
  for (let time = 0; time < Number(times); time++) {
    const socket = connect({ host: target, port: Number(port) });
    const [name] = (await once(socket, 'data')) as [Buffer];
    counts[name.toString()] = (counts[name.toString()] ?? 0) + 1;
    socket.resume();
  }
  console.log(JSON.stringify(counts));
}
