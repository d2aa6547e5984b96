/** The statistics page and the exporter as people call them with curl, each call to this program and to HAProxy. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const run = promisify(execFile);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** curl's words for a call of its own; the address follows. */
type Curl = (words: readonly string[], path: string) => Promise<Answer>;

async function start(
  t: TestContext,
  origin: string,
  program?: string,
): Promise<{ readonly port: number; readonly curl: Curl }> {
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  compression algo gzip
  compression type text/html text/plain
  stats uri /stats
  stats realm Operators
  stats auth joe:secret
  stats admin if { src 127.0.0.1 }
  stats refresh 7s
  http-request use-service prometheus-exporter if { path /metrics }
  default_backend app
backend app
  server one ${origin} weight 2
  server two ${origin}
  server away ${origin} disabled
backend other
  server three ${origin}
`,
    { ports: [port], ...(program !== undefined && { program }) },
  );
  const curl: Curl = async (words, path) => {
    const address = `http://127.0.0.1:${port}${path}`;
    const { stdout } = await run('curl', ['-s', '-i', '-m', '10', ...words, address], { timeout: 20_000 });
    return answerOf(stdout);
  };
  return { port, curl };
}

function answerOf(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map(line => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}

const JOE = ['-u', 'joe:secret'];

const CALLS: readonly { readonly words: readonly string[]; readonly path: string }[] = [
  { words: JOE, path: '/stats' },
  { words: JOE, path: '/stats;csv' },
  { words: JOE, path: '/stats;csv;norefresh' },
  { words: JOE, path: '/stats;norefresh' },
  { words: JOE, path: '/stats;json' },
  { words: JOE, path: '/stats;json-schema' },
  { words: JOE, path: '/stats;up' },
  { words: JOE, path: '/stats;csv;up' },
  { words: JOE, path: '/stats?;csv;scope=app' },
  { words: JOE, path: '/stats;csv?scope=APP' },
  { words: JOE, path: '/stats;csv?scope=nothing' },
  { words: [...JOE, '-I'], path: '/stats' },
  { words: [], path: '/stats' },
  { words: ['-u', 'joe:wrong'], path: '/stats;csv' },
  { words: [...JOE, '-d', 's=one&action=drain&b=app'], path: '/stats' },
  { words: [...JOE, '-d', 's=one&s=two&action=ready&b=app'], path: '/stats;up' },
  { words: [...JOE, '-d', 's=one&action=maint&b=nobody'], path: '/stats' },
  { words: [...JOE, '-d', 'action=maint&b=app'], path: '/stats?scope=app' },
  { words: [...JOE, '-d', 'nonsense'], path: '/stats' },
  { words: ['-d', 's=one&action=maint&b=app'], path: '/stats' },
  { words: [...JOE, '--compressed'], path: '/stats' },
  { words: [...JOE, '--compressed'], path: '/stats;csv' },
  { words: ['--compressed'], path: '/metrics' },
  { words: ['--compressed', '-I'], path: '/metrics' },
  { words: ['--compressed', '-0'], path: '/metrics' },
  { words: [], path: '/metrics' },
  { words: [], path: '/metrics?scope=backend' },
  { words: [], path: '/metrics?scope=nothing' },
];

/** Headers in which the two agree; a charset is named by this program alone, HEAD has no body to code. */
function headersOf({ headers }: Answer): Record<string, string | undefined> {
  const { 'content-type': type, location, refresh, 'www-authenticate': asked } = headers;
  const { 'content-encoding': coding, 'cache-control': cache, vary } = headers;
  return { type: type?.replace('; charset=utf-8', ''), location, refresh, asked, coding, cache, vary };
}

/** The rows that a body tells of: lines of CSV, rows of HTML, metrics of servers. */
function rowsOf({ headers, body }: Answer): readonly string[] {
  const type = headers['content-type'] ?? '';
  if (body.startsWith('# pxname,'))
    return body.split('\n').flatMap(line => /^[a-z]\w*,\w+(?=,)/.exec(line) ?? []);
  if (type.includes('0.0.4')) return metricsOf(body);
  if (!type.startsWith('text/html')) return [];
  return ['one', 'two', 'away', 'three'].filter(name => new RegExp(`>${name}<`).test(body));
}

/** Of what a server or backend had: the names and labels; those of later versions are not in the older program's. */
function metricsOf(body: string): readonly string[] {
  return [
    ...new Set(
      [...body.matchAll(/^(haproxy_(?:server|backend)_(?:status|current_sessions)\{.*\}) /gm)].map(
        ([, series = '']) => series,
      ),
    ),
  ].sort();
}

test('curl gets from the statistics page and the exporter what it gets from HAProxy', async t => {
  if (!requires(t, 'curl', 'haproxy')) return;
  const origin = await startHttpOrigin(t, 'one');
  const { curl: ours } = await start(t, origin.address);
  const { curl: theirs } = await start(t, origin.address, 'haproxy');
  const wrong: string[] = [];
  for (const { words, path } of CALLS) {
    const [own, other] = [await ours(words, path), await theirs(words, path)];
    const shape = (answer: Answer): unknown => [answer.status, headersOf(answer), rowsOf(answer)];
    try {
      assert.deepEqual(shape(own), shape(other));
    } catch (error) {
      wrong.push(`curl ${words.join(' ')} ${path}\n${(error as Error).message}`);
    }
  }
  assert.equal(wrong.join('\n\n'), '');
});

test('curl reads a compressed page, and what it changes is changed', async t => {
  if (!requires(t, 'curl')) return;
  const origin = await startHttpOrigin(t, 'one');
  const { curl } = await start(t, origin.address);
  const plain = await curl(JOE, '/stats');
  const compressed = await curl([...JOE, '--compressed'], '/stats');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(compressed.headers['content-encoding'], 'gzip');
  assert.match(compressed.body, /<\/html>\n$/);
  assert.equal(compressed.body.split('<tr ').length, plain.body.split('<tr ').length);
  const done = await curl([...JOE, '-d', 's=two&action=maint&b=app'], '/stats');
  assert.equal(`${done.status} ${done.headers['location']}`, '303 /stats;st=DONE');
  assert.match((await curl([...JOE, '--compressed'], '/stats;csv')).body, /^app,two,.*,MAINT,/m);
  assert.doesNotMatch((await curl(JOE, '/stats;csv;up')).body, /^app,away,/m);
});

test('clients that leave in the middle of a compressed page do no harm to those that come after', async t => {
  if (!requires(t, 'curl')) return;
  const origin = await startHttpOrigin(t, 'one');
  const { port, curl } = await start(t, origin.address);
  const login = Buffer.from('joe:secret').toString('base64');
  const request = `GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\nAuthorization: Basic ${login}\r\n\r\n`;
  /** Whether the page had so many pieces: the client leaves when it has that one, or behind the end. */
  const leaveAfter = async (pieces: number): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1');
    const left = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
    let seen = 0;
    socket.on('data', () => {
      if (++seen === pieces) socket.resetAndDestroy();
    });
    socket.write(request);
    await left;
    return seen >= pieces;
  };
  let pieces = 1;
  for (; await leaveAfter(pieces); pieces++) {
    const { body } = await curl([...JOE, '--compressed'], '/stats;csv');
    assert.match(body, /\nother,BACKEND,[^\n]*\n$/);
  }
  assert.ok(pieces > 1, 'the page never came');
});
