/** Answers each TCP connection to port 8000, on any address, with the name it was given. */
import { createServer } from 'node:net';

const [name = ''] = process.argv.slice(2);

createServer(socket => {
  socket.on('error', () => {});
  socket.end(name);
}).listen({ port: 8000, host: '::' }, () => console.log('listening'));
