/** Connects to port 8000 of an address every 10 ms and prints when, and who answered within 200 ms. */
import { connect } from 'node:net';

const [host = ''] = process.argv.slice(2);
const PATIENCE_MS = 200;

function ask(): void {
  const at = Date.now();
  let by = '';
  const socket = connect({ host, port: 8000 });
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('data', data => (by += data.toString()));
  let error = '';
  socket.on('error', (reason: NodeJS.ErrnoException) => (error = reason.code ?? ''));
  socket.on('close', () => console.log(JSON.stringify({ at, by, error, tookMs: Date.now() - at })));
}

setInterval(ask, 10);
