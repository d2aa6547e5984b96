// npm fast-proxy on undici, its fastest way: `node fast-proxy.mjs PORT ORIGIN_PORT`.
import http from 'node:http';
import fastProxy from 'fast-proxy';

const [port, origin] = process.argv.slice(2).map(Number);
const fast = fastProxy({
  base: `http://127.0.0.1:${origin}`,
  undici: { connections: 512, pipelining: 1 },
});
http
  .createServer((request, response) => fast.proxy(request, response, request.url, {}))
  .listen(port, '127.0.0.1');
