/**
 * Asks one after the other, each time from a port of its own, and prints how often each name answered; failures count under
 * their code. Arguments: tcp or udp, address, port, how often; for udp a port to ask from each time.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';

const [protocol = '', host = '', port = '', times = '', from = '0'] = process.argv.slice(2);
const PATIENCE_MS = 1000;
const kept: Socket[] = [];

function askByTcp(): Promise<string> {
  return new Promise(resolve => {
    let answer = '';
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('ETIMEDOUT')));
    socket.on('data', data => (answer += data.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(answer));
  });
}

function askByUdp(): Promise<string> {
  return new Promise(resolve => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const settle = (answer: string): void => {
      clearTimeout(timer);
      // a port that is free again may be given to the next one, whose datagrams would be of the same flow
      if (from === '0') kept.push(socket);
      else socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => settle('ETIMEDOUT'), PATIENCE_MS);
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    socket.once('message', data => settle(data.toString()));
    socket.bind(Number(from), () => socket.connect(Number(port), host, () => socket.send('who?')));
  });
}

const counts: Record<string, number> = {};
for (let time = 0; time < Number(times); time++) {
  const answer = protocol === 'tcp' ? await askByTcp() : await askByUdp();
  counts[answer] = (counts[answer] ?? 0) + 1;
}
console.log(JSON.stringify(counts));
for (const socket of kept) socket.close();
