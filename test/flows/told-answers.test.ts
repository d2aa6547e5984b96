/**
 * What is told of an answer beside its bytes, as HAProxy 3.4 tells it: the status of error pages, the times of answers in
 * place of a server's, the status of a request whose client has gone; and what answers and rules say of connections.
 */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Flow {
  readonly ports: readonly number[];
  readonly logs: LogReceiver;
  /** Of the server. */
  readonly connections: () => number;
  /** Emits `request` when the server has one. */
  readonly served: EventEmitter;
}

/** Each of `lines` has a port of its own; the server answers each request with `answer`. */
async function start(t: TestContext, lines: readonly string[], answer = OK): Promise<Flow> {
  const served = new EventEmitter();
  const flow = await startServing(
    t,
    socket =>
      socket.on('data', chunk => {
        served.emit('request');
        for (const _ of chunk.toString('latin1').matchAll(/\r\n\r\n/g)) socket.write(answer);
      }),
    lines,
  );
  return { ...flow, served };
}

async function startServing(
  t: TestContext,
  serve: (socket: Socket) => void,
  lines: readonly string[] = [''],
): Promise<Omit<Flow, 'served'>> {
  const logs = await startLogReceiver(t);
  const origin = await startRawOrigin(t, serve);
  const ports = await freePorts(lines.length);
  const sections = lines.map(
    (line, at) => `listen l${at}
  bind 127.0.0.1:${ports[at]}
  log-format "l${at} %ST %ts Tr=%Tr %[txn.status]"
  ${line}
  server s ${origin.address}`,
  );
  await startBalancer(
    t,
    `defaults
  mode http
  log 127.0.0.1:${logs.port} local0
  timeout connect 5s
  timeout client 20s
  timeout server 20s
${sections.join('\n')}
`,
    { ports },
  );
  return { ports, logs, connections: () => origin.count };
}

test('logs tell the status that an error page stands for', async t => {
  const page = join(temporaryFolder(t), 'page.http');
  writeFileSync(page, 'HTTP/1.1 418 Other\r\nContent-Length: 3\r\n\r\nabc');
  const cases: readonly (readonly [line: string, sent: number, told: string])[] = [
    ['errorloc 403 http://x/\n  http-request deny', 302, '403 PR'],
    ['errorloc303 502 http://x/\n  http-response deny', 303, '502 PH'],
    [`errorfile 429 ${page}\n  http-request deny deny_status 429`, 418, '429 PR'],
    [`http-request return errorfile ${page}`, 418, '200 LR'],
    [`http-error status 403 errorfile ${page}\n  http-request deny`, 418, '403 PR'],
  ];
  const { ports, logs } = await start(
    t,
    cases.map(([line]) => line),
  );
  for (const [at, [line, sent, told]] of cases.entries()) {
    const answer = await exchangeRaw(ports[at] as number, LAST);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${sent} `), line);
    await logs.find(new RegExp(`l${at} ${told} Tr=-?\\d+ ${told.slice(0, 3)}`));
  }
});

test('an answer that rules give in place of a server’s has the time of that', async t => {
  const lines = [
    'http-response deny',
    'http-response return status 202',
    'http-response redirect location /x',
  ];
  const { ports, logs } = await start(t, lines);
  for (const [at] of lines.entries()) {
    await exchangeRaw(ports[at] as number, LAST);
    await logs.find(new RegExp(`l${at} \\d+ .H Tr=\\d+ `));
  }
});

test('of a client that resets its connection while a server works logs tell 400', async t => {
  const { ports, logs, served } = await start(t, [''], '');
  const socket = connect(ports[0] as number, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(GET);
  await once(served, 'request');
  socket.resetAndDestroy();
  await logs.find(/l0 400 CH Tr=-1 400/);
});

test('a connection ends where an answer of the balancer’s own says so', async t => {
  const { ports } = await start(t, [
    'http-request return hdr Connection close',
    'http-request deny hdr Connection "x-a, close" hdr x-a 1',
    'http-request return hdr Connection keep-alive',
  ]);
  for (const [at, count] of [1, 1, 2].entries()) {
    const answers = await exchangeRaw(ports[at] as number, GET + LAST);
    assert.equal(answers.match(/^HTTP\/1\.1 /gm)?.length, count, answers);
    assert.match(answers, /connection: close\r\n/i);
  }
});

test('a server that a rule has told its connection closes gets no other request on it', async t => {
  const { ports, connections } = await start(t, ['http-request set-header Connection close', '']);
  const [closing, keeping] = ports as [number, number];
  const before = connections();
  await exchangeRaw(closing, GET + GET + LAST);
  assert.equal(connections() - before, 3);
  await exchangeRaw(keeping, GET + GET + LAST);
  assert.equal(connections() - before, 4);
});

test('a response without a reason gets the usual one', async t => {
  for (const [line, told] of [
    ['HTTP/1.1 404', '404 Not Found'],
    ['HTTP/1.1 200 ', '200 OK'],
    ['HTTP/1.1 599', '599 Server Error'],
  ]) {
    const { ports } = await start(t, [''], `${line}\r\nContent-Length: 0\r\n\r\n`);
    assert.match(await exchangeRaw(ports[0] as number, LAST), new RegExp(`^HTTP/1.1 ${told}\r\n`));
  }
});

test('http-after-response rules see answers to requests only', async t => {
  const { ports } = await start(t, ['http-request deny\n  http-after-response set-header x-seen 1']);
  const port = ports[0] as number;
  assert.match(await exchangeRaw(port, LAST), /^HTTP\/1\.1 403 [^]*^x-seen: 1\r$/m);
  const [head = ''] = (await exchangeRaw(port, 'GET\r\n\r\n')).split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 400 /);
  assert.doesNotMatch(head, /x-seen/);
});

test('a response that ends within its head is none, for first requests and for others', async t => {
  const half = 'HTTP/1.1 200 OK\r\nX: y';
  const { ports, logs } = await startServing(t, socket =>
    socket.on('data', chunk => {
      if (chunk.includes('/half')) socket.end(half);
      else if (chunk.includes('/gone')) socket.end();
      else socket.write(OK);
    }),
  );
  const get = (path: string): string => GET.replace('/', path);
  await exchangeRaw(ports[0] as number, `${get('/half')}${LAST}`);
  await logs.find(/l0 502 PH /);
  assert.match(await exchangeRaw(ports[0] as number, `${GET}${get('/half')}${LAST}`), /HTTP\/1\.1 502 /);
  await exchangeRaw(ports[0] as number, `${get('/gone')}${LAST}`);
  await logs.find(/l0 502 SH /);
});
