/** Servers that follow names of a DNS server, through the running program. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { startDnsServer, type DnsRecord } from '../support/dns-server.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n';

/** Answers with the address it was reached at; the same port on several addresses of the loopback network. */
async function startOrigins(t: TestContext, hosts: readonly string[], port?: number): Promise<number> {
  let used = port ?? 0;
  for (const host of hosts) {
    const server = createServer((_request, response) => response.end(`${host}\n`));
    server.listen(used, host);
    await once(server, 'listening');
    const address = server.address();
    used = typeof address === 'object' && address !== null ? address.port : used;
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
  }
  return used;
}

function addresses(...data: string[]): DnsRecord[] {
  return data.map(one => ({ type: 'A', data: one }));
}

async function who(port: number): Promise<string> {
  const answer = await exchangeRaw(port, GET);
  return /^HTTP\/1\.1 200 [^]*\r\n\r\n(?:[0-9a-f]+\r\n)?(.*?)\r?\n/.exec(answer)?.[1] ?? answer.slice(9, 12);
}

/** Everybody who answers a few requests. */
async function everybody(port: number, count = 8): Promise<string> {
  const seen = new Set<string>();
  for (let index = 0; index < count; index++) seen.add(await who(port));
  return [...seen].sort().join(' ');
}

async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  balancer: Balancer,
  withinMs = 60_000,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`never: ${what}\n${balancer.output()}`);
}

function resolvers(port: number, more = ''): string {
  return `resolvers res
    nameserver ns1 127.0.0.1:${port}
    timeout resolve 100ms
    timeout retry 100ms
    resolve_retries 1
${more}`;
}

const DEFAULTS = `defaults
    mode http
    balance roundrobin
    timeout connect 2s
    timeout client 5s
    timeout server 5s
`;

test('A server moves with its name, leaves when the name is gone for long enough, and comes back', async t => {
  const origin = await startOrigins(t, ['127.0.0.2', '127.0.0.3']);
  let records: DnsRecord[] | undefined;
  const dns = await startDnsServer(t, (name, type) => {
    if (records === undefined) return { rcode: 3 };
    return type === 'A' && name === 'app.test' ? { records } : {};
  });
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port, '    hold nx 300ms\n')}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server s app.test:${origin} resolvers res init-addr none resolve-prefer ipv4
`,
  );
  assert.equal(await who(port), '503');
  records = addresses('127.0.0.2');
  await until('an address', async () => (await who(port)) === '127.0.0.2', balancer);
  assert.match(balancer.output(), /l\/s: IP changed from '\(none\)' to '127\.0\.0\.2' by 'res\/ns1'/);
  assert.match(balancer.output(), /Server l\/s \('app\.test'\) is UP\/READY \(resolves again\)/);
  assert.match(balancer.output(), /Server l\/s administratively READY thanks to valid DNS answer/);
  records = addresses('127.0.0.3');
  await until('another address', async () => (await who(port)) === '127.0.0.3', balancer);
  assert.match(balancer.output(), /l\/s: IP changed from '127\.0\.0\.2' to '127\.0\.0\.3' by 'res\/ns1'/);
  records = undefined;
  await until('no address', async () => (await who(port)) === '503', balancer);
  assert.match(balancer.output(), /Server l\/s is going DOWN for maintenance \(DNS NX status\)/);
  records = addresses('127.0.0.3');
  await until('an address again', async () => (await who(port)) === '127.0.0.3', balancer);
});

test('The servers of a template get different addresses; those that get none stay away', async t => {
  const hosts = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const origin = await startOrigins(t, hosts);
  let records = addresses('127.0.0.2', '127.0.0.3');
  const dns = await startDnsServer(t, (_name, type) => (type === 'A' ? { records } : {}));
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server-template s 4 app.test:${origin} resolvers res init-addr none resolve-prefer ipv4
`,
  );
  await until('two servers', async () => (await everybody(port)) === '127.0.0.2 127.0.0.3', balancer);
  records = addresses(...hosts);
  await until('three servers', async () => (await everybody(port)) === hosts.join(' '), balancer);
  records = addresses('127.0.0.4');
  await until('one server', async () => (await everybody(port)) === '127.0.0.4', balancer);
});

test('SRV records give servers their targets, ports and weights, with and without addresses beside them', async t => {
  const [one, two] = [await startOrigins(t, ['127.0.0.2']), await startOrigins(t, ['127.0.0.3'])];
  let withAddresses = true;
  let targets = [`0 2560 ${one} a.test`, `0 768 ${two} b.test`];
  const hosts: Record<string, string> = { 'a.test': '127.0.0.2', 'b.test': '127.0.0.3' };
  const dns = await startDnsServer(t, (name, type) => {
    if (type === 'A') return { records: addresses(hosts[name] ?? '127.0.0.9') };
    if (type !== 'SRV' || name !== '_http._tcp.app.test') return {};
    return {
      records: targets.map(data => ({ type: 'SRV', data })),
      additionals: withAddresses
        ? Object.entries(hosts).map(([host, data]) => ({ name: host, type: 'A', data }))
        : [],
    };
  });
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server-template s 3 _http._tcp.app.test resolvers res resolve-prefer ipv4 init-addr none check inter 200ms
`,
  );
  await until('both', async () => (await everybody(port)) === '127.0.0.2 127.0.0.3', balancer);
  assert.match(
    balancer.output(),
    new RegExp(
      `l/s1: IP changed from '\\(none\\)' to '127.0.0.2', port changed from '\\+?0' to '${one}' by 'DNS additional record'`,
    ),
  );
  const names: string[] = [];
  for (let index = 0; index < 13; index++) names.push(await who(port));
  assert.equal(names.filter(name => name === '127.0.0.2').length, 10, names.join(' '));
  targets = [`0 0 ${two} b.test`, `0 100 ${one} a.test`];
  await until('weight 0', async () => (await everybody(port)) === '127.0.0.2', balancer);
  targets = [`0 100 ${two} b.test`];
  withAddresses = false;
  await until('one gone', async () => (await everybody(port)) === '127.0.0.3', balancer);
  assert.match(
    balancer.output(),
    /Server l\/s1 is going DOWN for maintenance \(entry removed from SRV record\)/,
  );
});

test('Answers that do not fit a datagram are asked for over a stream; a silent nameserver does not matter', async t => {
  const origin = await startOrigins(t, ['127.0.0.2']);
  const silent = await startDnsServer(t, () => undefined);
  const dns = await startDnsServer(t, (_name, type, overStream) => {
    if (type !== 'A') return {};
    return overStream ? { records: addresses('127.0.0.2') } : { truncated: true };
  });
  const [port, viaStream] = (await freePorts(2)) as [number, number];
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port, `    nameserver silent 127.0.0.1:${silent.port}\n`)}
resolvers tcp
    nameserver ns1 tcp@127.0.0.1:${dns.port}
    timeout resolve 100ms
${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server s app.test:${origin} resolvers res init-addr none resolve-prefer ipv4
listen m
    bind 127.0.0.1:${viaStream}
    server s app.test:${origin} resolvers tcp init-addr none
`,
  );
  await until('an address', async () => (await who(port)) === '127.0.0.2', balancer);
  await until('the same over tcp@', async () => (await who(viaStream)) === '127.0.0.2', balancer);
});

test('A nameserver may be named: the system knows its address', async t => {
  const origin = await startOrigins(t, ['127.0.0.2']);
  const dns = await startDnsServer(t, (_name, type) =>
    type === 'A' ? { records: addresses('127.0.0.2') } : {},
  );
  const ports = await freePorts(2);
  const sections = ['localhost', 'tcp@localhost'].map(
    (host, index) => `resolvers res${index}
    nameserver ns ${host}:${dns.port}
    timeout resolve 100ms
listen l${index}
    bind 127.0.0.1:${ports[index]}
    server s app.test:${origin} resolvers res${index} init-addr none
`,
  );
  const balancer = await startBalancer(t, `${DEFAULTS}${sections.join('')}`);
  for (const port of ports)
    await until('an address', async () => (await who(port)) === '127.0.0.2', balancer);
});

test('Where the whole of a cut answer never comes, the other family is asked for; that is no silence', async t => {
  const origin = await startOrigins(t, ['127.0.0.2']);
  const dns = await startDnsServer(t, (_name, type, overStream) => {
    if (type === 'A') return { records: addresses('127.0.0.2') };
    return overStream ? undefined : { truncated: true };
  });
  const port = await freePort();
  const socket = join(temporaryFolder(t), 'admin');
  const balancer = await startBalancer(
    t,
    `global
    stats socket ${socket} level admin
${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server s app.test:${origin} resolvers res init-addr none
`,
  );
  await until('an address', async () => (await who(port)) === '127.0.0.2', balancer);
  const shown = await command(socket, 'show resolvers res');
  assert.match(shown, /truncated:\s+[1-9]/);
  assert.match(shown, /timeout:\s+0/);
});

test('do-resolve finds the address of the host a request names; set-dst sends it there', async t => {
  const origin = await startOrigins(t, ['127.0.0.2', '127.0.0.3']);
  const hosts: Record<string, string> = { 'a.test': '127.0.0.2', 'b.test': '127.0.0.3' };
  const dns = await startDnsServer(t, (name, type) => {
    const data = hosts[name];
    return data === undefined ? { rcode: 3 } : type === 'A' ? { records: addresses(data) } : {};
  });
  const [http, tcp] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `global
    nbthread 2
${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${http}
    http-request do-resolve(txn.ip,res,ipv4) req.hdr(host),host_only
    http-request return status 404 unless { var(txn.ip) -m found }
    http-request set-dst var(txn.ip)
    http-request set-dst-port int(${origin})
    server s 0.0.0.0:0
listen m
    mode tcp
    bind 127.0.0.1:${tcp}
    tcp-request content do-resolve(sess.ip,res,ipv4) str(b.test)
    tcp-request content set-dst var(sess.ip)
    server s 0.0.0.0:${origin}
`,
  );
  const ask = async (port: number, host: string): Promise<string> =>
    /\r\n\r\n(?:[0-9a-f]+\r\n)?(.*?)\r?\n/.exec(
      await exchangeRaw(port, GET.replace('app.test', host)),
    )?.[1] ?? '-';
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(await ask(http, 'a.test'), '127.0.0.2');
    assert.equal(await ask(http, 'b.test:8080'), '127.0.0.3');
  }
  assert.match(await exchangeRaw(http, GET.replace('app.test', 'c.test')), /^HTTP\/1\.1 404 /);
  assert.equal(await ask(tcp, 'whatever'), '127.0.0.3');
  assert.equal(
    dns.questions.filter(question => question === 'A a.test').length,
    1,
    'answers are kept for hold valid',
  );
});

async function command(path: string, line: string): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.end(`${line}\n`);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

test('A name changed over the admin socket is followed, shown, and kept by a state file', async t => {
  const origin = await startOrigins(t, ['127.0.0.2', '127.0.0.3']);
  const hosts: Record<string, string> = { 'a.test': '127.0.0.2', 'b.test': '127.0.0.3' };
  const dns = await startDnsServer(t, (name, type) => ({
    records: type === 'A' ? addresses(hosts[name] ?? '127.0.0.9') : [],
  }));
  const port = await freePort();
  const folder = temporaryFolder(t);
  const config = `global
    stats socket ${folder}/socket level admin
    server-state-file ${folder}/state
${resolvers(dns.port)}${DEFAULTS}    load-server-state-from-file global
listen l
    bind 127.0.0.1:${port}
    server s a.test:${origin} resolvers res init-addr last,none resolve-prefer ipv4
    server plain 127.0.0.1:1 disabled
`;
  const first = await startBalancer(t, config);
  await until('a.test', async () => (await who(port)) === '127.0.0.2', first);
  const tell = async (line: string): Promise<string> => command(`${folder}/socket`, line);
  assert.match(await tell('set server l/plain fqdn b.test'), /no resolution is configured/);
  assert.match(await tell('set server l/s fqdn a.test'), /^no need to change the FDQN/);
  assert.match(await tell('set server l/s fqdn a/b'), /^invalid fqdn 'a\/b'/);
  assert.match(
    await tell('set server l/s fqdn b.test'),
    /^l\/s changed its FQDN from a\.test to b\.test by 'stats socket command'/,
  );
  await until('b.test', async () => (await who(port)) === '127.0.0.3', first);
  const state = await tell('show servers state');
  assert.match(state, new RegExp(`^\\d+ l 1 s 127\\.0\\.0\\.3 2 64 .* b\\.test ${origin} - `, 'm'));
  const counters = await tell('show resolvers res');
  assert.match(
    counters,
    /^Resolvers section res\n nameserver ns1:\n  sent: {8}[1-9]\d*\n  snd_error: {3}0\n  valid: {7}[1-9]/,
  );
  assert.match(counters, /^ {2}update: {6}2$/m);
  assert.match(await tell('show resolvers other'), /^Can't find that resolvers section/);
  writeFileSync(join(folder, 'state'), state);
  await first.stop();
  dns.zone = () => undefined;
  const second = await startBalancer(t, config);
  assert.equal(await who(port), '127.0.0.3', 'the address of the state file, although no nameserver answers');
  assert.match(await command(`${folder}/socket`, 'show servers state'), / b\.test /);
  await second.stop();
});

test('Checks go where the server has moved', async t => {
  const origin = await startOrigins(t, ['127.0.0.2']);
  let records = addresses('127.0.0.4');
  const dns = await startDnsServer(t, (_name, type) => (type === 'A' ? { records } : {}));
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server s app.test:${origin} check inter 100ms fall 1 rise 1 resolvers res init-addr none resolve-prefer ipv4
`,
  );
  await until('down', () => /Server l\/s is DOWN, reason: Layer4/.test(balancer.output()), balancer);
  records = addresses('127.0.0.2');
  await until('up elsewhere', async () => (await who(port)) === '127.0.0.2', balancer);
});

test('resolve-prefer chooses the family, resolve-net the network, among the addresses of a name', async t => {
  const origin = await startOrigins(t, ['127.0.0.2', '127.0.9.3', '::1']);
  const records: Record<string, DnsRecord[]> = {
    A: addresses('127.0.0.2', '127.0.9.3'),
    AAAA: [{ type: 'AAAA', data: '::1' }],
  };
  const dns = await startDnsServer(t, (_name, type) => ({ records: records[type] ?? [] }));
  const cases: readonly (readonly [options: string, found: string])[] = [
    ['resolve-prefer ipv6', '::1'],
    ['resolve-prefer ipv4 resolve-net 127.0.9.0/24', '127.0.9.3'],
    ['resolve-prefer ipv4 resolve-net 127.0.0.0/24', '127.0.0.2'],
    // no preference of the family means IPv6; a network of the other family changes nothing
    ['resolve-net 127.0.9.0/24', '::1'],
    ['resolve-net ::/64', '::1'],
    // behind those of default-server
    ['resolve-prefer ipv4 resolve-net 127.0.9.0/24 resolve-net 10.0.0.0/8', '127.0.9.3'],
  ];
  const ports = await freePorts(cases.length);
  const listens = cases.map(
    ([options], index) => `listen l${index}
    bind 127.0.0.1:${ports[index]}
    server s app.test:${origin} resolvers res init-addr none ${options}
`,
  );
  const balancer = await startBalancer(t, `${resolvers(dns.port)}${DEFAULTS}${listens.join('')}`);
  for (const [index, [options, found]] of cases.entries()) {
    const port = ports[index] as number;
    await until(options, async () => (await who(port)) !== '503', balancer);
    assert.equal(await everybody(port, 3), found, options);
  }
});

test('The last word of resolve-opts says whether servers share an address; without one it can be given by a name alone', async t => {
  const origin = await startOrigins(t, ['127.0.0.2']);
  const dns = await startDnsServer(t, (_name, type) => ({
    records: type === 'A' ? addresses('127.0.0.2') : [],
  }));
  const socket = join(temporaryFolder(t), 'admin');
  const balancer = await startBalancer(
    t,
    `global
    stats socket ${socket} level admin
${resolvers(dns.port)}${DEFAULTS}listen b
    bind 127.0.0.1:${await freePort()}
    default-server resolvers res init-addr none resolve-opts allow-dup-ip
    server one app.test:${origin}
    server two app.test:${origin} resolve-opts ignore-weight
    server three app.test:${origin} resolve-opts prevent-dup-ip
`,
  );
  const shown = (): Promise<string> => command(socket, 'show servers state b');
  await until('two servers', async () => /\stwo 127\.0\.0\.2 /.test(await shown()), balancer);
  assert.match(await shown(), /\sone 127\.0\.0\.2 /);
  assert.match(await shown(), /\sthree - /);
  const refused =
    /^Update for the current server address family is only supported through configuration file/;
  assert.match(await command(socket, 'set server b/three addr 127.0.0.9'), refused);
  const rows = statRows(await command(socket, 'show stat'));
  assert.equal(rows.get('b/two')?.['addr'], `127.0.0.2:${origin}`);
  assert.equal(rows.get('b/three')?.['addr'], '');
  assert.match(await shown(), /\sthree - /);
});

test('Answers to questions nobody asked are not believed, and ten thousand broken ones break nothing', async t => {
  const origin = await startOrigins(t, ['127.0.0.2', '127.0.0.3']);
  const random = randomNumbers(11);
  const dns = await startDnsServer(t, (_name, type) =>
    type === 'A' ? { records: addresses('127.0.0.2') } : {},
  );
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `${resolvers(dns.port)}${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    server s app.test:${origin} resolvers res init-addr none resolve-prefer ipv4
`,
  );
  await until('an address', async () => (await who(port)) === '127.0.0.2', balancer);
  let sent = 0;
  // the address is the last of its bytes
  dns.noise = answer =>
    Array.from({ length: 20 }, () => {
      const other = Buffer.from(answer);
      other.writeUInt16BE((answer.readUInt16BE(0) + 1 + random(65_535)) & 0xffff, 0);
      other[other.length - 1] = 3;
      sent++;
      return other;
    });
  await until('200 answers of somebody else', () => sent >= 200, balancer);
  assert.doesNotMatch(balancer.output(), /127\.0\.0\.3/);
  assert.equal(await everybody(port), '127.0.0.2');
  sent = 0;
  dns.noise = answer =>
    Array.from({ length: 250 }, () => {
      const broken = Buffer.from(answer);
      for (let changes = 1 + random(8); changes > 0; changes--)
        broken[2 + random(broken.length - 2)] = random(256);
      sent++;
      return broken.subarray(0, random(2) === 0 ? broken.length : random(broken.length + 1));
    });
  await until('10,000 broken answers', () => sent >= 10_000, balancer, 60_000);
  dns.noise = () => [];
  await until('the address again', async () => (await everybody(port)) === '127.0.0.2', balancer);
  assert.equal(balancer.process.exitCode, null);
});
