/** What the real program writes into its logs: fields, captures, headers of the syslog formats, levels. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';

const DEFAULTS = `
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  retries 0
`;

const DATE = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\]`;
const COUNTS = String.raw`\d+/\d+/\d+/\d+`;

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: www.example.org\r\n${headers}Connection: close\r\n\r\n`;
}

test('httplog tells of a good request, a denied one, a dead server and a bad request, with captures', async t => {
  const [receiver, port, dead] = [await startLogReceiver(t), await freePort(), await freePort()];
  const origin = await startHttpOrigin(t, 'one', (_, response) => {
    response.setHeader('x-answer', 'abcdef');
    response.setHeader('set-cookie', 'SID=fromserver; path=/');
    response.end('fine');
  });
  const balancer = await startBalancer(
    t,
    `global\n  log 127.0.0.1:${receiver.port} local3 info\n${DEFAULTS}
  log global
  option httplog
frontend web
  bind 127.0.0.1:${port}
  capture request header Host len 7
  capture request header X-None len 5
  capture response header X-Answer len 3
  capture cookie SID= len 8
  http-request deny if { path /no }
  use_backend dead if { path /dead }
  default_backend app
backend app
  server one ${origin.address}
backend dead
  server gone 127.0.0.1:${dead}
`,
  );
  const head = (pri: number): string =>
    String.raw`^<${pri}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d haproxy\[${balancer.pid}\]: 127\.0\.0\.1:\d+ ${DATE} web `;
  await exchangeRaw(port, get('/fine?x=1', 'Cookie: a=b; SID=fromclient\r\n'));
  await receiver.find(
    new RegExp(
      head(158) +
        String.raw`app/one \d+/\d+/\d+/\d+/\d+ 200 \d+ SID=from SID=from ---- ${COUNTS}/0 0/0 \{www\.exa\|\} \{abc\} "GET /fine\?x=1 HTTP/1\.1"\n$`,
    ),
  );
  await exchangeRaw(port, get('/no'));
  await receiver.find(
    new RegExp(
      head(158) +
        String.raw`web/<NOSRV> \d+/-1/-1/-1/\d+ 403 0 - - PR-- ${COUNTS}/0 0/0 \{www\.exa\|\} \{\} "GET /no HTTP/1\.1"\n$`,
    ),
  );
  await exchangeRaw(port, get('/dead'));
  await receiver.find(
    new RegExp(
      head(158) +
        String.raw`dead/gone \d+/\d+/-1/-1/\d+ 503 \d+ - - SC-- ${COUNTS}/0 0/0 \{www\.exa\|\} \{\} "GET /dead HTTP/1\.1"\n$`,
    ),
  );
  await exchangeRaw(port, 'nonsense\r\n\r\n');
  await receiver.find(
    new RegExp(
      head(158) + String.raw`web/<NOSRV> -1/-1/-1/-1/\d+ 400 \d+ - - PR-- ${COUNTS}/0 0/0 "<BADREQ>"\n$`,
    ),
  );
  assert.equal(receiver.lines.length, 4);
});

test('tcplog tells addresses and bytes of a relayed connection, and who could not be reached', async t => {
  const receiver = await startLogReceiver(t);
  const [port, other, dead] = [await freePort(), await freePort(), await freePort()];
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', data => socket.write(data));
    socket.on('end', () => socket.end());
  });
  await startBalancer(
    t,
    `${DEFAULTS}
  log 127.0.0.1:${receiver.port} user
  mode tcp
  option tcplog
listen relay
  bind 127.0.0.1:${port}
  server echo ${origin.address}
listen nowhere
  bind 127.0.0.1:${other}
  server gone 127.0.0.1:${dead}
`,
  );
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('twelve bytes');
  client.resume();
  await once(client, 'close');
  await receiver.find(
    new RegExp(String.raw`: 127\.0\.0\.1:\d+ ${DATE} relay relay/echo \d+/\d+/\d+ 12 -- ${COUNTS}/0 0/0\n$`),
  );
  await exchangeRaw(other, '');
  await receiver.find(
    new RegExp(
      String.raw`: 127\.0\.0\.1:\d+ ${DATE} nowhere nowhere/gone \d+/-1/\d+ 0 SC ${COUNTS}/0 0/0\n$`,
    ),
  );
});

test('each target has its own format, length, levels and sample', async t => {
  const [port, receiver] = [await freePort(), await startLogReceiver(t)];
  const origin = await startHttpOrigin(t, 'one');
  const at = `127.0.0.1:${receiver.port}`;
  const balancer = await startBalancer(
    t,
    `global\n  nbthread 1\n  log-send-hostname here\n  log-tag tagged\n${DEFAULTS}
frontend web
  bind 127.0.0.1:${port}
  log ${at} format rfc3164 local0
  log ${at} format rfc5424 local1
  log ${at} format local local2
  log ${at} format priority local3
  log ${at} format short local4
  log ${at} format timed local5
  log ${at} format iso local6
  log ${at} format raw local7
  log ${at} len 80 format raw local7
  log ${at} format short local0 err
  log ${at} format priority local0 info crit
  log ${at} format raw sample 2:2 local0
  log stdout format raw local0
  log-format "%HM %HP %[var(txn.long)]"
  log-format-sd "[id@1 path=\\"%HP\\"]"
  http-request set-var(txn.long) req.hdr(x-long)
  http-request set-log-level crit if { path /crit }
  http-request set-log-level silent if { path /silent }
  default_backend app
backend app
  server one ${origin.address}
`,
  );
  const iso = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d`;
  const legacy = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`;
  const linesOf = async (path: string, count: number): Promise<string[]> => {
    const before = receiver.lines.length;
    await exchangeRaw(port, get(path, `X-Long: ${'l'.repeat(100)}\r\n`));
    while (receiver.lines.length < before + count) await receiver.next();
    return receiver.lines.slice(before).map(line => line.replace(/l{100}\n$/, 'L\n'));
  };
  const expected = [
    `^<134>${legacy} here tagged\\[${balancer.pid}\\]: GET /a L\n$`,
    `^<142>1 ${iso} here tagged ${balancer.pid} - \\[id@1 path="/a"\\] GET /a L\n$`,
    `^<150>${legacy} tagged\\[${balancer.pid}\\]: GET /a L\n$`,
    '^<158>GET /a L\n$',
    '^<6>GET /a L\n$',
    `^<6>${iso} GET /a L\n$`,
    `^${iso} GET /a L\n$`,
    '^GET /a L\n$',
    '^GET /a l{72}\n$',
    '^<134>GET /a L\n$',
  ];
  const lines = await linesOf('/a', expected.length);
  assert.equal(lines.length, expected.length);
  for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', new RegExp(pattern));
  await exchangeRaw(port, get('/silent'));
  const critical = await linesOf('/crit', expected.length + 2);
  assert.deepEqual(critical.slice(9), ['<2>GET /crit L\n', '<130>GET /crit L\n', 'GET /crit L\n']);
  assert.ok(!receiver.lines.some(line => line.includes('/silent')));
  assert.match(balancer.output(), /^GET \/a l{100}$/m);
});

test('a line tells how many others the process, the frontend, the backend and the server serve', async t => {
  const [receiver, port] = [await startLogReceiver(t), await freePort()];
  const held: (() => void)[] = [];
  const arrivals = new EventEmitter();
  const origin = await startHttpOrigin(t, 'one', ({ url }, response) => {
    held.push(() => response.end());
    if (url === '/held') arrivals.emit('held');
    else response.end();
  });
  await startBalancer(
    t,
    `global\n  log 127.0.0.1:${receiver.port} local0\n${DEFAULTS}
  log global
  option httplog
frontend web
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server one ${origin.address}
`,
  );
  const arrived = once(arrivals, 'held', { signal: AbortSignal.timeout(60_000) });
  const waiting = exchangeRaw(port, get('/held'));
  await arrived;
  await exchangeRaw(port, get('/free'));
  await receiver.find(/ ---- 2\/2\/1\/1\/0 0\/0 "GET \/free /);
  for (const end of held) end();
  await waiting;
  await receiver.find(/ ---- 1\/1\/0\/0\/0 0\/0 "GET \/held /);
});

test('the unique id is one and the same for the server, the log and the rules', async t => {
  const [receiver, port] = [await startLogReceiver(t), await freePort()];
  let seen: string | string[] | undefined;
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    seen = request.headers['x-unique-id'];
    response.end();
  });
  await startBalancer(
    t,
    `${DEFAULTS}
frontend web
  bind 127.0.0.1:${port}
  log 127.0.0.1:${receiver.port} local0
  log-format "id=%ID"
  unique-id-format "%[uuid] %ci"
  unique-id-header X-Unique-ID
  http-response set-header x-id %[unique-id]
  default_backend app
backend app
  server one ${origin.address}
`,
  );
  const answer = await exchangeRaw(port, get('/'));
  const id = (await receiver.find(/id=(\S+ 127\.0\.0\.1)\n$/))[1];
  assert.equal(seen, id);
  assert.equal(/^x-id: (.*)\r$/im.exec(answer)?.[1], id);
  await exchangeRaw(port, 'nonsense\r\n\r\n');
  await receiver.find(/id=-\n$/);
});

test('a frontend without a format says who connected; options choose what is worth a line', async t => {
  const receiver = await startLogReceiver(t);
  const [plain, picky, dead] = [await freePort(), await freePort(), await freePort()];
  const origin = await startHttpOrigin(t, 'one');
  await startBalancer(
    t,
    `${DEFAULTS}
  log 127.0.0.1:${receiver.port} local0
frontend plain
  bind 127.0.0.1:${plain}
  default_backend app
frontend picky
  bind 127.0.0.1:${picky}
  option httplog
  option dontlognull
  option dontlog-normal
  option log-separate-errors
  error-log-format "broken from %ci"
  use_backend dead if { path /dead }
  default_backend app
backend app
  server one ${origin.address}
backend dead
  server gone 127.0.0.1:${dead}
`,
  );
  await exchangeRaw(plain, get('/'));
  await receiver.find(
    new RegExp(`^<134>.*: Connect from 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:${plain} \\(plain/HTTP\\)\n$`),
  );
  await exchangeRaw(picky, get('/normal'));
  await exchangeRaw(picky, get('/dead'));
  await receiver.find(/^<131>.* picky dead\/gone .* SC-- .*"GET \/dead HTTP\/1\.1"\n$/);
  await exchangeRaw(picky, 'nonsense\r\n\r\n');
  await receiver.find(/^<131>.*: broken from 127\.0\.0\.1\n$/);
  assert.equal(receiver.lines.length, 3);
});

test('option http-ignore-probes says nothing of a silent client, nor to it, but to one that has begun', async t => {
  const [receiver, port] = [await startLogReceiver(t), await freePort()];
  await startBalancer(
    t,
    `${DEFAULTS}
  log 127.0.0.1:${receiver.port} local0
frontend web
  bind 127.0.0.1:${port}
  timeout http-request 200ms
  option http-ignore-probes
  option httplog
`,
  );
  assert.equal(await exchangeRaw(port, ''), '');
  assert.match(await exchangeRaw(port, 'GET'), /^HTTP\/1\.1 408 /);
  await receiver.find(/ 408 .* cR-- .*<BADREQ>/);
  assert.equal(receiver.lines.length, 1);
});

test('option logasap writes the line before the response has ended, once', async t => {
  const [receiver, port] = [await startLogReceiver(t), await freePort()];
  let end: (() => void) | undefined;
  const origin = await startHttpOrigin(t, 'one', (_, response) => {
    response.write('begun');
    end = () => response.end();
  });
  await startBalancer(
    t,
    `${DEFAULTS}
frontend web
  bind 127.0.0.1:${port}
  log 127.0.0.1:${receiver.port} local0
  option logasap
  option httplog
  default_backend app
backend app
  server one ${origin.address}
`,
  );
  const answer = exchangeRaw(port, get('/slow'));
  await receiver.find(
    /web app\/one \d+\/\d+\/\d+\/\d+\/\+\d+ 200 \+\d+ - - ---- .* "GET \/slow HTTP\/1\.1"\n$/,
  );
  end?.();
  assert.match(await answer, /begun/);
  await exchangeRaw(port, 'nonsense\r\n\r\n');
  await receiver.find(/BADREQ/);
  assert.equal(receiver.lines.length, 2);
});

test('both ends of a server connection are logged when it is over by then', async t => {
  const [receiver, port] = [await startLogReceiver(t), await freePort()];
  const seen: number[] = [];
  const origin = await startRawOrigin(t, socket => {
    seen.push(socket.remotePort ?? 0);
    socket.on('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'),
    );
  });
  await startBalancer(
    t,
    `global\n  log 127.0.0.1:${receiver.port} format raw local3 info\n${DEFAULTS}
  log global
  option http-server-close
  log-format "%HU %bi:%bp %si:%sp"
listen l
  bind 127.0.0.1:${port}
  server one ${origin.address}
`,
  );
  for (const path of ['/a', '/b', '/c']) {
    await exchangeRaw(port, get(path));
    await receiver.find(new RegExp(`^${path} 127\\.0\\.0\\.1:${seen.at(-1)} ${origin.address}\n$`));
  }
});
