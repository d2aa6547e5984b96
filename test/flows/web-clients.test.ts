/** Browsers, caches, load generators and websockets of all manners, in front of mode http. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { openChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const WITHIN_MS = 30_000;
const SUBRESOURCES = 50;

async function startInFront(t: TestContext, server: string, tunnel = '20s'): Promise<number> {
  const port = await freePort();
  await startBalancer(
    t,
    `listen l
  mode http
  bind 127.0.0.1:${port}
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  timeout tunnel ${tunnel}
  server s ${server}
`,
  );
  return port;
}

/** Says which method came with how many bytes. */
function tell(request: IncomingMessage, response: ServerResponse): void {
  let length = 0;
  request.on('data', (chunk: Buffer) => (length += chunk.length));
  request.on('end', () => response.end(`${request.method} ${request.url} ${length}\n`));
}

test('varnish in front gets answers, misses, passes and uploads', async t => {
  if (!requires(t, 'varnishd')) return;
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    if (request.method === 'GET') response.setHeader('cache-control', 'max-age=60');
    tell(request, response);
  });
  const port = await startInFront(t, origin.address);
  const front = await freePort();
  const folder = temporaryFolder(t);
  const args = ['-F', '-j', 'none', '-n', folder, '-s', 'malloc,20M'];
  args.push('-a', `127.0.0.1:${front}`, '-b', `127.0.0.1:${port}`);
  const child = spawn('varnishd', args, { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  t.after(stop);
  const ask = (text: string): Promise<string> => exchangeRaw(front, text, WITHIN_MS).catch(() => '');
  await until('varnish', async () =>
    (await ask('GET /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).includes('GET /up 0'),
  );
  const before = origin.count;
  for (let count = 0; count < 10; count++) {
    const got = await ask(`GET /hit HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.match(got, /GET \/hit 0/);
    const posted = await ask(
      `POST /${count} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n${'x'.repeat(50_000)}`,
    );
    assert.match(posted, new RegExp(`POST /${count} 50000`));
  }
  assert.equal(origin.count - before, 11, 'one miss, ten that pass');
  // before its folder goes
  await stop();
});

test('h2load in its HTTP/1 manner has every request succeed', async t => {
  if (!requires(t, 'h2load')) return;
  const origin = await startHttpOrigin(t, 'one');
  const port = await startInFront(t, origin.address);
  const { stdout } = await run('h2load', ['--h1', '-n', '2000', '-c', '20', `http://127.0.0.1:${port}/`]);
  assert.match(stdout, /2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout/);
});

const SCRIPT = `
local methods = { "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD" }
local count = 0
request = function()
  count = count + 1
  local method = methods[count % 7 + 1]
  local body = (method == "POST" or method == "PUT" or method == "PATCH") and string.rep("x", count % 5000) or nil
  return wrk.format(method, "/" .. count, nil, body)
end
`;

test('wrk varies methods and bodies, and has no error', async t => {
  if (!requires(t, 'wrk')) return;
  const origin = await startHttpOrigin(t, 'one', tell);
  const port = await startInFront(t, origin.address);
  const script = join(temporaryFolder(t), 'methods.lua');
  writeFileSync(script, SCRIPT);
  const { stdout } = await run('wrk', ['-t1', '-c10', '-d2', '-s', script, `http://127.0.0.1:${port}/`]);
  assert.match(stdout, /\d+ requests in/);
  assert.doesNotMatch(stdout, /Socket errors|Non-2xx/);
});

test(`a browser loads a page with ${SUBRESOURCES} subresources`, async t => {
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    response.setHeader('content-type', request.url === '/' ? 'text/html' : 'text/javascript');
    const tags = Array.from({ length: SUBRESOURCES }, (_, index) => `<script src="/${index}.js"></script>`);
    if (request.url === '/') response.end(`<title>t</title><script>seen = []</script>${tags.join('')}`);
    else response.end(`seen.push('${request.url}');/*${'x'.repeat(20_000)}*/`);
  });
  const port = await startInFront(t, origin.address);
  const chromium = await openChromium(t);
  if (chromium === undefined) return;
  const { page } = await chromium.open();
  await page.goto(`http://127.0.0.1:${port}/`);
  const wanted = Array.from({ length: SUBRESOURCES }, (_, index) => `/${index}.js`);
  assert.deepEqual(await page.evaluate('seen'), wanted);
});

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: x\r\n';
const SWITCHED = `HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}\r\n`;

/** Switches protocols, and lets `then` have the socket. */
function upgrading(then: (socket: Socket) => void): (socket: Socket) => void {
  return socket => {
    let head = '';
    socket.on('data', function read(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      socket.removeListener('data', read);
      socket.write(SWITCHED);
      then(socket);
    });
  };
}

/** The client's side of an upgraded connection. */
async function upgraded(port: number): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const ended = once(socket, 'end', { signal: AbortSignal.timeout(WITHIN_MS) }).then(() => {
    socket.end();
    return received.slice(SWITCHED.length);
  });
  socket.write(`GET /ws HTTP/1.1\r\nHost: a\r\n${UPGRADE}\r\n`);
  await until('the switch', () => received.startsWith(SWITCHED));
  return { socket, ended };
}

test('10,000 messages go both ways through an upgraded connection, whose client ends first', async t => {
  const server = await startRawOrigin(
    t,
    upgrading(socket => void socket.pipe(socket)),
  );
  const port = await startInFront(t, server.address);
  const { socket, ended } = await upgraded(port);
  let wanted = '';
  for (let number = 0; number < 10_000; number++) {
    const message = `message ${number};`;
    wanted += message;
    if (!socket.write(message)) await once(socket, 'drain');
  }
  socket.end();
  assert.ok((await ended) === wanted);
});

test('an upgraded connection whose server ends first still carries what the client says', async t => {
  let heard = '';
  const server = await startRawOrigin(
    t,
    upgrading(socket => {
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
      socket.on('end', () => (heard += '.'));
      socket.end('goodbye');
    }),
  );
  const port = await startInFront(t, server.address);
  const { ended } = await upgraded(port);
  assert.equal(await ended, 'goodbye');
  await until('its end', () => heard.endsWith('.'));
});

test('`timeout tunnel` ends an upgraded connection that is silent', async t => {
  const server = await startRawOrigin(
    t,
    upgrading(() => undefined),
  );
  const port = await startInFront(t, server.address, '300ms');
  const { ended } = await upgraded(port);
  assert.equal(await ended, '');
});
