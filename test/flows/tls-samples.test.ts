/**
 * What samples tell of clients over TLS, in HAProxy and in lb, to the same clients: certificates and what is wrong with
 * them, lists of the ClientHello, and the log lines of handshakes that fail.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { makeCertificate, requiresOpenssl, type Subject } from '../support/openssl.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const PATIENCE_MS = 60_000;
const AUTHORITY = ['basicConstraints=critical,CA:true', 'keyUsage=keyCertSign,cRLSign'];
const RSA = ['rsa:2048'];

const SUBJECTS: readonly Subject[] = [
  { name: 'root', subject: '/C=FR/O=An Authority/CN=Root', extensions: AUTHORITY, key: RSA },
  { name: 'inter', subject: '/C=FR/O=An Authority/CN=Between', issuer: 'root', extensions: AUTHORITY },
  { name: 'stranger', subject: '/CN=Stranger', extensions: AUTHORITY },
  { name: 'site', subject: '/C=FR/L=Paris/O=site, of ours/CN=a.example', issuer: 'root', key: RSA },
  {
    name: 'client',
    subject: '/C=FR/ST=Some/O=ACME, Inc/OU=a/OU=b/CN=cl\\/ient/emailAddress=me@a.example',
    issuer: 'inter',
    extensions: ['subjectAltName=DNS:c.example,email:me@a.example'],
  },
  { name: 'direct', subject: '/CN=direct', issuer: 'root' },
  { name: 'alone', subject: '/CN=alone' },
  { name: 'old', subject: '/CN=old', issuer: 'inter', options: ['-days', '-1'] },
];

const folder = mkdtempSync(join(tmpdir(), 'lb-test-'));
let made = false;

after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string): string {
  return join(folder, `${name}.pem`);
}

function text(...names: readonly string[]): string {
  return names.map(name => readFileSync(file(name), 'latin1')).join('');
}

function prepare(t: TestContext): boolean {
  if (!requiresOpenssl(t) || !requires(t, 'haproxy')) return false;
  if (made) return true;
  made = true;
  for (const subject of SUBJECTS) makeCertificate(folder, subject);
  writeFileSync(file('served'), text('site') + readFileSync(join(folder, 'site.key'), 'latin1'));
  writeFileSync(file('both'), text('root', 'inter'));
  return true;
}

/** `sent`: the client's certificate and what it sends with it. */
function presenting(...sent: readonly string[]): ConnectionOptions {
  const [own = ''] = sent;
  return { cert: text(...sent), key: readFileSync(join(folder, `${own}.key`), 'latin1') };
}

interface Case {
  readonly name: string;
  /** Behind `ssl crt ...`. */
  readonly bind: string;
  readonly client: () => ConnectionOptions;
}

/** One frontend a case; the answer is a line a word. */
async function start(
  t: TestContext,
  program: string,
  cases: readonly Case[],
  { words, global = '', log = '' }: { words: readonly string[]; global?: string; log?: string },
): Promise<readonly number[]> {
  const ports: number[] = [];
  for (const _ of cases) ports.push(await freePort());
  const lines = words.map((word, index) => `${index}=%[${word}]`).join('\\n');
  const frontends = cases.map(
    ({ bind }, index) => `
frontend f${index}
  bind 127.0.0.1:${ports[index]} ssl crt ${file('served')} ${bind}
  http-request return status 200 content-type text/plain lf-string "${lines}"
`,
  );
  const config = `
global
  nbthread 1
  ${global}
defaults
  mode http
  timeout client 10s
${log}
${frontends.join('')}`;
  await startBalancer(t, config, { program, ports });
  return ports;
}

async function open(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
  return socket;
}

/** Lines of the answer, without their numbers; empty: there was none. */
async function ask(socket: TLSSocket): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
  await closed;
  const [, body = ''] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
  return body.split('\n').map(line => line.slice(line.indexOf('=') + 1));
}

/** The same words by both. */
async function compare(
  t: TestContext,
  cases: readonly Case[],
  words: readonly string[],
  global?: string,
): Promise<void> {
  const [theirs, ours] = [
    await start(t, 'haproxy', cases, { words, ...(global !== undefined && { global }) }),
    await start(t, LB, cases, { words, ...(global !== undefined && { global }) }),
  ];
  for (const [at, { name, client }] of cases.entries()) {
    const expected = await ask(await open(theirs[at] as number, client()));
    const actual = await ask(await open(ours[at] as number, client()));
    assert.equal(expected.length, words.length, name);
    const named = (values: readonly string[]): Record<string, string | undefined> =>
      Object.fromEntries(words.map((word, index) => [word, values[index]]));
    assert.deepEqual(named(actual), named(expected), name);
  }
}

const NAMES = ['i_dn', 's_dn', 's_dn(CN)', 's_dn(OU,2)', 's_dn(OU,-2)', 's_dn(OU,3)', 's_dn(,0,rfc2253)'];
const FIELDS = [
  'serial,hex',
  'sha1,hex',
  'key_alg',
  'sig_alg',
  'notbefore',
  'notafter',
  'version',
  'der,hex',
];
const VERDICT = ['ssl_c_used', 'ssl_c_verify', 'ssl_c_err', 'ssl_c_ca_err', 'ssl_c_ca_err_depth'];
const CONNECTION = ['', '_protocol', '_cipher', '_alpn', '_sni', '_has_sni', '_has_crt', '_is_resumed'];
const MORE = ['_alg_keysize', '_use_keysize', '_err', '_err_str', '_npn', '_has_early'];

test('certificates and connections of clients are told as by HAProxy', async t => {
  if (!prepare(t)) return;
  const asked = `ca-file ${file('both')} verify optional`;
  const cases: readonly Case[] = [
    {
      name: 'TLS 1.3',
      bind: `${asked} alpn http/1.1`,
      client: () => ({ ...presenting('client', 'inter'), servername: 'a.b' }),
    },
    { name: 'TLS 1.2', bind: asked, client: () => ({ ...presenting('client'), maxVersion: 'TLSv1.2' }) },
    { name: 'no certificate', bind: asked, client: () => ({}) },
    { name: 'none asked for', bind: '', client: () => presenting('client') },
    {
      name: 'another cipher',
      bind: 'force-tlsv12 ciphers AES128-SHA',
      client: () => ({ ciphers: 'AES128-SHA' }),
    },
  ];
  const words = [
    ...[...CONNECTION, ...MORE].map(word => `ssl_fc${word}`),
    ...[...NAMES, ...FIELDS, 'chain_der,hex'].map(word => `ssl_c_${word}`),
    ...[...NAMES, ...FIELDS].map(word => `ssl_f_${word}`),
    ...VERDICT,
    'fc_err',
    'fc_err_str',
  ];
  await compare(t, cases, words);
});

test('first errors of certificates that are ignored, and their depths, are those of HAProxy', async t => {
  if (!prepare(t)) return;
  const ignoring = 'verify optional ca-ignore-err all crt-ignore-err all';
  const cases = (
    [
      ['good', 'both', ['client', 'inter']],
      ['whole by what it sends', 'root', ['client', 'inter']],
      ['no issuer', 'root', ['client']],
      ['no issuer of the authority', 'inter', ['client']],
      ['an authority that is sent is none', 'stranger', ['client', 'inter', 'root']],
      ['no issuer of what is sent', 'stranger', ['client', 'inter']],
      ['its own issuer', 'root', ['alone']],
      ['its own issuer, which is trusted', 'alone', ['alone']],
      ['too old', 'both', ['old', 'inter']],
      ['too old, and no issuer', 'stranger', ['old']],
      ['too old, and an unknown authority', 'stranger', ['old', 'inter', 'root']],
      ['more than is needed', 'root', ['direct', 'inter', 'root', 'alone']],
    ] as const
  ).map(([name, trusted, sent]) => ({
    name,
    bind: `ca-file ${file(trusted)} ${ignoring}`,
    client: () => presenting(...sent),
  }));
  await compare(t, cases, [...VERDICT, 'ssl_fc_has_crt', 'ssl_c_s_dn', 'ssl_c_chain_der,hex']);
});

test('lists of the ClientHello are captured as by HAProxy, and cut off where its buffer ends', async t => {
  if (!prepare(t)) return;
  const lists = [
    'cipherlist_bin,hex',
    'cipherlist_hex',
    'cipherlist_hex(1)',
    'cipherlist_str',
    'cipherlist_xxh',
  ];
  const others = [
    'extlist_bin,hex',
    'extlist_bin(1),hex',
    'eclist_bin(1),hex',
    'ecformats_bin,hex',
    'protocol_hello_id',
  ];
  const words = [...lists, ...others].map(word => `ssl_fc_${word}`);
  const cases: readonly Case[] = [
    { name: 'TLS 1.3', bind: '', client: () => ({ servername: 'a.example' }) },
    {
      name: 'TLS 1.2',
      bind: '',
      client: () => ({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA' }),
    },
  ];
  for (const size of [0, 1, 3, 60, 150, 1000])
    await compare(t, cases, words, `tune.ssl.capture-buffer-size ${size}`);
});

test('a connection is bound to what both ends know of it, and a session that is resumed keeps its certificate', async t => {
  if (!prepare(t)) return;
  const words = [
    'ssl_fc_unique_id,hex',
    'ssl_fc_is_resumed',
    'ssl_c_s_dn',
    'ssl_fc_has_crt',
    'ssl_f_s_dn',
    'ssl_fc_curve',
  ];
  const own = ['ssl_fc_crtname', 'ssl_c_san', 'ssl_c_r_dn(CN)', 'ssl_fc_client_random,hex,lower'];
  const bind = `ca-file ${file('both')} verify optional force-tlsv12`;
  const cases: readonly Case[] = [{ name: 'resumed', bind, client: () => presenting('client', 'inter') }];
  const global = 'tune.ssl.keylog on';
  const [port] = await start(t, LB, cases, { words: [...words, ...own], global });
  const options = presenting('client', 'inter');
  const first = await open(port as number, options);
  const finished = first.getFinished()?.toString('hex').toUpperCase();
  const session = first.getSession();
  const [id, ...told] = await ask(first);
  assert.equal(id, finished);
  assert.deepEqual(told.slice(0, 5), ['0', SUBJECT, '1', SITE, 'X25519']);
  assert.deepEqual(told.slice(5, 8), [file('served'), 'DNS:c.example, email:me@a.example', 'Root']);
  assert.match(told[8] ?? '', /^[0-9a-f]{64}$/);
  const second = await open(port as number, { ...options, ...(session !== undefined && { session }) });
  assert.ok(second.isSessionReused());
  const theirs = second.getPeerFinished()?.toString('hex').toUpperCase();
  const [secondId, ...again] = await ask(second);
  assert.equal(secondId, theirs);
  assert.deepEqual(again.slice(0, 4), ['1', SUBJECT, '0', SITE]);
  assert.equal(again[5], file('served'));
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a client whose certificate was refused over ${version} does not come in by its session`, async t => {
    if (!prepare(t)) return;
    const cases: readonly Case[] = [
      { name: 'refused', bind: `verify required ca-file ${file('root')}`, client: () => ({}) },
    ];
    const [port] = await start(t, LB, cases, { words: ['src'] });
    const options = { ...presenting('client'), minVersion: version, maxVersion: version };
    const session = await sessionOf(port as number, options);
    const again = { ...options, ...(session !== undefined && { session }) };
    assert.equal(await isServed(port as number, again), false);
    assert.equal(await isServed(port as number, { ...presenting('direct'), maxVersion: version }), true);
  });

/** What a client has got for a session when it is thrown out. */
async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer | undefined> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  socket.on('secureConnect', () => (session = socket.getSession()));
  socket.on('session', (one: Buffer) => (session = one));
  socket.on('error', () => undefined);
  socket.resume();
  await until('the end of the connection', () => socket.destroyed);
  return session;
}

async function isServed(port: number, options: ConnectionOptions): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
  await until('the end of the connection', () => socket.destroyed);
  return answer.includes('200 OK');
}

const SUBJECT = '/C=FR/ST=Some/O=ACME, Inc/OU=a/OU=b/CN=cl/ient/emailAddress=me@a.example';
const SITE = '/C=FR/L=Paris/O=site, of ours/CN=a.example';

test('handshakes that fail are logged with what is known of them, as by HAProxy', async t => {
  if (!prepare(t)) return;
  const required = 'verify required force-tlsv12';
  const cases: readonly Case[] = [
    {
      name: 'wrong authority',
      bind: `${required} ca-file ${file('stranger')}`,
      client: () => presenting('client', 'inter', 'root'),
    },
    { name: 'no issuer', bind: `${required} ca-file ${file('root')}`, client: () => presenting('client') },
    { name: 'no certificate', bind: `${required} ca-file ${file('root')}`, client: () => ({}) },
    { name: 'no cipher', bind: 'force-tlsv12 ciphers AES128-SHA', client: () => ({ ciphers: 'AES256-SHA' }) },
    { name: 'no version', bind: 'force-tlsv13', client: () => ({ maxVersion: 'TLSv1.2' }) },
  ];
  const format =
    '%ft|%[fc_err]|%[fc_err_str]|%[ssl_fc_err]|%[ssl_fc_err_str]|%[ssl_c_err]/%[ssl_c_ca_err]|%[ssl_c_s_dn]|%[ssl_fc_sni]/%sslv/%sslc|%[ssl_fc_is_resumed]';
  const logged: string[][] = [];
  for (const program of ['haproxy', LB]) {
    const receiver = await startLogReceiver(t);
    const log = `  log 127.0.0.1:${receiver.port} format raw local0\n  log-format "${format}"\n  error-log-format "E|${format}"`;
    const ports = await start(t, program, cases, { words: ['src'], log });
    const lines: string[] = [];
    for (const [at, { client }] of cases.entries()) {
      const socket = connect({
        port: ports[at],
        host: '127.0.0.1',
        rejectUnauthorized: false,
        servername: 'a.example',
        ...client(),
      });
      socket.on('error', () => undefined);
      lines.push((await receiver.find(new RegExp(`E\\|f${at}~?\\|.*`)))[0]);
      socket.destroy();
    }
    logged.push(lines);
  }
  assert.deepEqual(logged[1], logged[0]);
});
