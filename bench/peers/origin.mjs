// Reads a whole request, then answers it: the origin of uploads. `node origin.mjs PORT`.
import net from 'node:net';

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n');

net
  .createServer({ noDelay: true }, socket => {
    let left = 0;
    let head = '';
    socket.on('data', chunk => {
      if (left > 0) left -= chunk.length;
      else {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        left = length - (head.length - end - 4);
        head = '';
      }
      if (left <= 0) socket.write(ANSWER);
    });
    socket.on('error', () => socket.destroy());
  })
  .listen(Number(process.argv[2]), '127.0.0.1');
