/** Certificates of Pebble, Let's Encrypt's own test server, which refuses some good nonces and wants an external account. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startBalancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePorts } from '../support/free-port.ts';
import { listeningSockets } from '../support/listening-sockets.ts';
import { requires } from '../support/requirement.ts';
import { until, untilMatches } from '../support/until.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const ENVIRONMENT = { PEBBLE_WFE_NONCEREJECT: '15', PEBBLE_VA_NOSLEEP: '1' };

test('Pebble issues by http-01 for names and an address, and by dns-01 for a wildcard', async t => {
  if (!requires(t, 'pebble', 'openssl')) return;
  const authority = new Authority(t);
  const { folder } = authority;
  const [acme = 0, plain = 0, secure = 0, unused = 0] = await freePorts(4);
  const records: string[] = [];
  const dns = await startDnsServer(t, (_name, type) => ({
    records:
      type === 'A'
        ? [{ type, data: '127.0.0.1' }]
        : type === 'TXT'
          ? records.map(data => ({ type, data }))
          : [],
  }));
  const { cert, key } = authority.issue({ name: 'pebble', alternatives: 'IP:127.0.0.1' });
  const files = { 'p.crt': cert, 'p.key': key, 'eab.id': 'me\n', 'eab.mac': `${SECRET}\n` };
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  const pebble = {
    listenAddress: `127.0.0.1:${acme}`,
    certificate: `${folder}/p.crt`,
    privateKey: `${folder}/p.key`,
    httpPort: plain,
    tlsPort: unused,
    externalAccountBindingRequired: true,
    externalAccountMACKeys: { me: SECRET },
  };
  writeFileSync(`${folder}/pebble.json`, JSON.stringify({ pebble }));
  const words = ['-config', `${folder}/pebble.json`, '-dnsserver', `127.0.0.1:${dns.port}`];
  const program = spawn('pebble', words, { stdio: 'ignore', env: { ...process.env, ...ENVIRONMENT } });
  t.after(() => program.kill());
  await until('Pebble', () => listeningSockets(acme).length > 0);
  const section = (name: string): string => `acme ${name}
  directory https://127.0.0.1:${acme}/dir
  account-key ${folder}/account.key
  eab-key-id ${folder}/eab.id
  eab-mac-key ${folder}/eab.mac
`;
  const balancer = await startBalancer(
    t,
    `global
  expose-experimental-directives
  log stdout format raw local0
  httpclient.ssl.ca-file ${authority.file}
defaults
  mode http
  timeout client 20s
resolvers default
  nameserver one 127.0.0.1:${dns.port}
crt-store
  load crt ${folder}/a.pem acme HTTP domains a.example,b.example ips 127.0.0.1
  load crt ${folder}/c.pem acme DNS domains *.c.example
frontend in
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${secure} ssl crt ${folder}/a.pem crt ${folder}/c.pem
  http-request return status 200 content-type text/plain lf-string "%[path,field(-1,/)].%[path,field(-1,/),map(virt@acme)]\\n" if { path_beg '/.well-known/acme-challenge/' }
${section('HTTP')}  map virt@acme
${section('DNS')}  challenge dns-01
  challenge-ready dns
  dns-delay 1s
  keytype RSA
`,
    { ports: [plain, secure] },
  );
  const told = await untilMatches(() => balancer.output(), /_acme-challenge\.c\.example" to be "[\w-]{43}"/);
  records.push(/_acme-challenge\.c\.example" to be "([\w-]{43})"/.exec(told)?.[1] ?? '');
  await untilMatches(() => balancer.output(), /(?:Successful update[^]*){2}/);
  for (const [servername, names, kind] of [
    ['a.example', 'DNS:a.example, DNS:b.example, IP Address:127.0.0.1', 'secp384r1'],
    ['x.c.example', 'DNS:*.c.example', undefined],
  ] as const) {
    const socket = connect({ port: secure, host: '127.0.0.1', servername, rejectUnauthorized: false });
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(60_000) });
    const { issuer, subjectaltname, asn1Curve } = socket.getPeerCertificate();
    socket.destroy();
    assert.match(String(issuer.CN), /^Pebble Intermediate CA/);
    assert.deepEqual([subjectaltname, asn1Curve], [names, kind]);
  }
  assert.doesNotMatch(balancer.output(), /The update failed/);
});
