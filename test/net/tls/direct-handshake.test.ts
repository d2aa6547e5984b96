/** Handshakes that OpenSSL makes without Node, with real clients, on each engine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { places } from '../../../src/net/tls/direct/direct-secrets.ts';
import { SecretPlaces } from '../../../src/net/tls/direct/secret-places.ts';
import type { Ssl } from '../../../src/net/tls/direct/ssl.ts';
import { HelloReader } from '../../../src/net/tls/hello-reader.ts';
import type { Engine } from '../../../src/net/connection.ts';
import type { TlsListener } from '../../../src/net/tls/tls-listener.ts';
import { helloOf } from '../../support/client-hello.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { tlsFile } from '../../support/tls-material.ts';
import { until } from '../../support/until.ts';
import { within } from '../wires.ts';
import {
  ENGINES,
  listenerOf,
  meet,
  serve,
  type Server,
  SLOW_MS,
  testOnEngines,
  type End,
} from './direct-server.ts';

const RSA = `crt ${tlsFile('rsa.pem')}`;

/** Sends this, and gives what becomes of it and what came back. */
async function say(
  { port, next }: Server,
  hello: Buffer,
  then: (first: Buffer) => Buffer,
): Promise<[End, Buffer]> {
  const ended = next();
  const socket = new Socket().connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(hello);
  const [first] = (await within(SLOW_MS, 'a flight', once(socket, 'data'))) as [Buffer];
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.end(then(first));
  const end = await within(SLOW_MS, 'an end', ended);
  await until('the close', () => socket.closed);
  return [end, Buffer.concat(chunks)];
}

const SUITES: readonly ConnectionOptions[] = [
  { ciphers: 'TLS_AES_128_GCM_SHA256' },
  { ciphers: 'TLS_AES_256_GCM_SHA384' },
  { ciphers: 'TLS_CHACHA20_POLY1305_SHA256', ecdhCurve: 'P-384' },
  { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
  { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' },
];

testOnEngines('clients of every suite are served, and what was agreed on is known', async (t, make) => {
  const server = serve(t, make, listenerOf(RSA));
  for (const options of SUITES) {
    const { client, facts } = await meet(server, {
      ...options,
      servername: 'a.test',
      ALPNProtocols: ['h2'],
    });
    assert.deepEqual(
      [facts.protocol, facts.cipher, facts.alpn, facts.sni, facts.resumed],
      [client.getProtocol(), client.getCipher().name, 'h2', 'a.test', false],
    );
    const own = client.getPeerX509Certificate()?.raw.toString('latin1');
    assert.equal(facts.ownCertificate?.der, own);
    assert.equal(facts.uniqueId, client.getFinished()?.toString('latin1'));
    assert.equal(client.alpnProtocol, 'h2');
    if (options.ecdhCurve !== undefined) assert.equal(facts.curve, 'secp384r1');
    client.destroy();
  }
  assert.ok(places.areKnown, 'after two handshakes nothing is logged any more');
  const { client } = await meet(server, { ciphers: 'TLS_AES_256_GCM_SHA384' });
  client.destroy();
});

testOnEngines('sessions are resumed, with one key for tickets and with several', async (t, make) => {
  for (const keys of [1, 3])
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const server = serve(t, make, listenerOf(RSA, { keys }));
      const first = connect({
        host: '127.0.0.1',
        port: server.port,
        rejectUnauthorized: false,
        maxVersion,
      });
      const [session] = (await within(SLOW_MS, 'a ticket', once(first, 'session'))) as [Buffer];
      first.destroy();
      const { client, facts } = await meet(server, { maxVersion, session });
      assert.deepEqual([facts.resumed, client.isSessionReused()], [true, true], `${keys} ${maxVersion}`);
      client.destroy();
    }
});

testOnEngines(
  'a second flight that is changed anywhere ends its handshake alone, and the client is told',
  async (t, make) => {
    const server = serve(t, make, listenerOf(RSA));
    const random = randomNumbers(7);
    const [hello, older] = await Promise.all(
      (['TLSv1.3', 'TLSv1.2'] as const).map(version => helloOf({ minVersion: version, maxVersion: version })),
    );
    for (const first of [hello, older] as Buffer[])
      for (const second of [
        Buffer.from([21, 3, 3, 0, 2, 2, 48]),
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        ...Array.from({ length: 20 }, () => rubbish(random)),
      ]) {
        const [[kind, failure], answer] = await say(server, first, () => second);
        assert.ok(kind === 'failed', kind);
        assert.equal(failure.name, 'SSL_HANDSHAKE');
        if (second[0] === 71) {
          assert.match(failure.detail ?? '', /^error:0A00\w{4}:SSL routines::/);
          // an alert: sealed as data by TLS 1.3, of 2 bytes before
          assert.equal(first === hello ? answer.at(-24) : answer.at(-7), first === hello ? 23 : 21);
        }
      }
    const { client } = await meet(server, {});
    client.destroy();
  },
);

/** A record of any type. */
function rubbish(random: (below: number) => number): Buffer {
  const body = Buffer.from(Array.from({ length: 1 + random(200) }, () => random(256)));
  return Buffer.concat([Buffer.from([20 + random(4), 3, 3, 0, body.length]), body]);
}

test('what needs more than OpenSSL by itself is left to Node, before anything was sent', async t => {
  const [make] = ENGINES.map(([, one]) => one) as [() => Engine];
  const becomes = async (listener: TlsListener, options: ConnectionOptions = {}): Promise<string> => {
    const server = serve(t, make, listener);
    const ended = server.next();
    const client = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, ...options });
    client.on('error', () => undefined);
    const [kind] = await within(SLOW_MS, 'an end', ended);
    client.destroy();
    return kind;
  };
  const plain = listenerOf(RSA);
  assert.equal(await becomes(plain), 'connected');
  assert.equal(await becomes(plain, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }), "Node's");
  assert.equal(
    await becomes(plain, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    "Node's",
  );
  assert.equal(await becomes(plain, { requestOCSP: true } as ConnectionOptions), 'connected');
  assert.equal(await becomes(listenerOf(`${RSA} no-tls-tickets`)), "Node's");
  assert.equal(await becomes(listenerOf(`${RSA} strict-sni`), { servername: 'nobody.test' }), "Node's");
});

test('secrets are read where they were found twice, and nowhere where they are found elsewhere each time', () => {
  const [client, server] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const laid = (...parts: readonly (Buffer | number)[]): Ssl => {
    const memory = Buffer.concat(parts.map(part => (typeof part === 'number' ? Buffer.alloc(part) : part)));
    const bytesAt = (at: number, length: number): Buffer => memory.subarray(at, at + length);
    return { memory: () => memory, bytesAt } as unknown as Ssl;
  };
  const some = new SecretPlaces();
  some.learn(laid(7, client, 32, server, 9), { client, server });
  assert.equal(some.areKnown, false);
  assert.equal(some.read(laid(7, client, 32, server, 9), 32), undefined);
  some.learn(laid(7, server, 32, client, 9), { client: server, server: client });
  assert.ok(some.areKnown);
  assert.deepEqual(some.read(laid(7, client, 32, server, 9), 32), { client, server });
  const none = new SecretPlaces();
  for (const memory of [
    laid(1, client, server),
    laid(2, client, server),
    laid(client, client, server),
    laid(9),
  ])
    none.learn(memory, { client, server });
  for (let time = 0; time < 2; time++) none.learn(laid(1, client, server), { client, server });
  assert.equal(none.areKnown, false);
});

test('a hello that lies in several records is left to Node', async () => {
  const hello = await helloOf({ servername: 'a.test' });
  const reader = new HelloReader(0);
  assert.ok(reader.push(hello, 0, hello.length));
  assert.deepEqual([reader.isPlain, reader.servername], [true, 'a.test']);
  const half = hello.length >> 1;
  const header = (length: number): Buffer => Buffer.from([22, 3, 1, length >> 8, length & 0xff]);
  const [one, two] = [hello.subarray(5, half), hello.subarray(half)];
  const parts = Buffer.concat([header(one.length), one, header(two.length), two]);
  const other = new HelloReader(0);
  other.push(parts, 0, parts.length);
  assert.equal(other.isPlain, false);
});
