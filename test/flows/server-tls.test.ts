/** `server … ssl`: requests and streams that go on to servers over TLS. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { LB, startBalancer, type Balancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { statRows } from '../support/stat-rows.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';
import { until } from '../support/until.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

async function ask(
  port: number,
  { path = '/', body, headers = {} }: { path?: string; body?: Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const signal = AbortSignal.timeout(60_000);
  const method = body === undefined ? 'GET' : 'PUT';
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false, signal });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers as Answer['headers'],
    body: Buffer.concat(chunks),
  };
}

interface Flow {
  readonly port: number;
  readonly balancer: Balancer;
}

async function startFlow(
  t: TestContext,
  servers: string,
  { settings = '', global = '' } = {},
): Promise<Flow> {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `
global
  nbthread 1
  ${global}
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  log stdout format raw local0
  option httplog
  retries 0
  ${settings}
listen l
  bind 127.0.0.1:${port}
  ${servers}
`,
  );
  return { port, balancer };
}

const SERVER_CLOSES = { connection: 'close' };

for (const engine of ['node', 'uring'] as const) {
  test(`${engine}: a request goes to a server over TLS, with the host as SNI`, async t => {
    if (!requires(t, 'openssl', ...(engine === 'uring' ? (['io_uring'] as const) : []))) return;
    const authority = new Authority(t);
    const certificate = authority.issue({ name: 'a.example', alternatives: 'DNS:a.example,DNS:*.b.example' });
    const origin = await startTlsOrigin(t, certificate);
    const server = `server s ${origin.address} ssl verify required ca-file ${authority.file}`;
    const { port } = await startFlow(t, server, { global: `tune.engine ${engine}` });
    const { status, headers, body } = await ask(port, { headers: { host: 'a.example:8080' } });
    assert.deepEqual([status, headers['x-sni'], String(body)], [200, 'a.example', 'here']);
    assert.equal(headers['x-version'], 'TLSv1.3');
  });

  test(`${engine}: large bodies go both ways over TLS, and nothing of them is lost`, async t => {
    if (!requires(t, 'openssl', ...(engine === 'uring' ? (['io_uring'] as const) : []))) return;
    const origin = await startTlsOrigin(t, new Authority(t).issue({ name: 'a' }), {}, (request, response) => {
      response.writeHead(200);
      request.pipe(response);
    });
    const { port } = await startFlow(t, `server s ${origin.address} ssl verify none`, {
      global: `tune.engine ${engine}`,
    });
    const sent = randomBytes(30_000_000);
    const { body } = await ask(port, { body: sent });
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(body), digest(sent));
  });

  test(`${engine}: handshakes that fail are failed connections, and leave nothing behind`, async t => {
    if (!requires(t, 'openssl', ...(engine === 'uring' ? (['io_uring'] as const) : []))) return;
    const plain = await startRawOrigin(t, socket =>
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
    );
    const closing = await startRawOrigin(t, socket => socket.once('data', () => socket.destroy()));
    const resetting = await startRawOrigin(t, socket => socket.once('data', () => socket.resetAndDestroy()));
    const silent = await startRawOrigin(t, () => undefined);
    const { port, balancer } = await startFlow(
      t,
      `
  use-server %[path,regsub(^/,)] if TRUE
  server plain ${plain.address} ssl verify none
  server closing ${closing.address} ssl verify none
  server resetting ${resetting.address} ssl verify none
  server silent ${silent.address} ssl verify none
`,
      { global: `tune.engine ${engine}`, settings: 'timeout connect 300ms' },
    );
    await ask(port, { path: '/plain' });
    const before = balancer.openDescriptors();
    for (const [name, letters] of [
      ['plain', 'SC--'],
      ['closing', 'SC--'],
      ['resetting', 'SC--'],
      ['silent', 'sC--'],
    ]) {
      const { status } = await ask(port, { path: `/${name}` });
      assert.equal(status, 503, name);
      await until('a log line', () => balancer.output().includes(`GET /${name} `));
      const line =
        balancer
          .output()
          .split('\n')
          .find(text => text.includes(`GET /${name} `)) ?? '';
      assert.ok(line.includes(` 503 `) && line.includes(` ${letters} `), line);
    }
    await until('an end of all sockets', () => balancer.openDescriptors() <= before);
  });
}

test('a server whose certificate is not trusted, expired, or for another name is refused', async t => {
  if (!requires(t, 'openssl')) return;
  const authority = new Authority(t);
  const good = await startTlsOrigin(t, authority.issue({ name: 'x', alternatives: 'DNS:good.example' }));
  const old = await startTlsOrigin(
    t,
    authority.issue({ name: 'x', alternatives: 'DNS:good.example', expired: true }),
  );
  const foreign = await startTlsOrigin(t, new Authority(t, 'Another').issue({ name: 'good.example' }));
  const words = `ssl verify required ca-file ${authority.file}`;
  const { port } = await startFlow(
    t,
    `
  use-server %[req.hdr(to)] if TRUE
  server good ${good.address} ${words}
  server old ${old.address} ${words}
  server foreign ${foreign.address} ${words}
  server fixed ${good.address} ${words} sni str(good.example)
  server unnamed ${good.address} ${words} no-sni-auto
  server host ${good.address} ${words} no-sni-auto verifyhost good.example
  server otherhost ${good.address} ${words} no-sni-auto verifyhost other.example
`,
  );
  const statusOf = async (to: string, host = 'good.example'): Promise<number> =>
    (await ask(port, { headers: { to, host } })).status;
  assert.equal(await statusOf('good'), 200);
  assert.equal(await statusOf('good', 'bad.example'), 503);
  assert.equal(await statusOf('old'), 503);
  assert.equal(await statusOf('foreign'), 503);
  assert.equal(await statusOf('fixed', 'bad.example'), 200);
  assert.equal(await statusOf('unnamed', 'bad.example'), 200);
  assert.equal(await statusOf('host', 'bad.example'), 200);
  assert.equal(await statusOf('otherhost', 'good.example'), 503);
});

test('idle connections carry requests for the same name only; sessions are resumed', async t => {
  if (!requires(t, 'openssl')) return;
  const origin = await startTlsOrigin(t, new Authority(t).issue({ name: 'a' }));
  const { port } = await startFlow(t, `server s ${origin.address} ssl verify none`, {
    settings: 'http-reuse always',
  });
  const first = await ask(port, { headers: { host: 'one.example' } });
  const again = await ask(port, { headers: { host: 'one.example' } });
  const other = await ask(port, { headers: { host: 'two.example' } });
  assert.equal(again.headers['x-port'], first.headers['x-port']);
  assert.notEqual(other.headers['x-port'], first.headers['x-port']);
  assert.equal(other.headers['x-sni'], 'two.example');
  assert.equal(other.headers['x-resumed'], 'false');
});

test('sessions are resumed, unless no-ssl-reuse says otherwise', async t => {
  if (!requires(t, 'openssl')) return;
  const origin = await startTlsOrigin(t, new Authority(t).issue({ name: 'a' }));
  const { port } = await startFlow(
    t,
    `
  use-server %[req.hdr(to)] if TRUE
  server resumes ${origin.address} ssl verify none
  server not ${origin.address} ssl verify none no-ssl-reuse
`,
    { settings: 'http-reuse never' },
  );
  for (const [to, resumed] of [
    ['resumes', 'true'],
    ['not', 'false'],
  ] as const) {
    await ask(port, { headers: { to, ...SERVER_CLOSES } });
    assert.equal((await ask(port, { headers: { to, ...SERVER_CLOSES } })).headers['x-resumed'], resumed);
  }
});

test('handshakes of traffic and of checks are counted for the server, its backend and the process', async t => {
  if (!requires(t, 'openssl')) return;
  const origin = await startTlsOrigin(t, new Authority(t).issue({ name: 'a' }));
  const { web, tell } = await startAdminBalancer(t, {
    defaults: '  http-reuse never\n  retries 0',
    app: `
  use-server %[req.hdr(to)] if TRUE
  server good ${origin.address} ssl verify none
  server bad ${origin.address} ssl verify required ca-file ${new Authority(t).file}
  server checked ${origin.address} ssl verify none no-ssl-reuse check inter 60s
`,
  });
  const columns = ['ssl_sess', 'ssl_reused_sess', 'ssl_failed_handshake'];
  const counts = async (name: string): Promise<string> => {
    const row = statRows(await tell('show stat')).get(`app/${name}`);
    return columns.map(column => row?.[column]).join(' ');
  };
  await until('the check', async () => (await counts('checked')) === '1 0 0');
  // sessions are kept for each thread: one of two is asked a second time by three requests
  for (let count = 0; count < 3; count++) await ask(web, { headers: { to: 'good', ...SERVER_CLOSES } });
  assert.equal((await ask(web, { headers: { to: 'bad' } })).status, 503);
  const [made = 0, resumed = 0] = (await counts('good')).split(' ').map(Number);
  assert.equal(made + resumed, 3);
  assert.ok(resumed >= 1, `${resumed} resumed`);
  assert.equal(await counts('bad'), '0 0 1');
  assert.equal(await counts('BACKEND'), `${made + 1} ${resumed} 1`);
  const info = await tell('show info');
  assert.match(info, /^CumSslConns: 5$/m);
  assert.match(info, /^SslBackendMaxKeyRate: [1-3]$/m);
});

test('settings OpenSSL does not know are refused when the configuration is read', t => {
  const file = join(temporaryFolder(t), 'a.cfg');
  writeFileSync(
    file,
    `backend b
  server s1 127.0.0.1:1 ssl verify none ciphers nonsense
  server s2 127.0.0.1:1 ssl verify none ciphersuites nonsense
  server s3 127.0.0.1:1 ssl verify none curves nonsense
  server s4 127.0.0.1:1 ssl verify none sigalgs nonsense
  server s5 127.0.0.1:1 ssl verify none sni nonsense
  server s6 127.0.0.1:1 ssl verify required
  server s7 127.0.0.1:1 ssl verify none no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13
  server s8 127.0.0.1:1 ssl verify none crt /nowhere/a.pem
  server s9 127.0.0.1:1 ssl verify none curves P-256 sigalgs RSA-PSS+SHA256 client-sigalgs RSA+SHA256 ciphers HIGH
  server s10 127.0.0.1:1 ssl verify none client-sigalgs absurd
`,
  );
  const { stderr, status } = spawnSync(LB, ['-c', '-f', file], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 1);
  const alerts = stderr.split('\n').filter(line => line.startsWith('[ALERT]'));
  for (const [line, words] of [
    [2, /unable to set SSL cipher list to 'nonsense'/],
    [3, /unable to set TLS 1.3 cipher suites to 'nonsense'/],
    [4, /unable to set SSL curves list to 'nonsense'/],
    [5, /unable to set SSL Signature Algorithm list to 'nonsense'/],
    [11, /unable to set SSL Signature Algorithm list to 'absurd'/],
    [6, /error detected while parsing sni or pool-conn-name expressions : unknown fetch method 'nonsense'/],
    [7, /verify is enabled by default but no CA file specified/],
    [8, /all SSL\/TLS versions are disabled for server 's7'/],
    [9, /unable to stat SSL certificate from file '\/nowhere\/a.pem'/],
  ] as const)
    assert.ok(
      alerts.some(text => text.includes(`a.cfg:${line}]`) && words.test(text)),
      `${line}: ${stderr}`,
    );
  assert.ok(!stderr.includes('a.cfg:10]'), stderr);
});

test('versions and ciphers are those of the line, else those of global', async t => {
  if (!requires(t, 'openssl')) return;
  const origin = await startTlsOrigin(t, new Authority(t).issue({ name: 'a' }));
  const { port } = await startFlow(
    t,
    `
  use-server %[req.hdr(to)] if TRUE
  server global ${origin.address} ssl
  server own ${origin.address} ssl ssl-max-ver TLSv1.2 ciphers ECDHE-ECDSA-AES256-GCM-SHA384
  server forced ${origin.address} ssl force-tlsv12
`,
    {
      global: `ssl-server-verify none
  ssl-default-server-ciphersuites TLS_CHACHA20_POLY1305_SHA256
  ssl-default-server-ciphers ECDHE-ECDSA-AES128-GCM-SHA256
  ssl-default-server-options ssl-min-ver TLSv1.2`,
    },
  );
  for (const [to, version, cipher] of [
    ['global', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['own', 'TLSv1.2', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ['forced', 'TLSv1.2', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ] as const) {
    const { headers } = await ask(port, { headers: { to } });
    assert.deepEqual([headers['x-version'], headers['x-cipher']], [version, cipher], to);
  }
});

test('a server that demands a certificate gets it; revoked ones of servers are refused', async t => {
  if (!requires(t, 'openssl')) return;
  const authority = new Authority(t);
  const client = authority.issue({ name: 'our client' });
  const [good, bad] = [authority.issue({ name: 'good' }), authority.issue({ name: 'bad' })];
  const list = authority.revoke(bad);
  const demanding = { requestCert: true, rejectUnauthorized: true, ca: authority.pem };
  const origin = await startTlsOrigin(t, good, demanding);
  const revoked = await startTlsOrigin(t, bad);
  const words = `ssl verify required ca-file ${authority.file} no-sni-auto`;
  const { port } = await startFlow(
    t,
    `
  use-server %[req.hdr(to)] if TRUE
  server with ${origin.address} ${words} crt ${client.file} crl-file ${list}
  server without ${origin.address} ${words}
  server revoked ${revoked.address} ${words} crl-file ${list}
  server unlisted ${revoked.address} ${words}
`,
  );
  const answer = await ask(port, { headers: { to: 'with' } });
  assert.deepEqual([answer.status, answer.headers['x-client']], [200, 'our client']);
  assert.ok((await ask(port, { headers: { to: 'without' } })).status >= 500);
  assert.equal((await ask(port, { headers: { to: 'revoked' } })).status, 503);
  assert.equal((await ask(port, { headers: { to: 'unlisted' } })).status, 200);
});

test('mode tcp goes on to servers over TLS, and tells each side of the end of the other', async t => {
  if (!requires(t, 'openssl')) return;
  const certificate = new Authority(t).issue({ name: 'a' });
  const server = createTlsServer(
    { cert: certificate.cert, key: certificate.key, allowHalfOpen: true },
    socket => {
      socket.on('error', () => undefined);
      const chunks: Buffer[] = [];
      socket.on('data', chunk => chunks.push(chunk));
      socket.on('end', () => socket.end(Buffer.concat([Buffer.from('all: '), ...chunks])));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = await startFlow(
    t,
    `mode tcp\n  server s 127.0.0.1:${(server.address() as AddressInfo).port} ssl verify none`,
    { settings: 'option tcplog' },
  );
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  const sent = randomBytes(500_000);
  socket.end(sent);
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  await once(socket, 'end', { signal: AbortSignal.timeout(60_000) });
  assert.ok(Buffer.concat(chunks).equals(Buffer.concat([Buffer.from('all: '), sent])));
});

test('commands switch TLS on and off, add servers with TLS, and exchange what servers are verified by', async t => {
  if (!requires(t, 'openssl')) return;
  const authority = new Authority(t);
  const [wrong, right] = [new Authority(t, 'Another'), authority];
  const origin = await startTlsOrigin(t, authority.issue({ name: 'x', alternatives: 'DNS:a.example' }));
  const plain = await startHttpOrigin(t, 'plain');
  const { tell, web } = await startAdminBalancer(t, {
    app: `  balance random
  default-server ssl verify none
  server s1 ${plain.address} no-ssl
backend other
  balance random
  default-server ssl verify required ca-file ${wrong.file}
  server s2 ${origin.address}`,
  });
  const status = async (): Promise<number> => (await ask(web, { headers: { host: 'a.example' } })).status;
  assert.equal(await status(), 200);
  assert.equal((await tell('set server app/s1 ssl on')).trim(), 'server ssl setting updated.');
  assert.equal(await status(), 503);
  assert.match(await tell('show servers state app'), / - 1 0 - - 0$/m);
  await tell('set server app/s1 ssl off');
  assert.equal(await status(), 200);
  assert.match(await tell('set server app/s1 ssl maybe'), /expects 'on' or 'off'/);
  assert.match(
    await tell(`add server app/s3 ${origin.address} ssl verify required ca-file /unknown.pem`),
    /'ca-file' : unable to load \/unknown.pem/,
  );
  assert.match(await tell(`add server app/s3 ${origin.address} ssl`), /no CA file specified/);
  assert.match(
    await tell(`add server app/s3 ${origin.address} ssl verify none sni nonsense`),
    /unknown fetch method 'nonsense'/,
  );
  const added = await tell(`add server app/s3 ${origin.address} ssl verify required ca-file ${wrong.file}`);
  assert.match(added, /New server registered/);
  await tell('set server app/s1 state maint');
  await tell('enable server app/s3');
  assert.equal(await status(), 503);
  await tell(`set ssl ca-file ${wrong.file} <<\n${right.pem}\n`);
  assert.match(await tell(`commit ssl ca-file ${wrong.file}`), /Success/);
  assert.equal(await status(), 200);
});
