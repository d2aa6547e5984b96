/** Programs that people use, as clients: curl, ab, socat, and nginx in front; in mode http and in mode tcp. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const BODY = randomBytes(2_000_000);
const PLAIN = 'x'.repeat(300_000);
const WITHIN_MS = 60_000;

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Answers /plain with text, all else with method, target and the digest of the body. */
async function startLab(t: TestContext, mode: string): Promise<{ port: number; url: string; body: string }> {
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => {
      if (request.url === '/plain') response.end(PLAIN);
      else response.end(`${request.method} ${request.url} ${hash.digest('hex')}\n`);
    });
  });
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode ${mode}
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen l
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
  );
  const body = join(temporaryFolder(t), 'body');
  writeFileSync(body, BODY);
  return { port, url: `http://127.0.0.1:${port}`, body };
}

const EMPTY = sha256('');
const CURL: readonly [what: string, args: readonly string[], answer: string | undefined][] = [
  ['1.1', ['URL/a'], `GET /a ${EMPTY}`],
  ['1.0', ['--http1.0', 'URL/a'], `GET /a ${EMPTY}`],
  ['two on one connection', ['URL/a', 'URL/b'], `GET /a ${EMPTY}\nGET /b ${EMPTY}`],
  ['HEAD', ['-I', 'URL/a'], undefined],
  ['HEAD of 1.0', ['--http1.0', '-I', 'URL/a'], undefined],
  [
    'an upload that expects 100',
    ['-H', 'Expect: 100-continue', '-T', 'FILE', 'URL/u'],
    `PUT /u ${sha256(BODY)}`,
  ],
  [
    'a chunked upload',
    ['-H', 'Transfer-Encoding: chunked', '--data-binary', '@FILE', 'URL/c'],
    `POST /c ${sha256(BODY)}`,
  ],
  ['a download that is slow', ['--limit-rate', '1M', 'URL/plain'], PLAIN],
  ['asked as a proxy', ['-x', 'URL', 'http://127.0.0.2:8/p'], undefined],
  ['OPTIONS *', ['-X', 'OPTIONS', '--request-target', '*', 'URL/'], `OPTIONS * ${EMPTY}`],
];

for (const mode of ['http', 'tcp']) {
  test(`curl is served in mode ${mode}`, async t => {
    if (!requires(t, 'curl')) return;
    const { url, body } = await startLab(t, mode);
    await Promise.all(
      CURL.map(async ([what, words, answer]) => {
        const args = words.map(word => word.replace('URL', url).replace('FILE', body));
        const { stdout } = await run('curl', ['-s', '-S', '--fail', '-m', '12', '--noproxy', '', ...args]);
        if (answer !== undefined) assert.equal(stdout.trim(), answer, what);
      }),
    );
  });

  test(`curl uploads what comes out of a pipe in mode ${mode}`, async t => {
    if (!requires(t, 'curl')) return;
    const { url } = await startLab(t, mode);
    const child = spawn('curl', ['-s', '-S', '-m', '12', '-T', '-', `${url}/pipe`]);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end(BODY);
    const code = await Promise.race([once(child, 'close'), sleep(WITHIN_MS, ['late'], { ref: false })]);
    assert.equal(code[0], 0);
    assert.equal(Buffer.concat(chunks).toString(), `PUT /pipe ${sha256(BODY)}\n`);
  });

  test(`ab is served in mode ${mode}, with connections kept and without`, async t => {
    if (!requires(t, 'ab')) return;
    const { url } = await startLab(t, mode);
    for (const keep of [[], ['-k']]) {
      const { stdout } = await run('ab', ['-q', ...keep, '-n', '500', '-c', '20', `${url}/ab`]);
      assert.match(stdout, /Complete requests: +500\n/);
      assert.match(stdout, /Failed requests: +0\n/);
      assert.doesNotMatch(stdout, /Non-2xx/);
    }
  });

  test(`a request from socat, which closes its side at once, is answered in mode ${mode}`, async t => {
    if (!requires(t, 'socat')) return;
    const { port } = await startLab(t, mode);
    const command = `printf 'GET /socat HTTP/1.0\\r\\n\\r\\n' | socat -t 10 - TCP:127.0.0.1:${port}`;
    const { stdout } = await run('sh', ['-c', command], { timeout: WITHIN_MS });
    assert.ok(stdout.endsWith(`GET /socat ${EMPTY}\n`), stdout);
  });
}

test('nginx in front keeps its connections and passes bodies on', async t => {
  if (!requires(t, 'nginx')) return;
  const { port, url } = await startLab(t, 'http');
  const folder = temporaryFolder(t);
  const [front = 0] = await freePorts(1);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream lb { server 127.0.0.1:${port}; keepalive 4; }
  server { listen 127.0.0.1:${front}; location / {
    proxy_pass http://lb; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
`,
  );
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  for (const deadline = Date.now() + WITHIN_MS; ; await sleep(20)) {
    const answer = await exchangeRaw(front, 'GET /up HTTP/1.0\r\n\r\n').catch(() => 'not yet');
    if (answer.endsWith(`GET /up ${EMPTY}\n`)) break;
    assert.ok(Date.now() < deadline, `${url}: ${answer}`);
  }
  const text = 'b'.repeat(50_000);
  for (let count = 0; count < 20; count++) {
    const response = await fetch(`http://127.0.0.1:${front}/n`, { method: 'POST', body: text });
    assert.equal(await response.text(), `POST /n ${sha256(text)}\n`);
  }
});
