/**
 * Programs that people use, as clients of HTTP/2: curl, nghttp, h2load and Chromium; by prior knowledge and over TLS.
 * LB_TEST_LARGE_MB makes the largest body larger.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { startBalancer } from '../support/balancer.ts';
import { openChromium, type BrowserPage } from '../support/chromium.ts';
import { freePorts } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BODY = randomBytes(3_000_000);
const LARGE = Buffer.alloc(Number(process.env['LB_TEST_LARGE_MB'] ?? 10) * 1_000_000, randomBytes(9973));
const LONG = 'l'.repeat(6000);
const OUTPUT_BYTES = 2 * LARGE.length;

interface Lab {
  /** By prior knowledge, and over TLS. */
  readonly urls: readonly string[];
  /** Files with BODY and LARGE. */
  readonly body: string;
  readonly large: string;
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    response.setHeader('x-long', LONG);
    if (request.url === '/large') response.end(LARGE);
    else if (request.url === '/small') response.end('small');
    else response.end(`${request.method} ${request.url} ${hash.digest('hex')}\n`);
  });
}

async function startLab(t: TestContext): Promise<Lab> {
  const origin = await startHttpOrigin(t, 's', answer);
  const [plain = 0, secure = 0] = await freePorts(2);
  await startBalancer(
    t,
    `defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen l
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${secure} ssl crt ${resolve('test/cases/tls/rsa.pem')}
  server s ${origin.address}
`,
  );
  const folder = temporaryFolder(t);
  const [body, large] = [join(folder, 'body'), join(folder, 'large')];
  writeFileSync(body, BODY);
  writeFileSync(large, LARGE);
  return { urls: [`http://127.0.0.1:${plain}`, `https://127.0.0.1:${secure}`], body, large };
}

/** Its output; fails when it does. */
async function run(program: string, words: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(program, words, {
    encoding: 'buffer',
    maxBuffer: OUTPUT_BYTES,
    timeout: 60_000,
  });
  return stdout;
}

const EMPTY = sha256('');
const DONE = '\\nhttp %{http_version}\\n';

const CURL: readonly [what: string, words: readonly string[], answer: string][] = [
  ['a request', ['URL/a'], `GET /a ${EMPTY}`],
  ['a head', ['-I', 'URL/a'], `x-long: ${LONG}`],
  ['a long field', ['-H', `x: ${LONG}`, 'URL/a'], `GET /a ${EMPTY}`],
  ['an upload', ['--data-binary', '@BODY', 'URL/u'], `POST /u ${sha256(BODY)}`],
  ['expecting 100', ['-H', 'expect: 100-continue', '-T', 'BODY', 'URL/e'], `PUT /e ${sha256(BODY)}`],
  ['an upload of unknown length', ['-H', 'content-length:', '-T', 'BODY', 'URL/v'], `PUT /v ${sha256(BODY)}`],
  [
    'many at a time',
    ['-Z', '--parallel-immediate', ...Array.from({ length: 20 }, (_, at) => `URL/${at}`)],
    `GET /13 ${EMPTY}`,
  ],
  ['a slow upload', ['--limit-rate', '3M', '-T', 'BODY', 'URL/s'], `PUT /s ${sha256(BODY)}`],
];

test('curl is served', async t => {
  if (!requires(t, 'curl')) return;
  const lab = await startLab(t);
  for (const url of lab.urls) {
    const curl = (words: readonly string[]): Promise<Buffer> => {
      const named = words.map(word => word.replace('URL', url).replace('BODY', lab.body));
      const how = url.startsWith('https') ? '--http2' : '--http2-prior-knowledge';
      return run('curl', ['-sSk', '--fail', '-m', '30', how, ...named]);
    };
    await Promise.all(
      CURL.map(async ([what, words, wanted]) => {
        const output = (await curl([...words, '-w', DONE])).toString('latin1');
        assert.ok(output.includes(wanted), `${what}: ${output.slice(-300)}`);
        assert.match(output, /http 2\n$/, what);
      }),
    );
    assert.equal(sha256(await curl(['URL/large'])), sha256(LARGE), `${LARGE.length} bytes down`);
    const up = await curl(['-T', lab.large, 'URL/up']);
    assert.equal(up.toString(), `PUT /up ${sha256(LARGE)}\n`, `${LARGE.length} bytes up`);
  }
});

const NGHTTP: readonly [what: string, words: readonly string[], answer: string][] = [
  ['a request', ['URL/a'], `GET /a ${EMPTY}\n`],
  ['padding', ['-b', '200', '-d', 'BODY', 'URL/b'], `POST /b ${sha256(BODY)}\n`],
  ['small windows', ['-w', '10', '-W', '12', '-d', 'BODY', 'URL/c'], `POST /c ${sha256(BODY)}\n`],
  ['no header tables', ['-c', '0', '--encoder-header-table-size=0', '-m', '5', 'URL/d'], `GET /d ${EMPTY}\n`],
  ['a changing table', ['-c', '8192', '-c', '100', '-m', '5', 'URL/e'], `GET /e ${EMPTY}\n`],
  ['trailers', ['-d', 'BODY', '--trailer', 'x-end: 1', 'URL/f'], `POST /f ${sha256(BODY)}\n`],
  ['no length', ['--no-content-length', '-d', 'BODY', 'URL/h'], `POST /h ${sha256(BODY)}\n`],
];

test('nghttp is served', async t => {
  if (!requires(t, 'nghttp')) return;
  const lab = await startLab(t);
  for (const url of lab.urls)
    await Promise.all(
      NGHTTP.map(async ([what, words, wanted]) => {
        const named = words.map(word => word.replace('URL', url).replace('BODY', lab.body));
        const output = (await run('nghttp', ['-t', '30', ...named])).toString('latin1');
        assert.ok(
          output.length >= wanted.length && output.replaceAll(wanted, '') === '',
          `${what}: ${output}`,
        );
      }),
    );
});

test('h2load counts no failure', async t => {
  if (!requires(t, 'h2load')) return;
  const lab = await startLab(t);
  for (const url of lab.urls)
    for (const words of [
      ['-n2000', '-c10', '-m20', `${url}/small`],
      ['-n20', '-c5', '-m4', '-w12', '-W14', '-d', lab.body, `${url}/post`],
      ['-n6', '-c2', '-m3', `${url}/large`],
    ]) {
      const output = (await run('h2load', words)).toString('latin1');
      const [, count = ''] = /^-n(\d+)$/.exec(words[0] ?? '') ?? [];
      assert.match(
        output,
        new RegExp(`${count} done, ${count} succeeded, 0 failed, 0 errored, 0 timeout`),
        output,
      );
      assert.match(output, new RegExp(`status codes: ${count} 2xx`), output);
    }
});

const PAGE = `<!doctype html><title>page</title>${Array.from({ length: 60 }, (_, at) => `<img src="/image?${at}">`).join('')}`;
const IMAGE = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');

/** What a browser asks for: a page with its images, uploads, and a websocket that says the same back. */
function browserAnswer(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE);
    else if (request.url?.startsWith('/image')) response.setHeader('content-type', 'image/gif').end(IMAGE);
    else response.end(request.url === '/large' ? LARGE : hash.digest('hex'));
  });
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Agrees, and says `hello` in a frame. */
function greet(socket: { write(bytes: string | Buffer): void }, head: string): void {
  const [, key = ''] = /^sec-websocket-key: (.*)\r$/im.exec(head) ?? [];
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.write(Buffer.from('\x81\x05hello', 'latin1'));
}

const UPLOAD = `(async () => {
  const bytes = new Uint8Array(3000000).map((_, at) => at * 7 + (at >> 8));
  const local = await crypto.subtle.digest('SHA-256', bytes);
  const hex = [...new Uint8Array(local)].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const answers = await Promise.all([1, 2, 3].map(async () => (await fetch('/up', { method: 'POST', body: bytes })).text()));
  return answers.every(answer => answer === hex);
})()`;
const DOWNLOAD = `fetch('/large').then(answer => answer.arrayBuffer()).then(bytes => crypto.subtle.digest('SHA-256', bytes))
  .then(local => [...new Uint8Array(local)].map(byte => byte.toString(16).padStart(2, '0')).join(''))`;
const GREETING = `new Promise((resolve, reject) => {
  const socket = new WebSocket('wss://' + location.host + '/ws');
  socket.onmessage = event => resolve(event.data);
  socket.onerror = () => reject(new Error('no websocket'));
})`;

async function visit(page: BrowserPage, url: string): Promise<void> {
  await page.goto(url);
  const hops = await page.evaluate(
    `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(entry => entry.nextHopProtocol)`,
  );
  assert.deepEqual([...new Set(hops as string[])], ['h2']);
  const images = await page.evaluate(
    `[...document.images].every(image => image.complete && image.naturalWidth === 1)`,
  );
  assert.equal(images, true);
  assert.equal(await page.evaluate(UPLOAD), true, 'uploads');
  assert.equal(await page.evaluate(DOWNLOAD), sha256(LARGE));
  assert.equal(await page.evaluate(GREETING), 'hello');
}

test('Chromium gets a page of many parts, uploads, downloads, and opens a websocket', async t => {
  const browser = await openChromium(t);
  if (browser === undefined) return;
  const origin = await startHttpOrigin(t, 's', browserAnswer);
  const sockets = await startRawOrigin(
    t,
    socket => void socket.once('data', head => greet(socket, head.toString('latin1'))),
  );
  const [port = 0] = await freePorts(1);
  await startBalancer(
    t,
    `defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend f
  bind 127.0.0.1:${port} ssl crt ${resolve('test/cases/tls/rsa.pem')}
  use_backend sockets if { path /ws }
  default_backend b
backend b
  server s ${origin.address}
backend sockets
  server s ${sockets.address}
`,
  );
  const { page, complaints } = await browser.open({ ignoreHTTPSErrors: true });
  await visit(page, `https://127.0.0.1:${port}/`);
  assert.deepEqual(complaints, []);
});
