/** `server … socks4`: traffic goes to its server through a SOCKS4 proxy, asked as by the real HAProxy. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const GRANTED = Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]);
const REJECTED = Buffer.from([0, 0x5b, 0, 0, 0, 0, 0, 0]);
const GREETING = 'hello, this is the server\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

interface Proxy {
  readonly address: string;
  /** What it was asked first on each connection. */
  readonly asked: string[];
}

async function startProxy(t: TestContext, serve: (socket: Socket, port: number) => void): Promise<Proxy> {
  const asked: string[] = [];
  const { address } = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      asked.push(chunk.toString('latin1'));
      serve(socket, chunk.readUInt16BE(2));
    });
  });
  return { address, asked };
}

/** As a proxy should. */
function passOn(socket: Socket, port: number): void {
  const server = connect(port, '127.0.0.1', () => socket.write(GRANTED));
  server.on('error', () => undefined);
  server.pipe(socket).pipe(server);
}

/** The consent in two pieces, the second with what the server says first. */
function greet(socket: Socket): void {
  socket.write(GRANTED.subarray(0, 3));
  setTimeout(() => socket.end(Buffer.concat([GRANTED.subarray(3), Buffer.from(GREETING)])), 20);
}

async function run(t: TestContext, program?: string): Promise<unknown> {
  const origin = await startHttpOrigin(t, 'origin');
  const good = await startProxy(t, passOn);
  const bad = await startProxy(t, socket => socket.end(REJECTED));
  const first = await startProxy(t, greet);
  const { port: log, lines } = await startLogReceiver(t);
  const [web, refused, tcp] = (await freePorts(3)) as [number, number, number];
  const config = `defaults
  log 127.0.0.1:${log} format raw local0
  log-format "%b/%s %ST %ts %rc %[bc_err] %[bc_err_str]"
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
listen web
  mode http
  bind 127.0.0.1:${web}
  server s ${origin.address} socks4 ${good.address}
listen refused
  mode http
  bind 127.0.0.1:${refused}
  server s ${origin.address} socks4 ${bad.address}
listen tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  server s 192.0.2.9:80 socks4 ${first.address}
`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  const answers = await exchangeRaw(web, `${GET}${LAST}`);
  const denied = await exchangeRaw(refused, GET);
  const greeting = await exchangeRaw(tcp, '');
  await until('all lines', () => lines.length === 4);
  const { port } = origin;
  const plain = (text: string): string => text.replace(String.fromCharCode(port >> 8, port & 0xff), '<port>');
  return {
    web: answers.match(/origin\n/g),
    refused: denied.slice(0, 12),
    greeting,
    asked: [good, bad, first].map(({ asked }) => asked.map(plain)),
    lines: lines.map(line => line.trim()).toSorted(),
  };
}

test('traffic goes through the proxy of socks4, and what follows its consent is not lost', async t => {
  assert.deepEqual(await run(t), {
    web: ['origin\n', 'origin\n'],
    refused: 'HTTP/1.1 503',
    greeting: GREETING,
    asked: [
      ['\x04\x01<port>\x7f\0\0\x01HAProxy\0'],
      ['\x04\x01<port>\x7f\0\0\x01HAProxy\0'],
      ['\x04\x01\0P\xc0\0\x02\x09HAProxy\0'],
    ],
    lines: [
      'refused/s 503 SC 0 41 SOCKS4 Proxy deny the request',
      'tcp/s 0 -- 0 0 Success',
      'web/s 200 -- 0 0 Success',
      'web/s 200 -- 0 0 Success',
    ],
  });
});

test('as in the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  assert.deepEqual(await run(t), await run(t, 'haproxy'));
});
