/**
 * What samples tell of connections to servers over TLS, as fields of responses and in logs: in HAProxy and in lb, before
 * the same server. What HAProxy 2.6 lacks, or what differs from connection to connection, is held against the server.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { LB, startBalancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { requires } from '../support/requirement.ts';
import { tlsFile } from '../support/tls-material.ts';
import { startRawOrigin } from '../support/origin.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';

const CERTIFICATE = ['i_dn', 's_dn', 's_dn(CN)', 's_dn(O,1)', 's_dn(,0,rfc2253)', 'serial,hex', 'sha1,hex'];
const MORE = ['key_alg', 'sig_alg', 'notbefore', 'notafter', 'version', 'der,hex', 'chain_der,hex'];
const CONNECTION = ['', '_protocol', '_cipher', '_alpn', '_is_resumed', '_alg_keysize', '_use_keysize'];
const OURS = ['ssl_bc_sni', 'ssl_bc_curve', 'ssl_bc_unique_id,hex', 'ssl_bc_session_key,hex'];
const SAME = [
  ...[...CERTIFICATE, ...MORE].map(word => `ssl_s_${word}`),
  ...CONNECTION.map(word => `ssl_bc${word}`),
  'ssl_bc_err',
  'ssl_bc_err_str',
  'bc_err',
  'bc_err_str',
];

/** The server goes with its last byte, and so before the log line. */
const CLOSING = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

async function fieldsOf(port: number): Promise<Readonly<Record<string, string>>> {
  const signal = AbortSignal.timeout(60_000);
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    headers: { host: 'a.example' },
    agent: false,
    signal,
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.headers as Readonly<Record<string, string>>;
}

async function start(
  t: TestContext,
  program: string,
  { words, server, log = '' }: { words: readonly string[]; server: string; log?: string },
): Promise<number> {
  const port = await freePort();
  const fields = words.map((word, index) => `  http-response set-header x-${index} "%[${word}]"`).join('\n');
  const config = `
global
  nbthread 1
  tune.ssl.keylog on
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  retries 0
${log}
listen l
  bind 127.0.0.1:${port}
${fields}
  server s ${server}
`;
  await startBalancer(t, config, { program, ports: [port] });
  return port;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`certificate and connection of a server over ${version} are told as by HAProxy`, async t => {
    if (!requires(t, 'openssl', 'haproxy')) return;
    const authority = new Authority(t);
    const certificate = authority.issue({ name: 'a.example', alternatives: 'DNS:a.example' });
    const sockets: TLSSocket[] = [];
    const origin = await startTlsOrigin(t, certificate, {
      maxVersion: version,
      ALPNProtocols: ['http/1.1'],
    });
    origin.server.on('secureConnection', (socket: TLSSocket) => sockets.push(socket));
    const server = `${origin.address} ssl verify none sni str(a.example) alpn http/1.1`;
    const theirs = await fieldsOf(await start(t, 'haproxy', { words: SAME, server }));
    const ours = await fieldsOf(await start(t, LB, { words: [...SAME, ...OURS], server }));
    for (const [index, word] of SAME.entries()) assert.equal(ours[`x-${index}`], theirs[`x-${index}`], word);
    const told = OURS.map((_, index) => ours[`x-${SAME.length + index}`]);
    const socket = sockets.at(-1) as TLSSocket;
    const finished = socket.getFinished()?.toString('hex').toUpperCase();
    assert.deepEqual(told.slice(0, 3), ['a.example', 'X25519', finished]);
    assert.match(told[3] ?? '', /^[0-9A-F]{96}$/);
  });

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a server's certificate is known where its session over ${version} is resumed`, async t => {
    if (!requires(t, 'openssl')) return;
    const certificate = new Authority(t).issue({ name: 'a.example' });
    const origin = await startTlsOrigin(t, certificate, { maxVersion: version });
    const words = ['ssl_bc_is_resumed', 'ssl_s_s_dn(CN)', 'ssl_s_sha1,hex', 'ssl_s_chain_der,length'];
    const server = `${origin.address} ssl verify none pool-max-conn 0`;
    const port = await start(t, LB, { words, server });
    const told = async (): Promise<readonly unknown[]> => {
      const fields = await fieldsOf(port);
      return words.map((_, index) => fields[`x-${index}`]);
    };
    const [, name, hash] = await told();
    assert.equal(name, 'a.example');
    assert.deepEqual(await told(), ['1', 'a.example', hash, '']);
  });

test('secrets of TLS 1.3 are those the server has, with tune.ssl.keylog', async t => {
  if (!requires(t, 'openssl')) return;
  const certificate = new Authority(t).issue({ name: 'a.example' });
  const origin = await startTlsOrigin(t, certificate);
  const lines: string[] = [];
  origin.server.on('keylog', (line: Buffer) => lines.push(line.toString().trimEnd()));
  const names = ['client_traffic_secret_0', 'server_handshake_traffic_secret', 'exporter_secret'];
  const words = [...names.map(name => `ssl_bc_${name}`), 'ssl_bc_client_random,hex,lower'];
  const port = await start(t, LB, { words, server: `${origin.address} ssl verify none` });
  const fields = await fieldsOf(port);
  for (const [index, name] of names.entries())
    assert.ok(
      lines.includes(`${name.toUpperCase()} ${fields[`x-${names.length}`]} ${fields[`x-${index}`]}`),
      name,
    );
});

test('random bytes of both hellos are the same at both ends, whoever makes the handshake', async t => {
  const random = /^[0-9A-F]{64}$/;
  const ends = ['client', 'server'] as const;
  const told = ends.map(end => `hdr x-fc-${end} "%[ssl_fc_${end}_random,hex]"`).join(' ');
  const lines = [
    // the second by Node, the third with a HelloRetryRequest
    'ssl-max-ver TLSv1.2',
    'ssl-max-ver TLSv1.2 ciphers AES128-SHA',
    'ssl-min-ver TLSv1.3 curves P-384',
  ];
  const ports: number[] = [];
  for (const _ of lines) ports.push(await freePort(), await freePort());
  const sections = lines.map((line, index) => {
    const [outside, inside] = ports.slice(2 * index);
    return `listen outer${index}
  bind 127.0.0.1:${outside}
  http-response set-header x-bc-client %[ssl_bc_client_random,hex]
  http-response set-header x-bc-server %[ssl_bc_server_random,hex]
  server s 127.0.0.1:${inside} ssl verify none
frontend inner${index}
  bind 127.0.0.1:${inside} ssl crt ${tlsFile('rsa.pem')} ${line}
  http-request return status 200 ${told}
`;
  });
  const text = `defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
${sections.join('')}`;
  await startBalancer(t, text, { ports });
  for (const [index, line] of lines.entries()) {
    const fields = await fieldsOf(ports[2 * index] as number);
    for (const end of ends) {
      assert.match(fields[`x-fc-${end}`] ?? '', random, line);
      assert.equal(fields[`x-bc-${end}`], fields[`x-fc-${end}`], line);
    }
    assert.notEqual(fields['x-fc-client'], fields['x-fc-server'], line);
  }
});

test('what broke TLS with a server behind the handshake is logged, and why names are wrong or nothing was said', async t => {
  const authority = new Authority(t);
  const origin = await startTlsOrigin(
    t,
    authority.issue({ name: 'a.example', alternatives: 'DNS:a.example' }),
    {
      ca: readFileSync(authority.file),
      requestCert: true,
      rejectUnauthorized: true,
    },
  );
  const silent = await startRawOrigin(t, socket => void socket.once('data', () => socket.end()));
  const trusted = `ssl ca-file ${authority.file} no-sni-auto`;
  for (const [server, line] of [
    [
      `${origin.address} ssl verify none`,
      '43|SSL_FATAL|167773276|error:0A00045C:SSL routines::tlsv13 alert certificate required',
    ],
    [
      `${origin.address} ${trusted} verifyhost b.example`,
      '32|SSL_MISMATCH|167772294|error:0A000086:SSL routines::certificate verify failed',
    ],
    [`${silent.address} ssl verify none`, '34|SSL_HANDSHAKE|0|-'],
  ] as const) {
    const receiver = await startLogReceiver(t);
    const log = `  log 127.0.0.1:${receiver.port} format raw local0\n  log-format "%[bc_err]|%[bc_err_name]|%[ssl_bc_err]|%[ssl_bc_err_str]"`;
    await fieldsOf(await start(t, LB, { words: [], server, log }));
    assert.equal((await receiver.find(/\d+\|.*/))[0], line, server);
  }
});

async function logged(t: TestContext, server: string, format: string, more = ''): Promise<string> {
  const receiver = await startLogReceiver(t);
  const log = `${more}  log 127.0.0.1:${receiver.port} format raw local0\n  log-format "line ${format}"`;
  await fieldsOf(await start(t, LB, { words: [], server, log }));
  return (await receiver.find(/line (.*)/))[1] ?? '';
}

test('a log line knows the certificate and the session of a server that has closed its connection', async t => {
  const certificate = new Authority(t).issue({ name: 'a.example', alternatives: 'DNS:a.example' });
  const origin = await startTlsOrigin(t, certificate, { maxVersion: 'TLSv1.2' });
  origin.server.on('secureConnection', (socket: TLSSocket) => socket.once('data', () => socket.end(CLOSING)));
  const words =
    '%[ssl_s_s_dn(CN)] %[ssl_s_sha1,hex,length] %[ssl_bc_session_id,hex,length] %[ssl_bc_protocol]';
  assert.equal(await logged(t, `${origin.address} ssl verify none`, words), 'a.example 40 64 TLSv1.2');
});

test('a server whose handshake fails, or never ends, is told with its address and its TLS', async t => {
  const words = '%ST %ts %[bc_dst]:%[bc_dst_port] %[ssl_bc] %[ssl_bc_cipher]';
  for (const [answer, state] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'SC'],
    [undefined, 'sC'],
  ] as const) {
    const origin = await startRawOrigin(t, socket => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer !== undefined && socket.end(answer));
    });
    const server = `${origin.address} ssl verify none`;
    const told = await logged(t, server, words, '  timeout connect 300ms\n');
    assert.equal(told, `503 ${state} ${origin.address} 1 (NONE)`);
  }
});

test('why a handshake with a server failed is logged', async t => {
  if (!requires(t, 'openssl', 'haproxy')) return;
  const authority = new Authority(t);
  const certificate = authority.issue({ name: 'a.example', alternatives: 'DNS:a.example' });
  const origin = await startTlsOrigin(t, certificate, { maxVersion: 'TLSv1.2' });
  const other = new Authority(t);
  const servers = [
    `${origin.address} ssl verify required ca-file ${other.file}`,
    `${origin.address} ssl verify required ca-file ${authority.file} sni str(b.example)`,
    `${origin.address} ssl verify none ciphers ECDHE-RSA-AES128-GCM-SHA256 force-tlsv12`,
  ];
  for (const server of servers) {
    const lines: string[] = [];
    for (const program of ['haproxy', LB]) {
      const receiver = await startLogReceiver(t);
      const log = `  log 127.0.0.1:${receiver.port} format raw local0\n  log-format "%[bc_err]|%[bc_err_str]|%[ssl_bc_err]|%[ssl_bc_err_str]"`;
      await fieldsOf(await start(t, program, { words: [], server, log }));
      lines.push((await receiver.find(/\d+\|.*/))[0]);
    }
    assert.match(lines[0] ?? '', /^3[34]\|.+\|\d{5,}\|error:/, server);
    assert.equal(lines[1], lines[0], server);
  }
});
