/** Caches under traffic: several threads, large responses, pipelines, clients that leave, what logs and counters say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, LB, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { bodyOf } from '../support/http-cache.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin, type Origin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Started {
  readonly balancer: Balancer;
  readonly port: number;
  readonly admin: string;
}

interface Wanted {
  readonly origin: Origin;
  /** Lines of the sections. */
  readonly global?: readonly string[];
  readonly frontend?: readonly string[];
  readonly backend?: readonly string[];
  readonly cache?: readonly string[];
}

async function start(t: TestContext, wanted: Wanted): Promise<Started> {
  const port = await freePort();
  const admin = join(temporaryFolder(t), 'admin.sock');
  const section = (lines: readonly string[] = []): string => lines.map(line => `    ${line}\n`).join('');
  const config = `global
    stats socket ${admin} level admin
${section(wanted.global)}defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend f
    bind 127.0.0.1:${port}
${section(wanted.frontend)}    default_backend b
backend b
    http-request cache-use c
    http-response cache-store c
${section(wanted.backend)}    server s ${wanted.origin.address}
cache c
${section(wanted.cache ?? ['total-max-size 4', 'max-object-size 1000000'])}`;
  return { balancer: await startBalancer(t, config), port, admin };
}

/** So that a client that does not read is noticed. */
const SMALL_SOCKETS = ['tune.sndbuf.client 16384'];

function request(path: string, ...fields: readonly string[]): string {
  return `GET ${path} HTTP/1.1\r\n${['Host: a', ...fields].join('\r\n')}\r\n\r\n`;
}

/** A test that waits for what never comes. */
const BOUND = { timeout: 60_000 };

/** Answers `/<seed>/<length>` with a body made of these. */
function answerSeeded({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const [, seed, length] = url.split('/').map(Number);
  response.setHeader('cache-control', 'max-age=60');
  response.setHeader('content-length', length ?? 0);
  response.end(bodyOf(seed ?? 0, length ?? 0));
}

async function storedObjects(admin: string): Promise<number> {
  const lines = (await ask(admin, 'show cache\n')).split('\n');
  return lines.filter(line => line.includes(' hash:')).length;
}

test('What one thread has stored all threads deliver', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port } = await start(t, {
    origin,
    global: ['nbthread 4'],
    backend: ['http-response set-header x-thread %[thread]'],
  });
  const threads = new Set<string | undefined>();
  const first = await KeepAliveClient.open(port);
  t.after(() => first.close());
  await first.request(request('/1/5000'));
  const clients = await Promise.all(Array.from({ length: 40 }, () => KeepAliveClient.open(port)));
  t.after(() => clients.forEach(client => client.close()));
  for (const client of clients) {
    const { body, head } = await client.request(request('/1/5000'));
    assert.ok(body.equals(bodyOf(1, 5000)));
    assert.match(head, /^age: \d+\r$/m);
    threads.add(/^x-thread: (\d)\r$/im.exec(head)?.[1]);
  }
  assert.equal(origin.count, 1);
  assert.ok(threads.size > 1, 'several threads have answered');
});

test(
  'Bodies of all sizes come from the cache as the server sent them, with a length or in chunks',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', ({ url = '' }, response) => {
      const [, , length, kind] = url.split('/');
      const body = bodyOf(3, Number(length));
      response.setHeader('etag', `"${length}"`);
      if (kind === 'length') response.setHeader('content-length', body.length);
      for (let at = 0; at < body.length; at += 7000) response.write(body.subarray(at, at + 7000));
      response.end();
    });
    const { port } = await start(t, { origin });
    const sizes = [0, 1, 100, 15_000, 16_000, 16_200, 16_384, 20_000, 300_000, 900_000];
    for (const kind of ['length', 'chunks'])
      for (const size of sizes) {
        const path = `/1/${size}/${kind}`;
        const fetched: string[] = [];
        for (let round = 0; round < 3; round++) {
          const response = await fetch(`http://127.0.0.1:${port}${path}`);
          fetched.push(digest(Buffer.from(await response.arrayBuffer())));
          assert.equal(response.headers.get('age') !== null, round > 0, `${path} round ${round}`);
        }
        assert.deepEqual(fetched, Array(3).fill(digest(bodyOf(3, size))), path);
      }
    assert.equal(origin.count, 2 * sizes.length);
  },
);

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

test(
  'While responses are stored, read and evicted by many clients at once, every byte is right',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', answerSeeded);
    const { port, admin } = await start(t, {
      origin,
      global: ['nbthread 2'],
      cache: ['total-max-size 1', 'max-object-size 100000'],
    });
    const rounds = 60;
    const work = async (worker: number): Promise<number> => {
      const client = await KeepAliveClient.open(port);
      t.after(() => client.close());
      let hits = 0;
      for (let round = 0; round < rounds; round++) {
        const seed = (worker * 7 + round * 13) % 40;
        const length = (seed * 2713) % 90_000;
        const { head, body } = await client.request(request(`/${seed}/${length}`));
        assert.ok(body.equals(bodyOf(seed, length)), `${seed}/${length}`);
        if (/^age:/m.test(head)) hits++;
      }
      return hits;
    };
    const hits = await Promise.all(Array.from({ length: 16 }, (_, worker) => work(worker)));
    const total = hits.reduce((sum, each) => sum + each, 0);
    assert.ok(total > 50 && origin.count > 60, `${total} hits, ${origin.count} asked of the server`);
    assert.match(await ask(admin, 'show cache\n'), /available blocks:1024\)/);
  },
);

test('A slow reader gets the response it was promised, whatever is stored meanwhile', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port, admin } = await start(t, {
    origin,
    global: SMALL_SOCKETS,
    cache: ['total-max-size 4', 'max-object-size 2000000'],
  });
  const large = 1_900_000;
  const warm = await KeepAliveClient.open(port);
  t.after(() => warm.close());
  await warm.request(request(`/1/${large}`));
  const slow = connect(port, '127.0.0.1');
  t.after(() => slow.destroy());
  await once(slow, 'connect');
  slow.pause();
  slow.write(request(`/1/${large}`, 'Connection: close'));
  await until('a response is being read', async () => /refcount:1/.test(await ask(admin, 'show cache\n')));
  for (let seed = 2; seed < 6; seed++) await warm.request(request(`/${seed}/${large}`));
  const chunks: Buffer[] = [];
  slow.on('data', (chunk: Buffer) => chunks.push(chunk));
  slow.resume();
  await once(slow, 'end');
  const all = Buffer.concat(chunks);
  const body = all.subarray(all.indexOf('\r\n\r\n') + 4);
  assert.ok(body.equals(bodyOf(1, large)));
  await until('nothing is being read', async () =>
    /available blocks:4096\)/.test(await ask(admin, 'show cache\n')),
  );
});

test('What a client leaves half way, or a server breaks off, is not stored', BOUND, async t => {
  let held: ServerResponse | undefined;
  const origin = await startHttpOrigin(t, 'o', ({ url = '' }, response) => {
    response.setHeader('cache-control', 'max-age=60');
    response.setHeader('content-length', 10);
    if (url === '/whole') return void response.end('0123456789');
    response.write('01234');
    if (url === '/broken') setImmediate(() => response.destroy());
    else held = response;
  });
  const { port, admin } = await start(t, { origin });
  const cut = await exchangeRaw(port, request('/broken', 'Connection: close'));
  assert.match(cut, /01234$/);
  const leaver = connect(port, '127.0.0.1');
  await once(leaver, 'connect');
  leaver.write(request('/left'));
  await once(leaver, 'data');
  await until('it is being stored', async () => !/blocks:4096\)/.test(await ask(admin, 'show cache\n')));
  leaver.resetAndDestroy();
  held?.write('567');
  await until('it is given up', async () => {
    held?.write('8');
    return /available blocks:4096\)/.test(await ask(admin, 'show cache\n'));
  });
  assert.equal(await storedObjects(admin), 0);
  await exchangeRaw(port, request('/whole', 'Connection: close'));
  assert.equal(await storedObjects(admin), 1);
});

test('A client that leaves while it is answered from the cache lets go of what it read', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port, admin } = await start(t, {
    origin,
    global: SMALL_SOCKETS,
    cache: ['total-max-size 4', 'max-object-size 2000000'],
  });
  await exchangeRaw(port, request('/1/1900000', 'Connection: close'));
  const leaver = connect(port, '127.0.0.1');
  await once(leaver, 'connect');
  leaver.pause();
  leaver.write(request('/1/1900000'));
  await until('a response is being read', async () => /refcount:1/.test(await ask(admin, 'show cache\n')));
  leaver.resetAndDestroy();
  await until('it is let go', async () => /refcount:0/.test(await ask(admin, 'show cache\n')));
});

test(
  'Pipelined requests are answered from the cache in their order, and HEAD without a body',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', answerSeeded);
    const { port } = await start(t, { origin });
    for (const path of ['/1/10', '/2/20000', '/3/0'])
      await exchangeRaw(port, request(path, 'Connection: close'));
    const asked = ['/1/10', '/2/20000', '/3/0', '/1/10', '/2/20000'];
    const head = 'HEAD /2/20000 HTTP/1.1\r\nHost: a\r\n\r\n';
    const answered = await exchangeRaw(
      port,
      Buffer.from(head + asked.map(path => request(path)).join('') + request('/1/10', 'Connection: close')),
    );
    const bodies = answered.split(/HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n/).slice(1);
    const expected = [bodyOf(1, 10), bodyOf(2, 20_000), Buffer.alloc(0), bodyOf(1, 10), bodyOf(2, 20_000)];
    assert.deepEqual(
      bodies.map(body => body.length),
      [0, ...expected.map(body => body.length), 10],
    );
    assert.deepEqual(
      bodies.slice(1, -1).map(body => digest(Buffer.from(body, 'latin1'))),
      expected.map(digest),
    );
    assert.equal(origin.count, 3);
  },
);

test('What is stored is compressed for those who want it, and plain for the others', BOUND, async t => {
  const text = 'compress me '.repeat(500);
  const origin = await startHttpOrigin(t, 'o', (_request, response) => {
    response.setHeader('cache-control', 'max-age=60');
    response.setHeader('content-type', 'text/plain');
    response.end(text);
  });
  const { port } = await start(t, { origin, frontend: ['compression algo gzip'] });
  const coded = async (): Promise<string> => {
    const answered = await exchangeRaw(port, request('/', 'Accept-Encoding: gzip', 'Connection: close'));
    assert.match(answered, /^content-encoding: gzip\r$/im);
    assert.match(answered, /^transfer-encoding: chunked\r$/im);
    return gunzipSync(unchunked(answered)).toString();
  };
  assert.equal(await coded(), text);
  assert.equal(await coded(), text);
  const plain = await exchangeRaw(port, request('/', 'Connection: close'));
  assert.match(plain, /^age:/m);
  assert.ok(plain.endsWith(`\r\n\r\n${text}`) && !/content-encoding/i.test(plain));
  assert.equal(origin.count, 1);
});

function unchunked(answered: string): Buffer {
  let rest = answered.slice(answered.indexOf('\r\n\r\n') + 4);
  const parts: Buffer[] = [];
  for (;;) {
    const size = Number.parseInt(rest, 16);
    const start = rest.indexOf('\r\n') + 2;
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(Buffer.from(rest.slice(start, start + size), 'latin1'));
    rest = rest.slice(start + size + 2);
  }
}

test('The persistence cookie of one client is never another client’s', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port } = await start(t, {
    origin,
    backend: ['cookie SRV insert indirect', 'default-server cookie one'],
  });
  const answers = [];
  for (let round = 0; round < 2; round++)
    answers.push(await exchangeRaw(port, request('/1/5', 'Connection: close')));
  assert.match(answers[0] ?? '', /^set-cookie: SRV=one/im);
  assert.match(answers[1] ?? '', /^age: /m);
  assert.doesNotMatch(answers[1] ?? '', /set-cookie/i);
});

test(
  'Rules behind cache-store change what is sent, not what is stored; those for responses run for hits, too',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', answerSeeded);
    const { port } = await start(t, {
      origin,
      backend: [
        'http-response set-header x-behind first unless { res.cache_hit }',
        'http-response return status 418 if { res.cache_hit } { res.hdr(content-length) 7 }',
        'http-after-response set-header x-after %[res.cache_name]',
      ],
    });
    const answer = (path: string): Promise<string> => exchangeRaw(port, request(path, 'Connection: close'));
    assert.match(await answer('/1/5'), /^x-behind: first\r$/m);
    const hit = await answer('/1/5');
    assert.doesNotMatch(hit, /x-behind/);
    assert.match(hit, /^x-after: c\r$/m);
    await answer('/2/7');
    assert.match(await answer('/2/7'), /^HTTP\/1\.1 418 /);
  },
);

test(
  'Rules wait for the body of a stored response as for a server’s, in a listen section, too',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', answerSeeded);
    const port = await freePort();
    await startBalancer(
      t,
      `defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen l
    bind 127.0.0.1:${port}
    http-request wait-for-body time 5s if METH_POST
    http-request cache-use c
    http-response cache-store c
    http-response wait-for-body time 5s at-least 12000
    http-response set-header x-length %[res.body_len]
    server s ${origin.address}
cache c
    total-max-size 4
    max-object-size 1000000
`,
    );
    const client = await KeepAliveClient.open(port);
    t.after(() => client.close());
    for (let round = 0; round < 3; round++)
      for (const length of [10, 3000, 200_000]) {
        const { head, body } = await client.request(request(`/1/${length}`));
        assert.ok(body.equals(bodyOf(1, length)), `${length} bytes`);
        assert.equal(/^age:/m.test(head), round > 0);
        const seen = Number(/^x-length: (\d+)\r$/im.exec(head)?.[1]);
        assert.ok(seen >= Math.min(length, 12_000), `${seen} of ${length} were seen`);
      }
    assert.equal(origin.count, 3);
  },
);

test('Logs name <CACHE> as the server, counters and metrics tell lookups and hits', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const log = await startLogReceiver(t);
  const { port, admin } = await start(t, {
    origin,
    frontend: [
      `log 127.0.0.1:${log.port} local0`,
      'log-format "%f %b/%s %ST %ts %Tw/%Tc %[res.cache_hit] %r"',
      'http-request use-service prometheus-exporter if { path /metrics }',
      'stats uri /stats',
    ],
  });
  for (let round = 0; round < 3; round++) await exchangeRaw(port, request('/1/5', 'Connection: close'));
  await until('all is logged', () => log.lines.length === 3);
  const told = log.lines.map(line => line.slice(line.indexOf(' f ') + 1).trimEnd());
  assert.equal(told[0], 'f b/s 200 -- 0/0 0 GET /1/5 HTTP/1.1'.replace('0/0', told[0]?.split(' ')[4] ?? ''));
  assert.deepEqual(told.slice(1), Array(2).fill('f b/<CACHE> 200 LR 0/0 1 GET /1/5 HTTP/1.1'));
  const rows = statRows(await ask(admin, 'show stat\n'));
  assert.equal(rows.get('b/BACKEND')?.['cache_lookups'], '3');
  assert.equal(rows.get('b/BACKEND')?.['cache_hits'], '2');
  assert.equal(rows.get('f/FRONTEND')?.['cache_lookups'], '0');
  assert.equal(rows.get('b/s')?.['stot'], '1', 'the server saw one');
  const metrics = await exchangeRaw(port, request('/metrics', 'Connection: close'));
  assert.match(metrics, /^haproxy_backend_http_cache_lookups_total\{proxy="b"\} 3$/m);
  assert.match(metrics, /^haproxy_backend_http_cache_hits_total\{proxy="b"\} 2$/m);
  const page = await exchangeRaw(port, request('/stats', 'Connection: close'));
  assert.match(page, /cache: 3 lookups, 2 hits \(66%\)/);
});

test(
  'Hits on a connection that is kept are logged, counted and tracked like any other answer',
  BOUND,
  async t => {
    const origin = await startHttpOrigin(t, 'o', answerSeeded);
    const log = await startLogReceiver(t);
    const { port, admin } = await start(t, {
      origin,
      frontend: [
        `log 127.0.0.1:${log.port} local0`,
        'option httplog',
        'stick-table type ip size 10 store http_req_cnt,bytes_out_cnt',
        'http-request track-sc0 src',
      ],
    });
    const client = await KeepAliveClient.open(port);
    t.after(() => client.close());
    for (let round = 0; round < 3; round++) {
      const { body } = await client.request(request('/1/50'));
      assert.ok(body.equals(bodyOf(1, 50)));
    }
    const head = 'HEAD /1/50 HTTP/1.1\r\nHost: a\r\n\r\n';
    const answered = await exchangeRaw(
      port,
      head + request('/1/50', 'If-None-Match: *', 'Connection: close'),
    );
    assert.match(answered, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHTTP\/1\.1 304 Not Modified\r\n[^]*\r\n\r\n$/);
    await until('all is logged', () => log.lines.length === 5);
    const told = log.lines.map(line => / f b\/(\S+) \S+ (\d+) (\d+) - - (\S+) /.exec(line)?.slice(1) ?? []);
    assert.deepEqual(
      told.map(([server, status, , state]) => `${server} ${status} ${state}`),
      ['s 200 ----', '<CACHE> 200 LR--', '<CACHE> 200 LR--', '<CACHE> 200 LR--', '<CACHE> 304 LR--'],
    );
    const [first, hit] = told.map(([, , bytes]) => Number(bytes));
    assert.ok(
      (hit ?? 0) >= (first ?? 0) - 40 && (hit ?? 0) < (first ?? 0) + 40,
      `${first} bytes, then ${hit}`,
    );
    const row = statRows(await ask(admin, 'show stat\n')).get('b/BACKEND');
    const counted = ['hrsp_2xx', 'hrsp_3xx', 'cache_hits', 'req_tot'].map(column => row?.[column]);
    assert.deepEqual(counted, ['4', '1', '4', '5']);
    const table = await ask(admin, 'show table f\n');
    assert.match(table, /http_req_cnt=5 bytes_out_cnt=(\d{3,})/);
  },
);

test('show cache tells what is stored as HAProxy does', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port, admin } = await start(t, { origin });
  assert.match(
    await ask(admin, 'show cache\n'),
    /^0x[0-9a-f]+: c \(shctx:0x[0-9a-f]+, available blocks:4096\)\n+$/,
  );
  await exchangeRaw(port, request('/1/3000', 'Connection: close'));
  const [, entry = ''] = (await ask(admin, 'show cache\n')).split('\n');
  const found =
    /^0x[0-9a-f]+ hash:\d+ vary:0x0{40} size:(\d+) \((\d+) blocks\), refcount:0, expire:(\d+)$/.exec(entry);
  assert.ok(found !== null, entry);
  assert.ok(Number(found[1]) > 3000 && Number(found[1]) < 3500 && found[2] === '4');
  assert.ok(Number(found[3]) > 50 && Number(found[3]) <= 60);
});

test('The body of a request that is answered from the cache disturbs nobody', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const { port } = await start(t, { origin });
  await exchangeRaw(port, request('/1/5', 'Connection: close'));
  const whole = `GET /1/5 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde${request('/1/5', 'Connection: close')}`;
  assert.equal((await exchangeRaw(port, whole)).split('HTTP/1.1 200 OK').length, 3);
  const large = `GET /1/5 HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`;
  const both = await exchangeRaw(port, `${large}${request('/1/5', 'Connection: close')}`);
  assert.equal(both.split('HTTP/1.1 200 OK').length, 3);
  assert.equal(both.match(/^connection: close\r$/gim)?.length, 1);
  assert.equal(origin.count, 1);
});

test(
  'A server that answers while another request for the same is stored goes on being asked until then',
  BOUND,
  async t => {
    const sockets: Socket[] = [];
    const origin = await startRawOrigin(t, socket => {
      socket.on('data', () => {
        sockets.push(socket);
        socket.write('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nab');
      });
    });
    const { port, admin } = await start(t, { origin });
    const clients = [await KeepAliveClient.open(port), await KeepAliveClient.open(port)];
    t.after(() => clients.forEach(client => client.close()));
    const answers = clients.map(client => client.request(request('/')));
    await until('both are asked', () => sockets.length === 2);
    for (const socket of sockets) socket.write('cd');
    for (const { body } of await Promise.all(answers)) assert.equal(body.toString(), 'abcd');
    await until('it is stored', async () => (await storedObjects(admin)) === 1);
    const { head } = await (clients[0] as KeepAliveClient).request(request('/'));
    assert.match(head, /^age:/m);
    assert.equal(sockets.length, 2);
  },
);

test('A head that rules have made unreadable is sent, but not stored', BOUND, async t => {
  const origin = await startHttpOrigin(t, 'o', answerSeeded);
  const tooMany = Array.from({ length: 101 }, (_, index) => `http-response set-header x-${index} 1`);
  const { port, admin } = await start(t, {
    origin,
    frontend: ['http-request cache-use late', ...tooMany, 'http-response cache-store late'],
    cache: ['total-max-size 1', 'cache late', 'total-max-size 1'],
  });
  for (let round = 0; round < 2; round++)
    assert.match(await exchangeRaw(port, request('/1/5', 'Connection: close')), /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(await ask(admin, 'show cache\n'), /: c \(.*\n.* hash:.*\n.*: late \(.*blocks:1024\)\n+$/);
});

test('A cache that the system has no memory for is told of at the start', BOUND, async t => {
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  const caches = ['a', 'b', 'c'].map(name => `cache ${name}\n    total-max-size 4095\n`).join('');
  writeFileSync(
    file,
    `frontend f\n    mode http\n    bind 127.0.0.1:${await freePort()}\n    timeout client 5s\n${caches}`,
  );
  const command = `ulimit -v 12000000; exec ${LB} -db -f ${file}`;
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /\[ALERT\].*Unable to allocate the memory of caches and stick tables/);
});

test('lb explain tells what a cache would be asked and what would be stored', t => {
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  const timeouts = ['client', 'server', 'connect'].map(name => `    timeout ${name} 5s\n`).join('');
  const rules = '    http-request cache-use c\n    http-response cache-store c\n';
  const listen = `    bind 127.0.0.1:8001\n    server s 127.0.0.1:9\n${rules}`;
  writeFileSync(
    file,
    `defaults\n    mode http\n${timeouts}listen l\n${listen}cache c\n    total-max-size 1\n`,
  );
  const explain = (...args: string[]): string =>
    spawnSync(LB, ['explain', '-f', file, ...args], { encoding: 'utf8', timeout: 20_000 }).stdout;
  const fresh = ['--response', '200', '--response-header', 'Cache-Control: max-age=20'];
  assert.match(
    explain(...fresh, 'http://a/x'),
    /cache-use c {2}matched: looked up.*cache-store c {2}matched: stored for 20 s/s,
  );
  assert.match(
    explain(...fresh, '-H', 'Authorization: x', 'http://a/x'),
    /cache-use c {2}matched: not looked up.*not stored/s,
  );
  assert.match(explain('--response', '404', 'http://a/x'), /not stored: its status is not 200/);
});
