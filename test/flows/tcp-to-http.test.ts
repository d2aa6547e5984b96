/** Connections of mode tcp that turn to HTTP, and HTTP words in the rules of mode tcp (manual, sections 4.2, 7.3.6). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { exchange } from '../support/raw-exchange.ts';

const DEFAULTS = `defaults
  timeout client 5s
  timeout server 5s
  timeout connect 5s
`;

/** For what has to happen, however busy the machine is. */
const WITHIN_MS = 60_000;
const TWO_REQUESTS =
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

const BACKENDS = `
backend web
  mode http
  http-request return status 200 hdr x-mode "%[var(req.mode)]" hdr x-name "%[be_name],%[var(txn.seen)]"
frontend plain
  mode tcp
  bind 127.0.0.1:PLAIN
  tcp-request inspect-delay 2s
  tcp-request content accept if { req.proto_http } HTTP_1.1 METH_GET { path /good }
  tcp-request content reject
  use_backend other if { req.hdr(host) -i other }
  default_backend echo
backend echo
  mode tcp
  server s 127.0.0.1:HELLO
backend other
  mode tcp
  server s 127.0.0.1:OTHER
frontend hello
  mode http
  bind 127.0.0.1:HELLO
  http-request return status 201
frontend other_hello
  mode http
  bind 127.0.0.1:OTHER
  http-request return status 202
`;

async function start(t: TestContext, frontend: string): Promise<Record<'MAIN' | 'PLAIN', number>> {
  const ports = {
    MAIN: await freePort(),
    PLAIN: await freePort(),
    HELLO: await freePort(),
    OTHER: await freePort(),
  };
  const text = `${DEFAULTS}${frontend}${BACKENDS}`.replace(
    /:(MAIN|PLAIN|HELLO|OTHER)/g,
    (_, name: keyof typeof ports) => `:${ports[name]}`,
  );
  await startBalancer(t, text, { ports: [ports.MAIN, ports.PLAIN] });
  return ports;
}

function heads(received: string, name: string): string[] {
  return [...received.matchAll(new RegExp(`${name}: (.*)\r\n`, 'g'))].map(match => match[1] as string);
}

test('switch-mode turns a connection to HTTP: rules run again for the second request only', async t => {
  const { MAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  tcp-request inspect-delay 2s
  tcp-request content set-var(req.mode) internal.strm.is_htx,iif(http,tcp)
  tcp-request content switch-mode http if HTTP
  tcp-request content reject
  http-request set-var(txn.seen) path
  default_backend web
`,
  );
  const { received } = await exchange(MAIN, TWO_REQUESTS, 400);
  assert.deepEqual(heads(received, 'x-mode'), ['tcp', 'http']);
  assert.deepEqual(heads(received, 'x-name'), ['web,/a', 'web,/b']);
  assert.equal((await exchange(MAIN, 'no HTTP at all\r\n', WITHIN_MS)).received, '', 'refused at once');
});

test('a connection of mode tcp turns to HTTP when its backend is one of mode http', async t => {
  const { MAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  http-request set-var(txn.seen) path
  default_backend web
`,
  );
  const { received } = await exchange(MAIN, TWO_REQUESTS, 400);
  assert.deepEqual(heads(received, 'x-name'), ['web,/a', 'web,/b']);
  assert.match((await exchange(MAIN, 'GET / BAD-VERSION\r\n\r\n', 400)).received, /^HTTP\/1.1 400 /);
});

for (const [what, line] of [
  ['its backend', ''],
  ['switch-mode', 'tcp-request content switch-mode http if HTTP'],
  ['switch-mode proto h2', 'tcp-request content switch-mode http proto h2 if { req.len gt 0 }'],
])
  test(`a connection of mode tcp turns to HTTP/2 by ${what}, and rules see its streams`, async t => {
    const { MAIN } = await start(
      t,
      `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  tcp-request inspect-delay 2s
  ${line}
  http-request return status 200 hdr x-is-http "%[internal.strm.is_htx] %[req.ver]"
  default_backend web
`,
    );
    const client = await openHttp2(t, MAIN);
    for (const path of ['/a', '/b'])
      assert.equal((await ask(client, { ':path': path })).headers['x-is-http'], '1 2.0');
  });

test('switch-mode http proto h1 does not let a connection turn to HTTP/2', async t => {
  const { MAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  tcp-request inspect-delay 2s
  tcp-request content switch-mode http proto h1 if HTTP
  default_backend web
`,
  );
  assert.match((await exchange(MAIN, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400)).received, /^HTTP\/1.1 405 /);
});

test('switch-mode http proto h2 wants HTTP/2 and nothing else', async t => {
  const { MAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  tcp-request inspect-delay 2s
  tcp-request content switch-mode http proto h2 if { req.len gt 0 }
  default_backend web
`,
  );
  const { received, closed } = await exchange(MAIN, TWO_REQUESTS, WITHIN_MS);
  assert.deepEqual([received.includes('HTTP/1'), closed], [false, true]);
});

test('proto none forbids it: the connection is closed', async t => {
  const { MAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN proto none
  default_backend web
`,
  );
  const { received, closed } = await exchange(MAIN, TWO_REQUESTS, WITHIN_MS);
  assert.deepEqual([received, closed], ['', true]);
});

test('rules of mode tcp read the request in the first bytes', async t => {
  const { PLAIN } = await start(
    t,
    `frontend f
  mode tcp
  bind 127.0.0.1:MAIN
  default_backend web
`,
  );
  const ask = async (path: string, host: string): Promise<string> =>
    (await exchange(PLAIN, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 400))
      .received;
  assert.match(await ask('/good', 'h'), /^HTTP\/1.1 201 /);
  assert.match(await ask('/good', 'other'), /^HTTP\/1.1 202 /);
  assert.equal(await ask('/bad', 'h'), '');
});
