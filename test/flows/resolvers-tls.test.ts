/** Names asked for over TLS (RFC 7858), through the running program. Nothing is asked of who is not trusted. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { ask } from '../support/admin-client.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { until, untilMatches } from '../support/until.ts';

const SERVER = 'server s app.test:80 resolvers res init-addr none resolve-prefer ipv4';

interface Setting {
  readonly balancer: Balancer;
  readonly admin: number;
}

/** `nameserver`: what stands behind its name. */
async function start(
  t: TestContext,
  nameserver: string,
  { servers = SERVER, global = '', timeouts = 'timeout resolve 100ms' } = {},
): Promise<Setting> {
  const [port, admin] = [await freePort(), await freePort()];
  const balancer = await startBalancer(
    t,
    `global
    nbthread 1
    stats socket 127.0.0.1:${admin} level admin
${global}
resolvers res
    nameserver ns1 ${nameserver}
    ${timeouts}
    timeout retry 200ms
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
listen l
    bind 127.0.0.1:${port}
    ${servers}
`,
  );
  return { balancer, admin };
}

async function addressOf({ admin }: Setting, server: string): Promise<string> {
  const rows = (await ask(admin, 'show servers state l')).split('\n');
  return rows.map(row => row.split(' ')).find(row => row[3] === server)?.[4] ?? '';
}

const A = (data: string) => ({ records: [{ type: 'A', data }] }) as const;

test('names are asked for over TLS, of the nameserver the certificate is for, under the name that sni says', async t => {
  const authority = new Authority(t);
  const { cert, key } = authority.issue({ name: 'dns', alternatives: 'DNS:dns.example' });
  const dns = await startDnsServer(t, () => A('127.0.0.7'), { cert, key });
  const setting = await start(
    t,
    `tcp@127.0.0.1:${dns.port} ssl ca-file ${authority.file} sni str(dns.example)`,
  );
  await until('an address', async () => (await addressOf(setting, 's')) === '127.0.0.7');
  const [stream] = dns.streams as TLSSocket[];
  assert.equal((stream as unknown as { servername: string }).servername, 'dns.example');
  assert.match(await ask(setting.admin, 'show resolvers res'), /nameserver ns1:\n +sent: +[1-9]/);
  assert.doesNotMatch(setting.balancer.output(), /cannot be asked/);
});

for (const { title, line, cause } of [
  {
    title: 'of another name than verifyhost says',
    line: 'ca-file CA verifyhost other.example',
    cause: 'the certificate is not for other\\.example',
  },
  {
    title: 'of another name than sni says',
    line: 'ca-file CA sni str(third.example)',
    cause: 'the certificate is not for third\\.example',
  },
  { title: 'of an authority that is not trusted', line: 'ca-file OTHER', cause: '.*certificate.*' },
  {
    title: 'that wants a certificate of its clients',
    line: 'ca-file CA verifyhost dns.example force-tlsv12',
    cause: '.*handshake failure|.*certificate required|.*alert.*',
  },
])
  test(`nothing is asked of a nameserver ${title}, and the cause is told and logged`, async t => {
    const [authority, other] = [new Authority(t), new Authority(t, 'Other Authority')];
    const { cert, key } = authority.issue({ name: 'dns', alternatives: 'DNS:dns.example' });
    const wantsCertificate = title.includes('clients') && { requestCert: true, ca: other.pem };
    const dns = await startDnsServer(t, () => A('127.0.0.7'), { cert, key, ...wantsCertificate });
    const logs = await startLogReceiver(t);
    const options = line.replace('CA', authority.file).replace('OTHER', other.file);
    const setting = await start(t, `tcp@127.0.0.1:${dns.port} ssl ${options}`, {
      global: `    log 127.0.0.1:${logs.port} local0`,
    });
    const told = new RegExp(
      `Nameserver res/ns1 at 127\\.0\\.0\\.1:${dns.port} cannot be asked: (?:${cause})\\.`,
    );
    await untilMatches(() => setting.balancer.output(), told);
    await logs.find(told);
    assert.deepEqual(dns.questions, []);
  });

test('a nameserver that speaks no TLS gets no question', async t => {
  const dns = await startDnsServer(t, () => A('127.0.0.7'));
  const setting = await start(t, `tcp@127.0.0.1:${dns.port} ssl verify none`, {
    timeouts: 'timeout resolve 500ms',
  });
  await untilMatches(() => setting.balancer.output(), /Nameserver res\/ns1 at .* cannot be asked: .*\./);
  assert.deepEqual(
    dns.questions.filter(question => question.includes('app.test')),
    [],
  );
});

test('one that closes after each answer is asked over new connections, which resume the first session', async t => {
  const authority = new Authority(t);
  const { cert, key } = authority.issue({ name: 'dns' });
  const dns = await startDnsServer(t, name => A(`127.0.0.${name.slice(1, 2)}`), { cert, key });
  dns.deliver = (socket, answer) => void socket.end(answer);
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const servers = numbers.map(
    n => `server s${n} a${n}.test:80 resolvers res init-addr none resolve-prefer ipv4`,
  );
  const setting = await start(t, `tcp@127.0.0.1:${dns.port} ssl ca-file ${authority.file}`, {
    servers: servers.join('\n    '),
  });
  for (const n of numbers)
    await until(`an address of s${n}`, async () => (await addressOf(setting, `s${n}`)) === `127.0.0.${n}`);
  const resumed = (): boolean => (dns.streams as TLSSocket[]).some(socket => socket.isSessionReused());
  await until('a session is resumed', resumed);
});

test('no-ssl-reuse: each connection has a session of its own', async t => {
  const authority = new Authority(t);
  const { cert, key } = authority.issue({ name: 'dns' });
  const dns = await startDnsServer(t, () => A('127.0.0.7'), { cert, key });
  dns.deliver = (socket, answer) => void socket.end(answer);
  await start(t, `tcp@127.0.0.1:${dns.port} ssl ca-file ${authority.file} no-ssl-reuse`);
  await until('some connections', () => dns.streams.length > 5);
  assert.ok((dns.streams as TLSSocket[]).every(socket => !socket.isSessionReused()));
});

test('a nameserver that comes back is asked again', async t => {
  const authority = new Authority(t);
  const { cert, key } = authority.issue({ name: 'dns' });
  const port = await freePort();
  const setting = await start(t, `tcp@127.0.0.1:${port} ssl ca-file ${authority.file}`);
  await untilMatches(() => setting.balancer.output(), /cannot be asked: connect ECONNREFUSED/);
  const dns = await startDnsServer(t, () => A('127.0.0.7'), { cert, key }, port);
  await until('an address', async () => (await addressOf(setting, 's')) === '127.0.0.7');
  assert.ok(dns.questions.length > 0);
});

test('a certificate that is shown to a nameserver is in use', async t => {
  const authority = new Authority(t);
  const [{ cert, key }, { file }] = [authority.issue({ name: 'dns' }), authority.issue({ name: 'client' })];
  const ca = authority.pem;
  const dns = await startDnsServer(t, () => A('127.0.0.7'), { cert, key, ca, requestCert: true });
  const setting = await start(t, `tcp@127.0.0.1:${dns.port} ssl ca-file ${authority.file} crt ${file}`);
  await until('an address', async () => (await addressOf(setting, 's')) === '127.0.0.7');
  assert.equal((dns.streams as TLSSocket[])[0]?.getPeerCertificate().subject.CN, 'client');
  assert.match(await ask(setting.admin, `del ssl cert ${file}`), /in use, can't be deleted!/);
});
