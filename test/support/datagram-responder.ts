/** Answers each datagram to a port, on all addresses or one, with the name it was given. */
import { createSocket } from 'node:dgram';

const [name = '', port = '', host = '::'] = process.argv.slice(2);
const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');

socket.on('message', (_, { port: from, address }) => socket.send(name, from, address));
socket.bind(Number(port), host, () => console.log('listening'));
