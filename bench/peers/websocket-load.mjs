// Websocket clients, each of which sends a message when its last one has come back: `node websocket-load.mjs PORT
// CONNECTIONS SECONDS`. Prints JSON: messages, p50Ms, p99Ms, errors (connections that did not go as they should).
import net from 'node:net';

const [port, connections, seconds] = process.argv.slice(2).map(Number);
const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: bench.example',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');
const TEXT = Buffer.from('thirty-two bytes of one message.');
const MASK = Buffer.from([1, 2, 3, 4]);
const MESSAGE = Buffer.concat([
  Buffer.from([0x81, 0x80 | TEXT.length]),
  MASK,
  TEXT.map((byte, index) => byte ^ MASK[index & 3]),
]);
const ECHO = Buffer.concat([Buffer.from([0x81, TEXT.length]), TEXT]);

const latencies = [];
let errors = 0;
let isOver = false;

function client() {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(UPGRADE));
  let isUpgraded = false;
  let bytes = Buffer.alloc(0);
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.write(MESSAGE);
  };
  const fail = () => {
    if (!isOver) errors++;
    socket.removeAllListeners('close').destroy();
  };
  socket.on('data', chunk => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    if (!isUpgraded) {
      if (!bytes.includes('\r\n\r\n')) return;
      if (!bytes.toString('latin1').startsWith('HTTP/1.1 101 ')) return fail();
      isUpgraded = true;
      bytes = Buffer.alloc(0);
      send();
    } else if (bytes.length >= ECHO.length) {
      if (!bytes.equals(ECHO)) return fail();
      latencies.push(performance.now() - sentAt);
      bytes = Buffer.alloc(0);
      send();
    }
  });
  socket.on('error', () => {});
  socket.on('close', fail);
}

for (let index = 0; index < connections; index++) client();
setTimeout(() => {
  isOver = true;
  latencies.sort((a, b) => a - b);
  const percentile = share => latencies[Math.floor((latencies.length - 1) * share)];
  const report = { messages: latencies.length, p50Ms: percentile(0.5), p99Ms: percentile(0.99), errors };
  process.stdout.write(JSON.stringify(report), () => process.exit());
}, seconds * 1000);
