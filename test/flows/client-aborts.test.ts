/** A client that has said all and closes its side: `option abortonclose`, on by default in mode http, decides what that means. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok';
const SLOW_MS = 300;

interface Setting {
  readonly option?: string;
  readonly mode?: 'http' | 'tcp';
  /** What the server's connections do. */
  readonly serve: (socket: Socket) => void;
}

async function startSetting(
  t: TestContext,
  { option = '', mode = 'http', serve }: Setting,
): Promise<{ port: number; logs: Awaited<ReturnType<typeof startLogReceiver>> }> {
  const { address } = await startRawOrigin(t, serve);
  const logs = await startLogReceiver(t);
  const port = await freePort();
  await startBalancer(
    t,
    `
defaults
  mode ${mode}
  option ${mode}log
  log 127.0.0.1:${logs.port} local0
  ${option}
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  timeout queue 10s
listen l
  bind 127.0.0.1:${port}
  server s ${address} maxconn 1
`,
  );
  return { port, logs };
}

/** What a client gets that closes its side right behind `text`. */
async function sayAndClose(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => (received += part));
  socket.on('error', () => undefined);
  socket.end(text);
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  socket.destroy();
  return received;
}

/** Answers after a while, and notes whether it was told that the client has said all. */
function slowly(told: { fin: boolean }): (socket: Socket) => void {
  return socket => {
    socket.once('end', () => (told.fin ||= socket.writable));
    socket.once('data', () => {
      const timer = setTimeout(() => socket.end(ANSWER), SLOW_MS);
      socket.once('close', () => clearTimeout(timer));
    });
  };
}

for (const [option, fin] of [
  ['', true],
  ['option abortonclose', true],
  ['no option abortonclose', false],
] as const)
  test(`a server at work ${fin ? 'is' : 'is not'} told that its client has closed its side: ${option || 'default'}`, async t => {
    const told = { fin: false };
    const { port } = await startSetting(t, { option, serve: slowly(told) });
    assert.match(await sayAndClose(port, GET), /^HTTP\/1.1 200 OK\r\n[^]*ok$/);
    assert.equal(told.fin, fin);
  });

test('a server that drops a request whose client has closed its side has done as the client wished', async t => {
  const { port, logs } = await startSetting(t, {
    serve: socket => socket.resume().once('end', () => socket.end()),
  });
  assert.match(await sayAndClose(port, GET), /^HTTP\/1.1 400 /);
  await logs.find(/ l\/s \d+\/\d+\/\d+\/-1\/\d+ 400 \d+ - - CH-- /);
});

for (const mode of ['http', 'tcp'] as const)
  test(`a client that leaves the queue is forgotten in mode ${mode}`, async t => {
    const served = new EventEmitter();
    const { port, logs } = await startSetting(t, {
      mode,
      serve: socket => socket.once('data', () => served.emit('first')),
    });
    const first = connect(port, '127.0.0.1');
    t.after(() => first.destroy());
    first.on('error', () => undefined);
    first.write(GET);
    await once(served, 'first');
    const second = connect(port, '127.0.0.1');
    await once(second, 'connect');
    second.end(mode === 'http' ? GET : '');
    second.resume();
    await logs.find(/ l\/<NOSRV> .* CQ(--)? /);
  });

test('bytes of a queued client that has closed its side are still wanted in mode tcp, unless an option says otherwise', async t => {
  for (const [option, kept] of [
    ['', true],
    ['option abortonclose', false],
  ] as const) {
    const seen: string[] = [];
    const sockets: Socket[] = [];
    const { port } = await startSetting(t, {
      mode: 'tcp',
      option,
      serve: socket => {
        sockets.push(socket);
        socket.on('data', text => seen.push(text.toString('latin1')));
        socket.on('end', () => socket.end('bye'));
      },
    });
    const first = connect(port, '127.0.0.1');
    first.on('error', () => undefined);
    first.write('first');
    while (seen.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    const second = sayAndClose(port, 'second');
    setTimeout(() => first.end(), SLOW_MS);
    assert.equal(await second, kept ? 'bye' : '');
    assert.deepEqual(seen, kept ? ['first', 'second'] : ['first']);
  }
});

test('a client that leaves the tarpit is kept there no longer, one that leaves the queue has broken nothing off', async t => {
  const asked = new EventEmitter();
  const { address } = await startRawOrigin(t, socket => socket.on('data', () => asked.emit('request')));
  const logs = await startLogReceiver(t);
  const { web, tell } = await startAdminBalancer(t, {
    globals: `  log 127.0.0.1:${logs.port} local0`,
    app: `  timeout server 1m\n  http-request tarpit if { path /tar }\n  timeout tarpit 1m\n  server s ${address} maxconn 1`,
    defaults: '  option httplog\n  log global\n  timeout tarpit 1m\n  timeout queue 1m',
  });
  assert.match(await sayAndClose(web, GET.replace('/', '/tar')), /^HTTP\/1.1 500 /);
  await logs.find(/ web app\/<NOSRV> -1\/\d+\/-1\/-1\/\d+ 500 \d+ - - PT-- /);
  const first = connect(web, '127.0.0.1');
  t.after(() => first.destroy());
  first.write(GET);
  await once(asked, 'request');
  assert.equal(await sayAndClose(web, GET), '');
  await logs.find(/ web app\/<NOSRV> .* CQ-- /);
  assert.match(await tell('show stat app 2 -1'), /^(?:[^,]*,){49}0,0,/m);
});

test('what a rule refuses of a server in time has a response time, and one that is reset has had 400', async t => {
  const asked = new EventEmitter();
  const { address } = await startRawOrigin(t, socket =>
    socket.on('data', text => void (text.includes('/silent') ? asked.emit('request') : socket.end(ANSWER))),
  );
  const logs = await startLogReceiver(t);
  const { web } = await startAdminBalancer(t, {
    globals: `  log 127.0.0.1:${logs.port} local0`,
    app: `  http-response deny\n  server s ${address}`,
    defaults: '  option httplog\n  log global',
  });
  assert.match(await sayAndClose(web, GET), /^HTTP\/1.1 502 /);
  await logs.find(/ app\/s \d+\/\d+\/\d+\/\d+\/\d+ 502 \d+ - - PH-- /);
  const client = connect(web, '127.0.0.1');
  client.write(GET.replace('/', '/silent'));
  await once(asked, 'request');
  client.resetAndDestroy();
  await logs.find(/ app\/s \d+\/\d+\/\d+\/-1\/\d+ 400 \d+ - - CH-- /);
});
