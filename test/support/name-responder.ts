/** Answers each TCP connection to a port (8000), on any address, with the name it was given. */
import { createServer } from 'node:net';

const [name = '', port = '8000'] = process.argv.slice(2);

createServer(socket => {
  socket.on('error', () => {});
  socket.end(name);
}).listen({ port: Number(port), host: '::' }, () => console.log('listening'));
