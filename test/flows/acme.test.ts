/** Certificates got from an authority while clients are served: the manual's example, and what may come in between. */
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { headOf, type Jws } from '../support/acme-messages.ts';
import { AcmeServer, askForFile, recordText, type AskedAuthorization } from '../support/acme-server.ts';
import { ask } from '../support/admin-client.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { openssl, requiresOpenssl } from '../support/openssl.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

interface Setting {
  readonly authority: Authority;
  readonly server: AcmeServer;
  readonly balancer: Balancer;
  readonly port: number;
  readonly admin: string;
  /** What a client gets for that name. */
  readonly shown: (name?: string) => Promise<PeerCertificate>;
}

interface Wishes {
  readonly section: string;
  readonly load: string;
  readonly global?: string;
  readonly sections?: string;
  readonly secure?: boolean;
  readonly args?: readonly string[];
  readonly server?: (port: number) => Omit<Parameters<typeof AcmeServer.start>[1], 'authority'>;
  readonly prepare?: (server: AcmeServer, folder: string) => void;
}

const SITE = 'site.pem';

async function startAcme(t: TestContext, wishes: Wishes): Promise<Setting> {
  const authority = new Authority(t);
  const { folder } = authority;
  const [port, plain] = [await freePort(), await freePort()];
  const served = wishes.server?.(plain) ?? { validate: asked => askForFile(plain, asked) };
  const tls =
    wishes.secure === true
      ? authority.issue({ name: 'ca', alternatives: 'IP:127.0.0.1,DNS:ca.example' })
      : undefined;
  const server = await AcmeServer.start(t, { authority, ...served, ...(tls && { tls }) });
  wishes.prepare?.(server, folder);
  const admin = `${folder}/admin.sock`;
  const balancer = await startBalancer(
    t,
    `global
  expose-experimental-directives
  nbthread 2
  stats socket ${admin} level admin
  log stdout format raw local0
  httpclient.ssl.ca-file ${authority.file}
${wishes.global ?? ''}
defaults
  mode http
  timeout client 20s
crt-store
  load crt ${folder}/${SITE} acme LE ${wishes.load}
frontend in
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${port} ssl crt ${folder}/${SITE}
  http-request return status 200 content-type text/plain lf-string "%[path,field(-1,/)].%[path,field(-1,/),map(virt@acme)]\\n" if { path_beg '/.well-known/acme-challenge/' }
  http-request return status 204
acme LE
  directory ${server.directory}
  account-key ${folder}/account.key
${wishes.section}
${wishes.sections ?? ''}
`,
    { ports: [port, plain], args: wishes.args ?? [] },
  );
  const shown = async (servername = 'a.example'): Promise<PeerCertificate> => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(60_000) });
    const certificate = socket.getPeerCertificate();
    socket.destroy();
    return certificate;
  };
  return { authority, server, balancer, port, admin, shown };
}

const said = ({ balancer }: Setting, pattern: RegExp): Promise<string> =>
  untilMatches(() => balancer.output(), pattern);
const SUCCESS = /acme: \S+: Successful update of the certificate\./;

test('http-01: a certificate that is not there yet is ordered at the start and shown by all threads', async t => {
  if (!requiresOpenssl(t)) return;
  const setting = await startAcme(t, {
    secure: true,
    load: 'domains "a.example,b.example" ips "192.0.2.1,2001:db8::1"',
    section: '  map virt@acme\n  contact me@a.example\n  profile classic',
  });
  const { authority, server, admin, shown } = setting;
  const name = `${authority.folder}/${SITE}`;
  await said(setting, SUCCESS);
  assert.match(setting.balancer.output(), /http-01 for a\.example succeeded/);
  for (let i = 0; i < 6; i++) assert.equal((await shown()).issuer.CN, 'Test Authority');
  assert.equal((await shown()).subject.CN, 'a.example');
  assert.deepEqual(server.faults, []);
  const [account = {}] = server.newAccounts;
  assert.deepEqual(account['contact'], ['mailto:me@a.example']);
  assert.equal(account['termsOfServiceAgreed'], true);
  assert.equal(server.orders[0]?.profile, 'classic');
  assert.deepEqual(server.orders[0]?.identifiers.at(-1), { type: 'ip', value: '2001:db8::1' });

  writeFileSync(`${authority.folder}/a.csr`, server.certificateRequests[0] as Buffer);
  const request = openssl(
    authority.folder,
    'req',
    '-inform',
    'DER',
    '-in',
    'a.csr',
    '-noout',
    '-text',
    '-verify',
  );
  assert.match(
    request,
    /DNS:a\.example, DNS:b\.example, IP Address:192\.0\.2\.1, IP Address:2001:DB8:0:0:0:0:0:1/,
  );
  assert.match(request, /secp384r1/);

  assert.equal(await ask(admin, 'show map virt@acme'), '\n', 'tokens are gone');
  assert.equal(statSync(`${authority.folder}/account.key`).mode & 0o777, 0o600);
  assert.equal(existsSync(name), false, "certificates are the operator's to keep");
  const dumped = await ask(admin, `dump ssl cert ${name}`);
  assert.ok(new X509Certificate(dumped).checkIssued(new X509Certificate(authority.pem)));
  const [head, line = ''] = (await ask(admin, 'acme status')).split('\n');
  assert.equal(
    head,
    '# certificate\tsection\tstate\texpiration date (UTC)\texpires in\tscheduled date (UTC)\tscheduled in',
  );
  const [certificate, section, state, until, left, due, wait] = line.split('\t');
  assert.deepEqual([certificate, section, state], [name, 'LE', 'Scheduled']);
  assert.match(left ?? '', /^29d 23h5\dm\d\ds$/);
  assert.match(wait ?? '', /^27d 11h\d\dm\d\ds$/, 'a twelfth of its life before');
  assert.equal(Date.parse(until ?? '') - Date.parse(due ?? ''), 30 * 7_200_000);
  assert.match(await ask(admin, 'show events dpapi -0'), /acme newcert \S+site\.pem\n\0/);

  // on command, with the account that is there
  assert.equal(await ask(admin, `acme renew ${name}`), '\n');
  await untilMatches(() => String(setting.balancer.output().match(/Successful/g)?.length), /^2$/);
  assert.equal(server.newAccounts.length, 1);
  assert.match(
    await ask(admin, 'acme renew nothing'),
    /^No ACME configuration found for certificate 'nothing'\./,
  );
  const keys = [dumped, await ask(admin, `dump ssl cert ${name}`)].map(pem =>
    createPublicKey(pem).export({ type: 'spki', format: 'pem' }),
  );
  assert.notEqual(keys[0], keys[1], 'a new key each time');
});

test('until the certificate is there its stand-in is shown; failures are said and tried again', async t => {
  if (!requiresOpenssl(t)) return;
  const busy = { status: 503, headers: { 'Retry-After': '1' } };
  const stale = {
    status: 400,
    body: JSON.stringify({ type: 'urn:ietf:params:acme:error:badNonce', detail: 'stale' }),
  };
  const scripts: Record<string, typeof busy | typeof stale | undefined> = {
    'GET directory': busy,
    'POST new-order': stale,
  };
  const setting = await startAcme(t, {
    load: 'domains a.example',
    global: '  acme.scheduler off',
    section: '  map virt@acme\n  keytype RSA\n  bits 2048\n  reuse-key on',
    prepare: server => {
      server.script = request => {
        const reply = scripts[request];
        delete scripts[request];
        return reply;
      };
    },
  });
  const { authority, server, admin, shown } = setting;
  const name = `${authority.folder}/${SITE}`;
  const before = await shown();
  assert.equal(before.issuer.CN, 'a.example', 'signed by itself');
  assert.equal(before.bits, 2048);
  assert.match(await ask(admin, 'acme status'), /\tStopped\t/);
  await ask(admin, `acme renew ${name}`);
  await said(setting, SUCCESS);
  assert.equal((await shown()).issuer.CN, 'Test Authority');
  assert.deepEqual((await shown()).pubkey, before.pubkey, 'reuse-key');
  assert.equal(server.requests.filter(request => request === 'GET directory').length, 2);
  assert.equal(server.requests.filter(request => request === 'POST new-order').length, 2);
  assert.deepEqual(server.faults, []);

  const limit = {
    status: 429,
    headers: { 'Retry-After': '7200' },
    body: JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many' }),
  };
  const failures: readonly (readonly [object, RegExp])[] = [
    [limit, /The update failed: \S+\/new-order answers rateLimited: too many\./],
    [{ status: 201, body: '{"status":' }, /The update failed: the order's address is no URL/],
    [
      { status: 201, headers: { Location: 'x:y' }, body: '{}' },
      /The update failed: the order's address is no URL/,
    ],
    [
      { status: 201, headers: { Location: server.url }, body: '[]' },
      /The update failed: the answer of \S+\/new-order is no JSON object/,
    ],
  ];
  for (const [reply, words] of failures) {
    server.script = request => (request === 'POST new-order' ? (reply as typeof limit) : undefined);
    assert.equal(await ask(admin, `acme renew ${name}`), '\n');
    await said(setting, words);
    await untilMatches(() => ask(admin, 'acme status'), /\tStopped\t/);
  }
  assert.equal((await shown()).issuer.CN, 'Test Authority', 'the old one stays');
});

test('a challenge that the authority does not believe is given up with its words', async t => {
  if (!requiresOpenssl(t)) return;
  const setting = await startAcme(t, {
    load: 'domains a.example',
    section: '  map virt@other',
    sections: 'backend b\n  use-server s if { path,map(virt@other) -m found }\n  server s 127.0.0.1:1',
  });
  await said(
    setting,
    /acme: \S+: The update failed: http-01 for a\.example failed: unauthorized: 200 [\w-]+\.\. Next try in 60 s\./,
  );
  assert.equal((await setting.shown()).issuer.CN, 'a.example');
  assert.equal(await ask(setting.admin, 'show map virt@other'), '\n');
});

test('an account is bound to an external one, by credentials that are in files', async t => {
  if (!requiresOpenssl(t)) return;
  const secret = Buffer.alloc(32, 7);
  const files = temporaryFolder(t);
  writeFileSync(`${files}/id`, 'me\n');
  writeFileSync(`${files}/mac`, `${secret.toString('base64url')}\n`);
  const setting = await startAcme(t, {
    load: 'domains a.example',
    server: plain => ({ externalKey: secret, validate: asked => askForFile(plain, asked) }),
    section: `  map virt@acme\n  eab-key-id ${files}/id\n  eab-mac-key ${files}/mac`,
  });
  await said(setting, SUCCESS);
  assert.deepEqual(setting.server.faults, []);
  const [{ externalAccountBinding: bound } = {}] = setting.server.newAccounts;
  assert.deepEqual(headOf(bound as Jws), {
    alg: 'HS256',
    kid: 'me',
    url: `${setting.server.url}/new-account`,
  });
});

test('a reload while an order runs leaves it, the next worker orders for itself', async t => {
  if (!requiresOpenssl(t)) return;
  const asked: string[] = [];
  const setting = await startAcme(t, {
    args: ['-W'],
    load: 'domains a.example',
    section: '  map virt@acme',
    server: plain => ({
      validate: async one => {
        asked.push(one.token);
        // the first worker waits for its authority for ever
        return asked.length === 1 ? new Promise(() => undefined) : askForFile(plain, one);
      },
    }),
  });
  const { balancer, admin } = setting;
  await until('the first challenge', () => asked.length === 1);
  const first = /^Pid: (\d+)$/m.exec(await ask(admin, 'show info'))?.[1];
  balancer.process.kill('SIGUSR2');
  await said(setting, SUCCESS);
  assert.notEqual(/^Pid: (\d+)$/m.exec(await ask(admin, 'show info'))?.[1], first);
  assert.equal((await setting.shown()).issuer.CN, 'Test Authority');
  assert.doesNotMatch(balancer.output(), /The update failed/);
  await until('the end of the first worker', () => !existsSync(`/proc/${first}`));
  assert.equal(setting.server.newAccounts.length, 1, 'the account is the same');
});

test('without the rights and the files of the start the authority is found by the section default', async t => {
  if (!requires(t, 'root', 'openssl')) return;
  const dns = await startDnsServer(t, (_name, type) => ({
    records: type === 'A' ? [{ type, data: '127.0.0.1' }] : [],
  }));
  const root = temporaryFolder(t);
  const setting = await startAcme(t, {
    secure: true,
    global: `  chroot ${root}\n  uid 65534\n  gid 65534`,
    load: 'domains a.example',
    section: '  map virt@acme',
    sections: `resolvers default\n  nameserver one 127.0.0.1:${dns.port}`,
    server: plain => ({ host: 'ca.example', validate: asked => askForFile(plain, asked) }),
  });
  await said(setting, SUCCESS);
  assert.ok(dns.questions.includes('A ca.example'));
  assert.deepEqual(readdirSync(root), []);
  assert.equal((await setting.shown()).issuer.CN, 'Test Authority');
});

/** dns-01 with a nameserver of the test; `records` is what it has. */
async function startDns(
  t: TestContext,
  section: string,
  load: string,
  records: Map<string, string[]>,
  types = ['dns-01'],
): Promise<Setting & { readonly questions: readonly string[] }> {
  const dns = await startDnsServer(t, (name, type) => ({
    records: (type === 'TXT' ? (records.get(name) ?? []) : []).map(data => ({ type: 'TXT', data })),
  }));
  const validate = async ({ name, answer }: AskedAuthorization): Promise<string | undefined> =>
    records.get(`_acme-challenge.${name}`)?.includes(recordText(answer)) === true ||
    records.has(`_validation-persist.${name}`)
      ? undefined
      : 'no record';
  const setting = await startAcme(t, {
    load,
    section,
    sections: `resolvers default\n  nameserver one 127.0.0.1:${dns.port}`,
    server: () => ({ validate, types }),
  });
  return { ...setting, questions: dns.questions };
}

test('dns-01: tools are told of the records, an operator says they are there, they are looked for', async t => {
  if (!requiresOpenssl(t)) return;
  const records = new Map<string, string[]>();
  const setting = await startDns(
    t,
    `  challenge dns-01
  challenge-ready cli,delay,dns
  dns-delay 1s
  provider-name godaddy
  acme-vars 'a="b"'`,
    'domains "a.example,*.a.example"',
    records,
  );
  const { admin, authority } = setting;
  const name = `${authority.folder}/${SITE}`;
  const events = await untilMatches(
    () => ask(admin, 'show events dpapi -0'),
    /acme deploy[^]*acme deploy[^]*\0/,
  );
  const told = [...events.matchAll(/dns-01-record "([\w-]+)"\n\{\n {2}"identifier": \{/g)].map(
    ([, text]) => text as string,
  );
  assert.match(
    events,
    /acme deploy \S+site\.pem thumbprint [\w-]{43}\nprovider-name "godaddy"\nacme-vars "a=\\"b\\""\n/,
  );
  assert.equal(told.length, 2);
  assert.match(await ask(admin, 'acme status'), /\tRunning\t/);
  assert.match(await ask(admin, `acme renew ${name}`), /is being renewed already/);
  assert.match(
    await ask(admin, `acme challenge_ready ${name} domain b.example`),
    /^No challenge of certificate/,
  );
  assert.match(await ask(admin, `acme challenge_ready ${name} domain a.example`), /^1\/2 challenge/);
  assert.match(await ask(admin, `acme challenge_ready ${name} domain *.a.example`), /^2\/2 challenge/);
  await untilMatches(() => String(setting.questions.length), /[1-9]/);
  records.set('_acme-challenge.a.example', told);
  await said(setting, SUCCESS);
  assert.ok(setting.questions.includes('TXT _acme-challenge.a.example'));
  assert.equal((await setting.shown('x.a.example')).subjectaltname, 'DNS:a.example, DNS:*.a.example');
});

test('dns-01 ends when the record does not come, and dns-persist-01 asks nobody when it is there', async t => {
  if (!requiresOpenssl(t)) return;
  const none = await startDns(
    t,
    '  challenge dns-01\n  challenge-ready dns\n  dns-delay 1s\n  dns-timeout 1s',
    'domains a.example',
    new Map(),
  );
  const records = new Map([['_validation-persist.a.example', ['ca.example; accounturi=x']]]);
  const there = await startDns(t, '  challenge dns-persist-01', 'domains a.example', records, [
    'dns-persist-01',
  ]);
  await said(there, SUCCESS);
  assert.doesNotMatch(there.balancer.output(), /needs the TXT record/);
  assert.deepEqual([...new Set(there.questions)], ['TXT _validation-persist.a.example']);
  await said(
    none,
    /The update failed: the TXT record "_acme-challenge\.a\.example" is not there after 1 s\./,
  );
});
