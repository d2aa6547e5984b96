/** `compression`: what is compressed, how the heads change, and what the bodies are, beside the real HAProxy. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { ask as askHttp2, openHttp2 } from '../support/http2-client.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { statRows } from '../support/stat-rows.ts';

const DEFAULTS = `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
`;

interface Answer {
  readonly status: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A body framed by chunks or a length, without its framing. */
function parse(raw: string): Answer {
  const end = raw.indexOf('\r\n\r\n');
  const [status = '', ...lines] = raw.slice(0, end).split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields.set(name, fields.has(name) ? `${fields.get(name)}|${value}` : value);
  }
  const rest = Buffer.from(raw.slice(end + 4), 'latin1');
  return { status, fields, body: fields.has('transfer-encoding') ? unchunk(rest) : rest };
}

function unchunk(framed: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const line = framed.indexOf('\r\n', at);
    const size = Number.parseInt(framed.toString('latin1', at, line), 16);
    assert.ok(size >= 0, 'a chunk has a size');
    if (size === 0) {
      assert.equal(framed.length, line + 4, 'nothing follows the last chunk');
      return Buffer.concat(pieces);
    }
    pieces.push(framed.subarray(line + 2, line + 2 + size));
    assert.equal(framed.toString('latin1', line + 2 + size, line + 4 + size), '\r\n');
    at = line + 4 + size;
  }
}

function content({ fields, body }: Answer): string {
  const coding = fields.get('content-encoding');
  if (coding === 'gzip') return gunzipSync(body).toString();
  if (coding === 'deflate')
    return ((body[0] as number) & 0x0f) === 8
      ? inflateSync(body).toString()
      : inflateRawSync(body).toString();
  return body.toString();
}

interface Case {
  readonly asked: string;
  /** Lines of the answer's head, behind Content-Type. */
  readonly answer?: string;
  readonly type?: string;
  readonly status?: string;
  readonly method?: string;
  readonly chunked?: boolean;
  readonly version?: string;
}

const AGENT = 'Mozilla/4.0 (compatible; ';

const CASES: readonly Case[] = [
  { asked: 'Accept-Encoding: gzip' },
  { asked: 'Accept-Encoding: gzip', chunked: true },
  { asked: 'Accept-Encoding: deflate' },
  { asked: 'Accept-Encoding: *' },
  { asked: 'Accept-Encoding: br, gzip;q=0.5, deflate;q=0.8' },
  { asked: 'Accept-Encoding: gzip;q=0' },
  { asked: 'Accept-Encoding: gzip; q=0.001' },
  { asked: 'Accept-Encoding: gzip;x=1;q=0.2, deflate;q=0.1' },
  { asked: 'Accept-Encoding: deflate\r\nAccept-Encoding: gzip' },
  { asked: 'Accept-Encoding: GZIP' },
  { asked: 'Accept-Encoding: br' },
  { asked: 'X-None: 1' },
  { asked: 'Accept-Encoding: gzip', type: 'text/html; charset=utf-8' },
  { asked: 'Accept-Encoding: gzip', type: 'Text/Plain' },
  { asked: 'Accept-Encoding: gzip', type: 'image/png' },
  { asked: 'Accept-Encoding: gzip', type: 'multipart/mixed' },
  { asked: 'Accept-Encoding: gzip', answer: 'Cache-Control: no-transform' },
  { asked: 'Accept-Encoding: gzip', answer: 'Cache-Control: private, No-Transform' },
  { asked: 'Accept-Encoding: gzip', answer: 'Content-Encoding: br' },
  { asked: 'Accept-Encoding: gzip', answer: 'ETag: "abc"' },
  { asked: 'Accept-Encoding: gzip', answer: 'ETag: W/"abc"' },
  { asked: 'Accept-Encoding: gzip', answer: 'ETag: abc' },
  { asked: 'Accept-Encoding: gzip', answer: 'ETag: "a"\r\nETag: "b"' },
  { asked: 'Accept-Encoding: gzip', answer: 'Vary: Accept-Encoding' },
  { asked: 'Accept-Encoding: gzip', status: '201 Created' },
  { asked: 'Accept-Encoding: gzip', status: '203 Other' },
  { asked: 'Accept-Encoding: gzip', status: '206 Partial Content' },
  { asked: 'Accept-Encoding: gzip', status: '404 Not Found' },
  { asked: 'Accept-Encoding: gzip', method: 'HEAD' },
  { asked: 'Accept-Encoding: gzip', version: 'HTTP/1.0' },
  { asked: `Accept-Encoding: gzip\r\nUser-Agent: ${AGENT}MSIE 5.5; Windows NT 5.0)` },
  { asked: `Accept-Encoding: gzip\r\nUser-Agent: ${AGENT}MSIE 6.0; Windows NT 5.1; SV1)` },
  { asked: `Accept-Encoding: gzip\r\nUser-Agent: ${AGENT}MSIE 7.0; Windows NT 5.1)` },
];

const TEXT = 'one and one is two; '.repeat(300);

/** Answers as the case says that the request names. */
async function startCases(t: TestContext): Promise<string> {
  const origin = await startRawOrigin(t, (socket: Socket) =>
    socket.on('data', (bytes: Buffer) => {
      const given = CASES[Number(/^\w+ \/(\d+)/.exec(bytes.toString('latin1'))?.[1])] as Case;
      const framing =
        given.chunked === true ? 'Transfer-Encoding: chunked' : `Content-Length: ${TEXT.length}`;
      const framed = `${TEXT.length.toString(16)}\r\n${TEXT}\r\n0\r\n\r\n`;
      const body = given.method === 'HEAD' ? '' : given.chunked === true ? framed : TEXT;
      const more = given.answer === undefined ? '' : `${given.answer}\r\n`;
      const head = `HTTP/1.1 ${given.status ?? '200 OK'}\r\nContent-Type: ${given.type ?? 'text/plain'}\r\n`;
      socket.end(`${head}${more}${framing}\r\nConnection: close\r\n\r\n${body}`);
    }),
  );
  return origin.address;
}

/** Older versions say Vary again where it stands already. */
function saidOnce(value: string | undefined): string | undefined {
  return value === 'Accept-Encoding|Accept-Encoding' ? 'Accept-Encoding' : value;
}

function configOf(port: number, server: string): string {
  return `${DEFAULTS}listen l
  bind 127.0.0.1:${port}
  compression algo gzip raw-deflate
  compression type text/plain text/html
  server s ${server}
`;
}

async function ask(port: number, place: number): Promise<Answer> {
  const { asked, method = 'GET', version = 'HTTP/1.1' } = CASES[place] as Case;
  const head = `${method} /${place} ${version}\r\nHost: x\r\nConnection: close\r\n${asked}\r\n\r\n`;
  return parse(await exchangeRaw(port, head));
}

test('the same answers are compressed as by HAProxy, the same way', async t => {
  if (!requires(t, 'haproxy')) return;
  const server = await startCases(t);
  const [own, other] = (await freePorts(2)) as [number, number];
  await startBalancer(t, configOf(own, server));
  await startBalancer(t, configOf(other, server), { program: 'haproxy' });
  let compressed = 0;
  for (const place of CASES.keys()) {
    const what = JSON.stringify(CASES[place]);
    const [mine, theirs] = await Promise.all([ask(own, place), ask(other, place)]);
    assert.equal(mine.status, theirs.status, what);
    for (const name of ['content-encoding', 'etag', 'vary', 'content-length', 'transfer-encoding'])
      assert.equal(mine.fields.get(name), saidOnce(theirs.fields.get(name)), `${name} of ${what}`);
    assert.equal(content(mine), content(theirs), what);
    if (/gzip|deflate/.test(mine.fields.get('content-encoding') ?? '')) compressed++;
  }
  assert.ok(compressed > 12, `${compressed} answers were compressed`);
});

test('bodies of any size come out whole, over a connection that is kept', async t => {
  const sizes = [1, 100, 16_384, 1_000_000];
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end('xyz'.repeat(Number(request.url?.slice(1))));
  });
  const port = await freePort();
  const sockets = await freePort();
  await startBalancer(
    t,
    `global\n  stats socket ipv4@127.0.0.1:${sockets} level admin\n${configOf(port, origin.address)}`,
  );
  const requests = sizes.map(
    (size, index) =>
      `GET /${size} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n${index === sizes.length - 1 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  let rest = await exchangeRaw(port, requests.join(''));
  for (const size of sizes) {
    const end = rest.indexOf('\r\n0\r\n\r\n') + 7;
    const answer = parse(rest.slice(0, end));
    assert.equal(answer.fields.get('content-encoding'), 'gzip');
    assert.equal(content(answer), 'xyz'.repeat(size));
    rest = rest.slice(end);
  }
  assert.equal(rest, '');
  const stat = await exchangeRaw(sockets, 'show stat\n');
  const frontend = [...statRows(stat).values()].find(row => row['svname'] === 'FRONTEND');
  assert.equal(frontend?.['comp_rsp'], '4');
  assert.equal(
    Number(frontend['comp_in']),
    sizes.reduce((sum, size) => sum + 3 * size, 0),
  );
  assert.ok(Number(frontend['comp_out']) < 60_000);
});

test('a server that closes its connection leaves the one of a client it compresses for as it is', async t => {
  const origin = await startHttpOrigin(t, 's', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 3000, connection: 'close' });
    response.end('xyz'.repeat(1000));
  });
  const port = await freePort();
  await startBalancer(t, configOf(port, origin.address));
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n';
  const both = await exchangeRaw(port, `${request}\r\n${request}Connection: close\r\n\r\n`);
  const second = both.indexOf('\r\n0\r\n\r\n') + 7;
  const answers = [both.slice(0, second), both.slice(second)].map(parse);
  assert.deepEqual(answers.map(content), ['xyz'.repeat(1000), 'xyz'.repeat(1000)]);
  assert.deepEqual(
    answers.map(({ fields }) => fields.get('connection')),
    [undefined, 'close'],
  );
});

test('what the server has sent is there for the client before the next piece comes', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.write('first');
    request.once('close', () => response.end());
  });
  const port = await freePort();
  await startBalancer(t, configOf(port, origin.address));
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: deflate\r\n\r\n');
  let seen = Buffer.alloc(0);
  const body = (): Buffer => seen.subarray(seen.indexOf('\r\n\r\n') + 4);
  while (!seen.includes('\r\n\r\n') || !body().subarray(4).includes('\r\n')) {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
    seen = Buffer.concat([seen, chunk]);
  }
  const start = body().indexOf('\r\n') + 2;
  const size = Number.parseInt(body().toString('latin1'), 16);
  const { constants } = await import('node:zlib');
  const text = inflateRawSync(body().subarray(start, start + size), { finishFlush: constants.Z_SYNC_FLUSH });
  assert.equal(text.toString(), 'first');
});

test('zlib compresses at higher levels, and show info tells what it takes meanwhile', async t => {
  let finish = (): void => undefined;
  const origin = await startHttpOrigin(t, 's', (_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.write('first');
    finish = () => response.end(' and last');
  });
  const [port, admin] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `global
  stats socket ipv4@127.0.0.1:${admin} level admin
  tune.comp.maxlevel 6
  maxzlibmem 1
${configOf(port, origin.address)}`,
  );
  const used = async (): Promise<string | undefined> => {
    const info = await exchangeRaw(admin, 'show info\n');
    assert.match(info, /^MaxZlibMemUsage: 1048576$/m);
    return /^ZlibMemUsage: (\d+)$/m.exec(info)?.[1];
  };
  assert.equal(await used(), '0');
  const answer = exchangeRaw(
    port,
    'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n',
  );
  while ((await used()) === '0') await setTimeout(10);
  assert.equal(await used(), String(2 ** 18));
  finish();
  assert.equal(content(parse(await answer)), 'first and last');
  assert.equal(await used(), '0');
});

test('offload keeps servers from compressing, and requests are compressed where that is asked for', async t => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const {
        'accept-encoding': asked,
        'content-encoding': coding,
        'content-length': length,
      } = request.headers;
      const body = Buffer.concat(chunks);
      const text = coding === 'gzip' ? gunzipSync(body) : body;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ asked, coding, length, text: text.toString() }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}frontend f
  bind 127.0.0.1:${port}
  compression offload
  default_backend b
backend b
  compression direction both
  compression algo-res gzip
  compression type-res application/json
  compression algo-req gzip
  compression type-req text/plain
  compression minsize-req 800
  server s 127.0.0.1:${(server.address() as AddressInfo).port}
`,
  );
  const post = async (type: string, text: string): Promise<Record<string, string>> => {
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
    const answer = parse(await exchangeRaw(port, `${head}Content-Length: ${text.length}\r\n\r\n${text}`));
    assert.equal(answer.fields.get('content-encoding'), 'gzip');
    return JSON.parse(content(answer)) as Record<string, string>;
  };
  const long = 'abc'.repeat(100_000);
  assert.deepEqual(await post('text/plain', long), { coding: 'gzip', text: long });
  assert.deepEqual(await post('text/plain', 'x'.repeat(799)), { length: '799', text: 'x'.repeat(799) });
  assert.deepEqual(await post('text/html', long), { length: '300000', text: long });

  const body = 'y'.repeat(900);
  const fields = { ':method': 'POST', ':path': '/', 'content-type': 'text/plain', 'content-length': 900 };
  const answer = await askHttp2(await openHttp2(t, port), fields, { body });
  assert.deepEqual(JSON.parse(answer.body.toString()), { coding: 'gzip', text: body });
});

test('limits of compression hold: above them bodies go as they are', async t => {
  const origin = await startHttpOrigin(t, 's', (_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end('x'.repeat(100_000));
  });
  const port = await freePort();
  await startBalancer(t, `global\n  nbthread 1\n  maxcomprate 1\n${configOf(port, origin.address)}`);
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n';
  const first = parse(await exchangeRaw(port, request));
  assert.equal(first.fields.get('content-encoding'), 'gzip');
  const second = parse(await exchangeRaw(port, request));
  assert.equal(second.fields.get('content-encoding'), undefined);
  assert.equal(second.body.length, 100_000);
});

test('a body whose length a rule has taken away is sent as chunks, both ways', async t => {
  if (!requires(t, 'haproxy')) return;
  let heads = '';
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', (bytes: Buffer) => {
      heads += bytes.toString('latin1');
      if (heads.endsWith('0\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld');
    }),
  );
  const seen: string[] = [];
  for (const program of [undefined, 'haproxy']) {
    heads = '';
    const port = await freePort();
    const balancer = await startBalancer(
      t,
      `${DEFAULTS}listen l
  bind 127.0.0.1:${port}
  http-request del-header content-length
  http-response del-header content-length
  server s ${origin.address}
`,
      program === undefined ? {} : { program },
    );
    const request = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';
    const answer = parse(await exchangeRaw(port, request));
    assert.equal(answer.body.toString(), 'world');
    assert.equal(answer.fields.get('transfer-encoding'), 'chunked');
    assert.equal(answer.fields.get('content-length'), undefined);
    seen.push(heads.replace(/^(?:host|connection):.*\r\n/gim, '').toLowerCase());
    await balancer.stop();
  }
  assert.match(seen[0] as string, /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  assert.equal(seen[0], seen[1]);
});
