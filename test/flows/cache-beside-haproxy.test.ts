/**
 * A table of exchanges, each of a response and requests for it one after the other: who is answered from the cache,
 * and with which head and body, is the same as with HAProxy.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin, type Origin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

interface Case {
  /** Fields of the response, or all of it where it ends with the connection or has another status line. */
  readonly response: readonly string[] | string;
  /** `<method> <path> [<version>] | <field> | …`; the path is put behind the number of the case. */
  readonly requests: readonly string[];
  /** These requests are answered from the cache by later versions than the 2.6 that is asked here. */
  readonly hitsLater?: readonly number[];
}

const GET = 'GET /';
const fresh = 'Cache-Control: max-age=60';
const LAST = 'Last-Modified: Thu, 15 Oct 2020 22:23:24 GMT';

const CASES: readonly Case[] = [
  // what is stored
  { response: [], requests: [GET, GET] },
  { response: [fresh], requests: [GET, GET, GET] },
  { response: ['ETag: "a"'], requests: [GET, GET] },
  { response: [LAST], requests: [GET, GET] },
  { response: ['Expires: Thu, 15 Oct 2037 22:23:24 GMT'], requests: [GET, GET] },
  { response: ['Cache-Control: max-age=0', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: max-age=0, s-maxage=10'], requests: [GET, GET], hitsLater: [1] },
  { response: ['Cache-Control: s-maxage=0', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: private', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: no-store', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: no-cache', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: no-cache="set-cookie"', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Cache-Control: public', 'ETag: "a"'], requests: [GET, GET] },
  { response: ['Pragma: no-cache', 'ETag: "a"'], requests: [GET, GET] },
  { response: [fresh, 'Set-Cookie: a=b'], requests: [GET, GET] },
  { response: [fresh, 'Age: 7'], requests: [GET, GET] },
  { response: [fresh, 'Age: 61'], requests: [GET, GET] },
  { response: [fresh, 'Age: abc'], requests: [GET, GET] },
  { response: ['Cache-Control: max-age=abc'], requests: [GET, GET] },
  { response: `HTTP/1.1 404 Missing\r\n${fresh}\r\nContent-Length: 0\r\n\r\n`, requests: [GET, GET] },
  { response: `HTTP/1.1 302 There\r\n${fresh}\r\nContent-Length: 0\r\n\r\n`, requests: [GET, GET] },
  { response: `HTTP/1.1 203 Else\r\n${fresh}\r\nContent-Length: 0\r\n\r\n`, requests: [GET, GET] },
  { response: `HTTP/1.1 200 Fine\r\n${fresh}\r\nContent-Length: 0\r\n\r\n`, requests: [GET, GET] },
  {
    response: `HTTP/1.1 200 OK\r\n${fresh}\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`,
    requests: [GET, GET],
  },
  // how it is framed
  {
    response: `HTTP/1.1 200 OK\r\n${fresh}\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    requests: [GET, GET, 'HEAD /', GET],
  },
  {
    response: `HTTP/1.1 200 OK\r\n${fresh}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    requests: [GET, GET, 'HEAD /', GET],
  },
  {
    response: `HTTP/1.1 200 OK\r\n${fresh}\r\nConnection: close\r\n\r\nbody`,
    requests: [GET, GET, 'HEAD /', GET],
  },
  { response: `HTTP/1.0 200 OK\r\n${fresh}\r\n\r\nold body`, requests: [GET, GET] },
  { response: `HTTP/1.0 200 OK\r\n${fresh}\r\nContent-Length: 3\r\n\r\nold`, requests: [GET, GET] },
  { response: `HTTP/1.1 200 OK\r\n${fresh}\r\nContent-Length: 9\r\n\r\ncut`, requests: [GET, GET] },
  // who is answered from it
  { response: [fresh], requests: ['HEAD /', 'HEAD /', GET, 'HEAD /'] },
  { response: [fresh], requests: ['GET / HTTP/1.0', GET, 'GET / HTTP/1.0', GET] },
  { response: [fresh], requests: [GET, 'GET / | Authorization: Basic YTpi', GET] },
  { response: [fresh], requests: ['GET / | Authorization: Basic YTpi', GET, GET] },
  { response: [fresh], requests: [GET, 'GET / | Cache-Control: no-cache', GET] },
  { response: [fresh], requests: [GET, 'GET / | Cache-Control: max-age=0', GET] },
  {
    response: [fresh],
    requests: ['GET / | Cache-Control: no-store', GET, 'GET / | Cache-Control: no-store'],
  },
  { response: [fresh], requests: [GET, 'GET / | Pragma: no-cache', GET] },
  { response: [fresh], requests: [GET, 'GET /?', 'GET /?a=b', 'GET /?a=b'] },
  { response: [fresh], requests: [GET, 'GET / | Host: other', 'GET / | Host: other'] },
  { response: [fresh], requests: [GET, 'GET / | Range: bytes=0-1', 'GET / | Cookie: a=b'] },
  // what drops it
  { response: [fresh], requests: [GET, 'POST / | Content-Length: 0', GET, GET] },
  { response: [fresh], requests: [GET, 'PUT / | Content-Length: 0', GET] },
  { response: [fresh], requests: [GET, 'DELETE /', GET] },
  { response: [fresh], requests: [GET, 'OPTIONS /', GET] },
  { response: [fresh], requests: [GET, 'POST /?a | Content-Length: 0', GET] },
  // who has it already
  { response: ['ETag: "a"'], requests: [GET, 'GET / | If-None-Match: "a"', 'GET / | If-None-Match: "b"'] },
  {
    response: ['ETag: W/"a"'],
    requests: [GET, 'GET / | If-None-Match: "a"', 'GET / | If-None-Match: "b", W/"a"'],
  },
  { response: ['ETag: "a"'], requests: [GET, 'HEAD / | If-None-Match: *', 'GET / | If-None-Match: ""'] },
  {
    response: [LAST],
    requests: [
      GET,
      'GET / | If-Modified-Since: Thu, 15 Oct 2020 22:23:24 GMT',
      'GET / | If-Modified-Since: Thu, 15 Oct 2020 22:23:23 GMT',
      'GET / | If-Modified-Since: Thu, 15 Oct 2020 22:23:24 GMT | If-None-Match: "a"',
      'GET / | If-Modified-Since: soon',
    ],
  },
  {
    response: `HTTP/1.1 200 OK\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    requests: [GET, 'GET / | If-None-Match: "a"', GET],
  },
  { response: ['ETag: "a"'], requests: ['GET / | If-None-Match: "a"', 'GET / | If-None-Match: "a"'] },
  // who says what
  { response: [fresh, 'Vary: Accept-Encoding'], requests: [GET, GET, 'GET / | Accept-Encoding: gzip'] },
  {
    response: [fresh, 'Vary: accept-encoding', 'Content-Encoding: gzip'],
    requests: [
      'GET / | Accept-Encoding: gzip',
      'GET / | Accept-Encoding: br, gzip',
      'GET / | Accept-Encoding: br',
      GET,
    ],
  },
  {
    response: [fresh, 'Vary: Referer'],
    requests: [
      GET,
      'GET / | Referer: http://a.example/page',
      'GET / | Referer: http://a.example/page',
      'GET / | Referer: http://b.example/page',
    ],
    hitsLater: [2],
  },
  {
    response: [fresh, 'Vary: Origin, Referer'],
    requests: [
      'GET / | Origin: http://a.example',
      'GET / | Origin: http://a.example',
      'GET / | Origin: http://a.example | Referer: http://b.example/page',
      'GET / | Origin: http://b.example',
    ],
    hitsLater: [1],
  },
  { response: [fresh, 'Vary: User-Agent'], requests: [GET, GET] },
  { response: [fresh, 'Vary: *'], requests: [GET, GET] },
  { response: [fresh, 'Vary: Accept-Encoding', 'Content-Encoding: odd'], requests: [GET, GET] },
];

/** Bodies tell how often their case was asked for. */
async function startTableOrigin(t: TestContext): Promise<Origin> {
  return startRawOrigin(t, socket => {
    const seen = new Map<number, number>();
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      const index = Number(/ \/(\d+)\//.exec(text)?.[1]);
      seen.set(index, (seen.get(index) ?? 0) + 1);
      answer(socket, index, text.startsWith('HEAD'));
    });
  });
}

function answer(socket: Socket, index: number, isHead: boolean): void {
  const { response = [] } = CASES[index] ?? {};
  if (typeof response === 'string') {
    socket.end(isHead ? response.slice(0, response.indexOf('\r\n\r\n') + 4) : response, 'latin1');
    return;
  }
  const head = ['HTTP/1.1 200 OK', ...response, 'Content-Length: 4', 'X-Case: 1', 'Connection: close'];
  socket.end(`${head.join('\r\n')}\r\n\r\n${isHead ? '' : 'body'}`);
}

function configuration(port: number, origin: Origin): string {
  return `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:${port}
    http-request set-var(txn.path) path
    default_backend b
backend b
    http-request cache-use c
    http-response cache-store c
    http-response set-header X-Hit %[res.cache_hit]
    http-response set-header X-Cache %[res.cache_name] if { res.cache_hit }
    server s ${origin.address}
cache c
    total-max-size 1
    max-object-size 4000
    max-age 30
    process-vary on
`;
}

async function ask(port: number, index: number, request: string): Promise<string> {
  const [line = '', ...fields] = request.split(' | ');
  const [method, path = '', version = 'HTTP/1.1'] = line.split(' ');
  const host = fields.some(field => field.startsWith('Host:')) ? [] : ['Host: a'];
  const head = [`${method} /${index}${path} ${version}`, ...host, ...fields, 'Connection: close'];
  return readable(await exchangeRaw(port, `${head.join('\r\n')}\r\n\r\n`));
}

/** Fields in lower case and in order; chunks put together; ages of a few seconds are all the same. */
function readable(answered: string): string {
  const end = answered.indexOf('\r\n\r\n');
  if (end < 0) return answered;
  const [line = '', ...fields] = answered.slice(0, end).split('\r\n');
  const body = answered.slice(end + 4);
  const named = fields
    .map(field => field.replace(/^[^:]+/, name => name.toLowerCase()))
    .map(field =>
      field.replace(/^age: ([0-9])$/, (_, age: string) => `age: ${Number(age) >= 7 ? '7+' : 'few'}`),
    )
    .toSorted();
  const isChunked = named.includes('transfer-encoding: chunked');
  const content = isChunked ? body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '').toLowerCase() : body;
  return [line, ...named, content.length > 100 ? `${content.length} bytes` : content].join('\n');
}

async function play(t: TestContext, program: string | undefined): Promise<string[][]> {
  const origin = await startTableOrigin(t);
  const port = await freePort();
  const config = configuration(port, origin);
  const balancer = await startBalancer(t, config, program === undefined ? {} : { program });
  const answers: string[][] = [];
  for (const [index, { requests }] of CASES.entries()) {
    const some: string[] = [];
    for (const request of requests) some.push(await ask(port, index, request));
    answers.push(some);
  }
  await balancer.stop();
  return answers;
}

test('The same requests are answered from the cache as by HAProxy, with the same heads and bodies', async t => {
  if (!requires(t, 'haproxy')) return;
  const [theirs, ours] = [await play(t, 'haproxy'), await play(t, undefined)];
  const told = (answers: readonly string[][]): string[] =>
    CASES.flatMap(({ response, requests, hitsLater = [] }, index) =>
      requests.map((request, at) => {
        const answered = hitsLater.includes(at) ? 'a hit' : answers[index]?.[at];
        return `${index}.${at} ${JSON.stringify(response)} ${request}\n${answered}`;
      }),
    );
  assert.deepEqual(told(ours), told(theirs));
  for (const [index, { hitsLater = [] }] of CASES.entries())
    for (const at of hitsLater) assert.match(ours[index]?.[at] ?? '', /x-hit: 1/, `${index}.${at}`);
  const hits = ours.flat().filter(answered => answered.includes('x-hit: 1')).length;
  assert.ok(hits > 40 && hits < ours.flat().length - 40, `${hits} hits`);
});
