/** The statistics page over real sockets: its forms, who may see it, and what administrators do on it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const DEFAULTS = `
defaults
  mode http
  retries 0
  timeout connect 1s
  timeout client 5s
  timeout server 5s
`;

const BACKENDS = `
backend b1
  server srv1 127.0.0.1:9
  server srv2 127.0.0.1:9
  server srv3 127.0.0.1:9
backend b2
  server srv1 127.0.0.1:9
`;

interface Page {
  readonly port: number;
  readonly url: (path: string) => string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  text(path: string): Promise<string>;
  post(path: string, body: string): Promise<Response>;
  /** `b1/srv1` to its state. */
  states(): Promise<Record<string, string>>;
}

async function startPage(
  t: TestContext,
  stats: string,
  more = BACKENDS,
  global = '',
  program?: string,
): Promise<Page> {
  const port = await freePort();
  const lines = stats.trim().split('\n').join('\n  ');
  await startBalancer(
    t,
    `global\n  nbthread 1\n  ${global}\n${DEFAULTS}\nfrontend fe1\n  bind 127.0.0.1:${port}\n  ${lines}\n${more}`,
    program === undefined ? {} : { program },
  );
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url(path), { headers, redirect: 'manual' });
  const text = async (path: string): Promise<string> => (await get(path)).text();
  return {
    port,
    url,
    get,
    text,
    post: (path, body) => fetch(url(path), { method: 'POST', body, redirect: 'manual' }),
    states: async () => {
      const [, ...lines] = (await text('/;csv')).trimEnd().split('\n');
      return Object.fromEntries(
        lines.map(line => line.split(',')).map(cells => [`${cells[0]}/${cells[1]}`, cells[17] ?? '']),
      );
    },
  };
}

test('the page, CSV, typed values, JSON and its schema are served at the prefix', async t => {
  const page = await startPage(t, 'stats enable\nstats uri /');
  const html = await page.get('/');
  assert.equal(html.status, 200);
  assert.match(html.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(await html.text(), /<tr id="S3\.1"[\s\S]*srv1[\s\S]*<\/html>\n$/);
  assert.match(await page.text('/;csv'), /^# pxname,svname,.*\nfe1,FRONTEND,/);
  assert.match(await page.text('/;csv;norefresh'), /\nb2,BACKEND,/);
  assert.match(await page.text('/;typed'), /^F\.2\.0\.0\.pxname\.1:KNSV:str:fe1$/m);
  assert.equal(JSON.parse(await page.text('/;json')).length, 7);
  assert.equal(JSON.parse(await page.text('/;json-schema')).oneOf.length, 3);
});

test('the default address is known, other addresses are not the page', async t => {
  const page = await startPage(t, 'stats enable\ndefault_backend b1');
  assert.equal((await page.get('/haproxy?stats')).status, 200);
  assert.equal((await page.get('/other')).status, 503);
});

test('a scope shows the proxies whose name has it, stats scope limits what may be seen', async t => {
  const page = await startPage(t, 'stats uri /\nstats scope .\nstats scope b1');
  assert.match(await page.text('/;csv'), /\nb1,BACKEND/);
  assert.doesNotMatch(await page.text('/;csv'), /\nb2,/);
  assert.doesNotMatch(await page.text('/?;csv;scope=b1'), /\nfe1,/);
  assert.doesNotMatch(await page.text('/;csv?scope=B2'), /\nb/);
});

test('a password is asked for with the realm, and a wrong one is not enough', async t => {
  const page = await startPage(
    t,
    'stats uri /\nstats realm Ops\\ Team\nstats auth joe:secret\nstats auth ann:pw',
  );
  const asked = await page.get('/');
  assert.equal(asked.status, 401);
  assert.equal(asked.headers.get('www-authenticate'), 'Basic realm="Ops Team"');
  const as = async (who: string): Promise<number> =>
    (await page.get('/;csv', { authorization: `Basic ${Buffer.from(who).toString('base64')}` })).status;
  assert.deepEqual(
    await Promise.all(['joe:secret', 'ann:pw', 'joe:pw', 'x:secret'].map(as)),
    [200, 200, 401, 401],
  );
});

test('stats http-request rules allow, deny and ask', async t => {
  const rules =
    'stats uri /\nstats http-request deny if { path_end deny }\nstats http-request allow if { hdr(x-in) yes }\nstats http-request auth realm Inside';
  const page = await startPage(t, rules);
  assert.equal((await page.get('/deny')).status, 403);
  assert.equal((await page.get('/', { 'x-in': 'yes' })).status, 200);
  assert.equal((await page.get('/')).headers.get('www-authenticate'), 'Basic realm="Inside"');
});

test('administrators change servers, the answer leads back to the page with the result', async t => {
  const page = await startPage(t, 'stats uri /\nstats admin if TRUE\nstats refresh 5s');
  const order = async (path: string, body: string): Promise<string | null> => {
    const answer = await page.post(path, body);
    assert.equal(answer.status, 303);
    return answer.headers.get('location');
  };
  assert.equal(await order('/?scope=b1;up', 's=srv1&s=srv3&action=maint&b=%233'), '/;st=DONE;up?scope=b1');
  assert.equal(await order('/', 's=srv2&action=drain&b=b1'), '/;st=DONE');
  const states = await page.states();
  assert.deepEqual(
    ['b1/srv1', 'b1/srv2', 'b1/srv3', 'b1/BACKEND', 'b2/srv1', 'b2/BACKEND'].map(name => states[name]),
    ['MAINT', 'DRAIN', 'MAINT', 'DOWN', 'no check', 'UP'],
  );
  assert.equal(await order('/', 's=srv1&s=nobody&action=ready&b=b1'), '/;st=PART');
  assert.equal(await order('/', 's=nobody&action=ready&b=b1'), '/;st=ERRP');
  assert.equal(await order('/', 's=srv1&action=ready&b=nobody'), '/;st=ERRP');
  assert.equal(await order('/', 's=srv1&action=dance&b=b1'), '/;st=ERRP');
  assert.equal(await order('/', 'action=ready&b=b1'), '/;st=NONE');
  assert.equal(await order('/', 's=srv1&action=enable&b=b1'), '/;st=NONE');
  assert.equal(await order('/', `x=${'y'.repeat(20_000)}`), '/;st=EXCD');
  assert.equal((await page.states())['b1/srv1'], 'no check');
});

test('without the right to act nothing changes and the page has no forms', async t => {
  const page = await startPage(t, 'stats uri /\nstats admin if { hdr(x-admin) yes }');
  const answer = await page.post('/', 's=srv1&action=maint&b=b1');
  assert.equal(answer.headers.get('location'), '/;st=DENY');
  assert.equal((await page.states())['b1/srv1'], 'no check');
  assert.doesNotMatch(await page.text('/'), /method="post"/);
  assert.match(await (await page.get('/', { 'x-admin': 'yes' })).text(), /method="post"/);
});

test('the result of an action and the refresh are told, unless refresh is suspended', async t => {
  const page = await startPage(t, 'stats uri /\nstats refresh 5s');
  const answer = await page.get('/;st=DONE');
  assert.equal(answer.headers.get('refresh'), '5');
  assert.match(await answer.text(), /Action processed successfully/);
  assert.equal((await page.get('/;norefresh')).headers.get('refresh'), null);
});

test('the page works in a backend, behind the rules of its frontend', async t => {
  const page = await startPage(
    t,
    'default_backend b1',
    'backend b1\n  stats uri /stats\n  server s1 127.0.0.1:9',
  );
  assert.match(await page.text('/stats;csv'), /\nb1,s1,/);
  assert.equal((await page.get('/x')).status, 503);
});

test('what it says about itself follows show-node, show-desc, show-version, show-legends and show-modules', async t => {
  const page = await startPage(
    t,
    'stats uri /\nstats show-node edge-1\nstats show-desc "<Main> site"\nstats show-version\nstats show-legends\nstats show-modules',
  );
  const html = await page.text('/');
  assert.match(html, /Statistics Report for edge-1/);
  assert.match(html, /&lt;Main&gt; site/);
  assert.match(html, /version \d/);
  assert.match(html, /cap: FE, mode: http, id: 2/);
  assert.match(html, /Extra modules/);
  const plain = await startPage(t, 'stats uri /');
  assert.doesNotMatch(await plain.text('/'), /version \d|cap: FE|Extra modules/);
});

test('nothing but the style and script of the page itself may run in it', async t => {
  const page = await startPage(t, 'stats uri /');
  const policy = (await page.get('/')).headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]+'; style-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.doesNotMatch(await page.text('/'), / on[a-z]+="| style="/);
});

test('HEAD, HTTP/1.0 and several requests on one connection are answered as they must be', async t => {
  const { port } = await startPage(t, 'stats uri /');
  const head = await exchangeRaw(port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  const old = await exchangeRaw(port, 'GET /;csv HTTP/1.0\r\n\r\n');
  assert.doesNotMatch(old, /transfer-encoding/i);
  assert.match(old, /\r\n\r\n# pxname/);
  const request = (more: string): string => `GET /;csv HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const two = await exchangeRaw(port, request('') + request('Connection: close\r\n'));
  assert.equal(two.split('# pxname').length, 3);
});

test('events tell everything first, then only what changed, and end with the client', async t => {
  const origin = await startHttpOrigin(t, 'one');
  const page = await startPage(
    t,
    'stats uri /s\nstats refresh 1s\ndefault_backend b',
    `backend b\n  server s1 ${origin.address}\n  server s2 127.0.0.1:9 disabled`,
  );
  const socket = connect(page.port, '127.0.0.1');
  let seen = '';
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  socket.write('GET /s;events HTTP/1.1\r\nHost: x\r\n\r\n');
  const rounds = async (count: number): Promise<string[]> => {
    while (seen.split('"end":true').length <= count) await once(socket, 'data');
    return seen.split('"end":true');
  };
  const [first = ''] = await rounds(1);
  assert.match(first, /content-type: text\/event-stream/);
  assert.match(first, /"F2\.0":.*"S3\.1":.*"S3\.2":\["maint"/);
  assert.equal((await page.get('/')).status, 200);
  const [, second = ''] = await rounds(2);
  assert.match(second, /"S3\.1":\["nocheck"/);
  assert.match(second, /"p-conns"/);
  socket.end();
  await once(socket, 'close');
});

test('a client that leaves while a piece is sent ends its events all the same', async t => {
  const page = await startPage(t, 'stats uri /s\nstats refresh 1s');
  for (let waitMs = 0; waitMs < 40; waitMs += 4) {
    const socket = connect(page.port, '127.0.0.1');
    socket.resume().write('GET /s;events HTTP/1.1\r\nHost: x\r\n\r\n');
    setTimeout(() => socket.end(), waitMs);
    await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  }
});

test('rates and ages are those of now, whichever thread counted', async t => {
  const origin = await startHttpOrigin(t, 'one');
  const page = await startPage(
    t,
    'stats uri /s\ndefault_backend b',
    `backend b\n  server s1 ${origin.address}`,
    'nbthread 2',
  );
  for (let index = 0; index < 10; index++)
    await exchangeRaw(page.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [head = '', ...lines] = (await page.text('/s;csv')).trim().split('\n');
  const names = head.slice(2).split(',');
  const value = (start: string, name: string): number =>
    Number(lines.find(line => line.startsWith(start))?.split(',')[names.indexOf(name)]);
  assert.ok(value('b,s1,', 'rate') > 0 && value('b,BACKEND,', 'rate_max') > 0);
  assert.ok(value('fe1,FRONTEND,', 'conn_rate') > 0 && value('fe1,FRONTEND,', 'req_rate') > 0);
  assert.ok(value('b,s1,', 'lastsess') >= 0 && value('b,s1,', 'lastsess') < 10);
});

test('an administrator kills the sessions of a server', async t => {
  const origin = await startHttpOrigin(t, 'slow', request => void request.resume());
  const page = await startPage(
    t,
    'stats uri /s\nstats admin if TRUE\ndefault_backend b',
    `backend b\n  server s1 ${origin.address}`,
  );
  const waiting = exchangeRaw(page.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  while (origin.count === 0) await new Promise(resolve => setImmediate(resolve));
  const answer = await page.post('/s', 's=s1&action=shutdown&b=b');
  assert.equal(answer.headers.get('location'), '/s;st=DONE');
  assert.match(await waiting, /^HTTP\/1\.1 50\d|^$/);
});

test('the Nagios plugin judges proxies by the CSV behind a password, as it judges those of HAProxy', async t => {
  if (!requires(t, 'check_haproxy', 'haproxy')) return;
  const ours = await judgements(t);
  assert.match(ours[0] as string, /^HAPROXY OK/);
  assert.match(ours[1] as string, /^HAPROXY CRITICAL.*'b2'/);
  // it names proxies in any order
  const words = (texts: readonly string[]): readonly string[] =>
    texts.map(text => text.split(' ').sort().join(' '));
  assert.deepEqual(words(ours), words(await judgements(t, 'haproxy')));
});

/** Of a good state, and of one with a server that is down; without the time it took. */
async function judgements(t: TestContext, program?: string): Promise<readonly string[]> {
  const stats = 'stats uri /\nstats auth joe:pw\nstats admin if TRUE';
  const page = await startPage(t, stats, BACKENDS, 'maxconn 100', program);
  const judge = async (): Promise<string> => {
    const plugin = '/usr/lib/nagios/plugins/check_haproxy';
    const child = spawn(plugin, ['-u', page.url('/;csv'), '-U', 'joe', '-P', 'pw']);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close', { signal: AbortSignal.timeout(60_000) });
    return said.replace(/t=[\d.]+s/, 't=').split('|', 1)[0] as string;
  };
  const good = await judge();
  const headers = { authorization: `Basic ${Buffer.from('joe:pw').toString('base64')}` };
  const body = 's=srv1&action=hdown&b=b2';
  await fetch(page.url('/'), { method: 'POST', body, headers, redirect: 'manual' });
  return [good, await judge()];
}
