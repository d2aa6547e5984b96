// Takes every upgrade to a websocket and sends each message back: `node websocket-origin.mjs PORT`.
import { createHash } from 'node:crypto';
import http from 'node:http';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MASK_AT = 2;
const DATA_AT = 6;

/** Whole messages of less than 126 bytes, in what has come in; the rest waits for more. */
function answer(socket, bytes) {
  let at = 0;
  while (bytes.length - at >= DATA_AT) {
    const length = bytes[at + 1] & 0x7f;
    if (bytes.length - at < DATA_AT + length) break;
    const reply = Buffer.allocUnsafe(MASK_AT + length);
    reply[0] = bytes[at];
    reply[1] = length;
    for (let index = 0; index < length; index++)
      reply[MASK_AT + index] = bytes[at + DATA_AT + index] ^ bytes[at + MASK_AT + (index & 3)];
    socket.write(reply);
    at += DATA_AT + length;
  }
  return bytes.subarray(at);
}

const server = http.createServer((_request, response) => response.writeHead(426).end());
server.on('upgrade', (request, socket, head) => {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1')
    .update(key + MAGIC)
    .digest('base64');
  socket.setNoDelay();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let left = answer(socket, head);
  socket.on('data', chunk => {
    left = answer(socket, left.length === 0 ? chunk : Buffer.concat([left, chunk]));
  });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
});
server.listen(Number(process.argv[2]), '127.0.0.1');
