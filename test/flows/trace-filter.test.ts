/** `filter trace`: what it tells of messages and connections, and that every byte goes on that it holds back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { type Balancer, exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { untilMatches } from '../support/until.ts';

interface Flow {
  readonly port: number;
  readonly balancer: Balancer;
}

/** A server that gives back what it is sent. */
async function startEcho(t: TestContext): Promise<string> {
  const server = createServer((asked, answer) => asked.pipe(answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(t: TestContext, mode: string, filters: string, program?: string): Promise<Flow> {
  const port = await freePort();
  const config = `global
  nbthread 1
defaults
  mode ${mode}
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend fe
  bind 127.0.0.1:${port}
${filters}
  default_backend be
backend be
  server s1 ${await startEcho(t)}
`;
  return { port, balancer: await startBalancer(t, config, program === undefined ? {} : { program }) };
}

/** What comes back. */
async function echoed(port: number, body: Buffer): Promise<Buffer> {
  const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/echo' });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function digest(bytes: Buffer): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

for (const [mode, filters] of [
  ['http', '  filter trace random-forwarding quiet'],
  ['http', '  filter trace quiet random-forwarding max-fwd 5000\n  filter trace quiet random-forwarding'],
  ['tcp', '  filter trace quiet random-forwarding'],
] as const)
  test(`every byte of a large body goes on both ways: ${mode},${filters.replaceAll('\n', ',')}`, async t => {
    const { port } = await start(t, mode, filters);
    const body = Buffer.alloc(300_000);
    for (let at = 0; at < body.length; at++) body[at] = (at * 31 + (at >> 8)) & 0xff;
    assert.equal(digest(await echoed(port, body)), digest(body));
  });

/** What was told of one direction, in its order; pieces of a body are one. */
function stations(output: string, channel: 'REQUEST' | 'RESPONSE'): readonly string[] {
  const told = output
    .split('\n')
    .filter(line => line.includes(`channel=${channel} `))
    .map(line => /\] (trace_http_\w+)/.exec(line)?.[1])
    .filter(station => station !== undefined);
  return told.filter((station, index) => station !== told[index - 1]);
}

for (const program of [undefined, 'haproxy'] as const)
  test(`messages are told from head to end, by ${program ?? 'lb'}`, async t => {
    if (program !== undefined && !requires(t, 'haproxy')) return;
    const { port, balancer } = await start(t, 'http', '  filter trace name X hexdump', program);
    const text = await exchangeRaw(
      port,
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\nConnection: close\r\n\r\nabcdefghijklmnopqr',
    );
    assert.match(text, /^HTTP\/1\.1 200 OK[^]*abcdefghijklmnopqr/);
    const output = await untilMatches(() => balancer.output(), /trace_detach/);
    const way = ['trace_http_headers', 'trace_http_payload', 'trace_http_end'];
    assert.deepEqual(stations(output, 'REQUEST'), way);
    assert.deepEqual(stations(output, 'RESPONSE'), way);
    assert.match(
      output,
      /^\d{10}\.\d{6} \[X\/fe {16}\] \[strm 0x\w+.*\] trace_attach {13}: filter-type=frontend$/m,
    );
    assert.match(output, /channel=REQUEST {4}- mode=HTTP {2}\(backend\)\tPOST \/a HTTP\/1\.1\n.*\thost: h\n/);
    assert.match(output, /channel=RESPONSE {3}- mode=HTTP {2}\(backend\)\tHTTP\/1\.1 200 OK\n/);
    assert.match(output, / - len=18 - forward=18\n/);
    assert.ok(
      output.includes(
        '\n\t0x000000: 61 62 63 64 65 66 67 68   69 6a 6b 6c 6d 6e 6f 70   |abcdefghijklmnop|\n' +
          '\t0x000010: 71 72                                               |qr|\n',
      ),
    );
  });
