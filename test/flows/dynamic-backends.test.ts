/** `add backend` and `del backend` in the real program: what they refuse, and what traffic and statistics see of them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Started {
  readonly web: number;
  readonly port: number;
  readonly tell: (line: string) => Promise<string>;
  /** Asks for that backend over a new connection: the status, and which server answered. */
  readonly get: (backend: string) => Promise<string>;
  /** Lets requests for `/held` end. */
  readonly release: () => void;
  readonly held: () => number;
}

async function start(t: TestContext, globals = ''): Promise<Started> {
  const held: (() => void)[] = [];
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    request.resume();
    if (request.url === '/held') held.push(() => response.end());
    else response.end('one');
  });
  const web = await freePort();
  const path = join(temporaryFolder(t), 'admin.sock');
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${path} level admin
${globals}
defaults plain
  timeout connect 1s
  timeout client 5s
  timeout server 5s
defaults h from plain
  mode http
  balance leastconn
defaults marking from h
  acl asked req.hdr(mark) 1
  http-response set-header x-marked yes if { var(txn.mark) -m found }
  http-request set-var(txn.mark) str(yes) if asked
defaults static from h
  balance source
  hash-type map-based
defaults lines from plain
  mode log
frontend web from h
  bind 127.0.0.1:${web}
  http-request use-service prometheus-exporter if { path /metrics }
  http-request set-header x-usable %[str(dyn),nbsrv]
  use_backend %[req.hdr(be)] if { req.hdr(be) -m found }
  default_backend main
backend main from h
  http-request return status 404
backend other from h
  http-request return status 418 if { be_conn(counted) gt 100 }
  http-request return status 403
backend counted from h
listen both from h
  bind ${path}.both
backend kept from h
  stick-table type ip size 10
`,
    { ports: [web] },
  );
  const get = async (backend: string): Promise<string> => {
    const answer = await exchangeRaw(
      web,
      `GET / HTTP/1.1\r\nHost: x\r\nbe: ${backend}\r\nmark: 1\r\nConnection: close\r\n\r\n`,
    );
    return answer.slice(9, 12) + (answer.includes('x-marked') ? ' marked' : '');
  };
  const release = (): void => {
    for (const end of held.splice(0)) end();
  };
  return { web, port: origin.port, tell: line => ask(path, line), get, release, held: () => held.length };
}

async function asked(get: () => Promise<string>): Promise<string> {
  const seen = new Set<string>();
  // enough connections for both threads to have some
  for (let at = 0; at < 16; at++) seen.add(await get());
  return [...seen].sort().join(', ');
}

test('a backend added at run time takes requests once it has a server and is published', async t => {
  const { get, tell, port } = await start(t);
  assert.equal(await tell('add backend dyn from marking'), 'New backend registered.\n\n');
  assert.match(await tell('show backend'), /\ndyn\n/);
  assert.equal(await tell(`add server dyn/s1 127.0.0.1:${port}`), 'New server registered.\n\n');
  assert.equal(await tell('enable server dyn/s1'), '\n');
  assert.equal(await asked(() => get('dyn')), '404', 'unpublished: the next rule, here the default backend');
  assert.equal(await tell('publish backend dyn'), 'Backend published.\n\n');
  assert.equal(await asked(() => get('dyn')), '200 marked', 'with the rules of its defaults section');
  assert.equal(await tell('unpublish backend dyn'), 'Backend unpublished.\n\n');
  assert.equal(await asked(() => get('dyn')), '404');
});

test('an added backend stands in all statistics with exact counters', async t => {
  const { get, tell, port, web } = await start(t);
  await tell('add backend dyn from h guid dyn-guid');
  await tell(`add server dyn/s1 127.0.0.1:${port}; enable server dyn/s1`);
  await tell(`set server dyn/s1 state ready`);
  await tell('publish backend dyn');
  for (let at = 0; at < 20; at++) assert.equal(await get('dyn'), '200');
  const stat = await tell('show stat');
  const [head = ''] = stat.split('\n');
  const columns = head.slice(2).split(',');
  for (const name of ['s1', 'BACKEND']) {
    const row = stat.split('\n').find(line => line.startsWith(`dyn,${name},`)) ?? '';
    const value = (column: string): string => row.split(',')[columns.indexOf(column)] ?? '';
    assert.equal(value('stot'), '20', row);
    assert.equal(value('hrsp_2xx'), '20', row);
    if (name === 'BACKEND') assert.equal(value('algo'), 'leastconn');
  }
  assert.match(
    await tell('show servers state dyn'),
    new RegExp(`^\\d+ dyn 1 s1 127.0.0.1 2 0 .* ${port} `, 'm'),
  );
  assert.match(await tell('dump stats-file'), /^dyn-guid,20,/m);
  assert.match(await tell('show servers conn dyn'), /^dyn\/s1 /m);
  const metrics = await exchangeRaw(web, 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(metrics, /haproxy_backend_http_responses_total\{proxy="dyn",code="2xx"\} 20/);
});

test('a deleted backend is gone everywhere, and what comes in its place begins with nothing', async t => {
  const { get, tell, port } = await start(t, '  tune.dynamic-backends 1\n  tune.dynamic-servers 1');
  for (const defaults of ['marking', 'h', 'marking']) {
    assert.equal(await tell(`add backend dyn from ${defaults}`), 'New backend registered.\n\n');
    assert.match(
      await tell('add backend more from h'),
      /no room for more backends is left, see 'tune.dynamic-backends'/,
    );
    await tell(`add server dyn/s1 127.0.0.1:${port}; enable server dyn/s1`);
    await tell('enable server dyn/s1');
    assert.match(await tell(`add server dyn/s2 127.0.0.1:${port}`), /no room for more servers/);
    await tell('publish backend dyn');
    assert.match(await tell('show stat'), /^dyn,BACKEND,0,0,0,0,\d+,0,0,0,/m);
    assert.equal(await asked(() => get('dyn')), defaults === 'h' ? '200' : '200 marked');
    await tell('unpublish backend dyn');
    await tell('disable server dyn/s1');
    assert.equal(await tell('del server dyn/s1'), 'Server deleted.\n\n');
    assert.equal(await tell('wait 2s be-removable dyn'), 'Done.\n\n');
    const lists = await tell('show acl');
    assert.equal(await tell('del backend dyn'), 'Backend deleted.\n\n');
    if (defaults !== 'h')
      assert.ok((await tell('show acl')).length < lists.length, 'the lists of its rules are gone too');
    for (const command of ['show backend', 'show stat', 'show servers state', 'show servers conn'])
      assert.doesNotMatch(await tell(command), /\bdyn\b/, command);
    assert.equal(await asked(() => get('dyn')), '404');
  }
});

test('add backend says why it refuses, as HAProxy does', async t => {
  const { tell } = await start(t);
  const answers: readonly (readonly [string, string])[] = [
    ['', 'Require backend name.'],
    ['a$b from h', `Invalid character '$' in backend name.`],
    ['dyn', 'Usage: add backend <name> from <defproxy>.'],
    ['dyn of h', 'Usage: add backend <name> from <defproxy>.'],
    ['dyn from nothing', `Cannot find default proxy 'nothing'.`],
    ['dyn from plain', `Mode is required as 'plain' default proxy does not explicitly defines it.`],
    ['dyn from h mode x', 'Unknown proxy mode.'],
    ['dyn from h mode log', 'Dynamic backends are compatible with only TCP or HTTP mode.'],
    [
      'dyn from h mode tcp mode http',
      'Usage: add backend <name> from <defproxy> [mode <px_mode>] [guid <val>].',
    ],
    ['dyn from h x', 'Usage: add backend <name> from <defproxy> [mode <px_mode>] [guid <val>].'],
    [
      'dyn from lines mode tcp',
      `Dynamic backends only support TCP or HTTP mode, whereas default proxy 'lines' uses 'mode log'.`,
    ],
    ['main from h', `Error during backend creation : name is already used by other proxy 'backend main'.`],
    ['web from h', `Error during backend creation : name is already used by other proxy 'frontend web'.`],
    ['plain from h', `Error during backend creation : name is already used by other proxy 'defaults plain'.`],
  ];
  for (const [words, answer] of answers)
    assert.equal(await tell(`add backend ${words}`), `${answer}\n\n`, words);
  assert.equal(await tell('add backend dyn from plain mode http guid g1'), 'New backend registered.\n\n');
  assert.match(
    await tell('add backend dyn2 from h guid g1'),
    /^Error during backend creation : GUID insertion : /,
  );
  assert.equal(
    await tell('add backend hashed from static'),
    `New backend registered (no support for dynamic servers: backend 'hashed' uses a non dynamic load balancing method).\n\n`,
  );
  assert.equal(await tell('operator; add backend x from h'), '\nPermission denied\n\n');
});

test('del backend says why it refuses, as HAProxy does', async t => {
  const { tell, port } = await start(t);
  const pointedTo =
    'This proxy cannot be removed at runtime due to other configuration elements pointing to it.';
  const answers: readonly (readonly [string, string])[] = [
    ['', 'No such backend.'],
    ['web', 'No such backend.'],
    ['both', 'Cannot delete a listen section.'],
    ['kept', 'Cannot remove a backend with stick-table.'],
    ['main', pointedTo],
    ['counted', pointedTo],
    ['other', 'Backend must be unpublished prior to its deletion.'],
    ['other now', 'Usage: del backend <name>.'],
  ];
  for (const [words, answer] of answers)
    assert.equal(await tell(`del backend ${words}`), `${answer}\n\n`, words);
  await tell('add backend dyn from h');
  await tell(`add server dyn/s1 127.0.0.1:${port}`);
  assert.equal(await tell('del backend dyn'), 'Only a backend without server can be deleted.\n\n');
  assert.equal(
    await tell('wait 1s be-removable dyn'),
    'Failed. Only a backend without server can be deleted.\n\n',
  );
  assert.equal(await tell('wait 1s be-removable'), 'Missing backend name.\n\n');
});

test('a backend of the configuration that only computed names reach can be deleted too', async t => {
  const { get, tell } = await start(t);
  assert.equal(await get('other'), '403');
  await tell('unpublish backend other');
  assert.equal(await tell('del backend other'), 'Backend deleted.\n\n');
  assert.equal(await asked(() => get('other')), '404');
  assert.equal(await tell('add backend other from h'), 'New backend registered.\n\n');
});

test('a backend is not deleted while a request is in it', async t => {
  const { web, tell, port, held, release } = await start(t);
  await tell('add backend dyn from h');
  await tell(`add server dyn/s1 127.0.0.1:${port}`);
  await tell('enable server dyn/s1');
  await tell('publish backend dyn');
  const client = await KeepAliveClient.open(web);
  t.after(() => client.close());
  const answer = client.request('GET /held HTTP/1.1\r\nHost: x\r\nbe: dyn\r\n\r\n');
  await until('the request at the server', () => held() === 1);
  await tell('unpublish backend dyn');
  await tell('disable server dyn/s1');
  assert.match(await tell('del server dyn/s1'), /^Server still has connections attached to it/);
  assert.match(await tell('del backend dyn'), /^Only a backend without server can be deleted/);
  const waited = tell('wait 5s srv-removable dyn/s1');
  release();
  assert.equal((await answer).status, 200);
  assert.equal(await waited, 'Done.\n\n');
  await tell('del server dyn/s1');
  assert.equal(await tell('wait 5s be-removable dyn'), 'Done.\n\n');
  assert.equal(await tell('del backend dyn'), 'Backend deleted.\n\n');
});
