// npm http-proxy as its manual shows it, with a keep-alive agent: `node http-proxy.mjs PORT ORIGIN_PORT`.
import http from 'node:http';
import httpProxy from 'http-proxy';

const [port, origin] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1024 });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${origin}`, agent });
proxy.on('error', (_error, _request, response) => response.writeHead?.(502).end());
http.createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1');
