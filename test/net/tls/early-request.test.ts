/** Requests that go out with the hello: accepted, refused, and how a handshake behind them may end, on each engine. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Connection, Engine } from '../../../src/net/connection.ts';
import type { ServerTls } from '../../../src/model/server.ts';
import type { AuthorityFile } from '../../../src/model/tls-material.ts';
import { EarlyGuard } from '../../../src/net/tls/early/early-guard.ts';
import { ServerContexts } from '../../../src/net/tls/server-contexts.ts';
import { ServerTlsClient } from '../../../src/net/tls/server-tls.ts';
import { createEarlyMemory, SeenHellos } from '../../../src/state/seen-hellos.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { tlsFile } from '../../support/tls-material.ts';
import { until } from '../../support/until.ts';
import { Recorder } from '../wires.ts';
import { listenerOf, serve, testOnEngines } from './direct-server.ts';

const LINE = `crt ${tlsFile('rsa.pem')} alpn http/1.1 allow-0rtt`;
/** Sessions of the one are not resumed by the other. */
const ELSEWHERE = `verify optional ca-file ${tlsFile('ca.pem')} alpn http/1.1 allow-0rtt`;
const OTHER = `crt ${tlsFile('rsa.pem')} ${ELSEWHERE}`;
const NAME = 'www.example';
const FILES = { certificate: () => undefined, authorities: () => undefined };
const SETTINGS: ServerTls = { folder: '', verify: 'none', alpn: ['http/1.1'] };

function guard(): EarlyGuard {
  return new EarlyGuard(new SeenHellos(createEarlyMemory()));
}

/** What the recorder was given, as text; reads on. */
class Reader extends Recorder {
  text = '';

  override onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.text += buffer.toString('latin1', offset, offset + length);
    connection.receive();
  }

  has(kind: string): boolean {
    return this.happened.some(one => one.kind === kind);
  }
}

async function connected(engine: Engine, port: number): Promise<Connection> {
  const recorder = new Recorder();
  const plain = engine.connect({ kind: 'ip', family: 4, host: '127.0.0.1', port }, recorder);
  await until('a connection', () => recorder.happened.some(({ kind }) => kind === 'connected'));
  return plain;
}

/** By Node, until a ticket has come. */
async function meet(engine: Engine, port: number, client: ServerTlsClient): Promise<void> {
  const plain = await connected(engine, port);
  const reader = new Reader();
  client.handshake(engine, plain, NAME, {
    secured: connection => {
      connection.handler = reader;
      connection.receive();
      connection.send(Buffer.from('hello'), 0, 5);
    },
    handshakeFailed: ({ text }) => assert.fail(text),
  });
  await until('an echo', () => reader.text === 'hello');
}

interface Sent {
  readonly connection: Connection;
  readonly reader: Reader;
}

async function sendEarly(
  engine: Engine,
  port: number,
  client: ServerTlsClient,
  first: Buffer,
): Promise<Sent | undefined> {
  const connection = client.early(engine, await connected(engine, port), NAME);
  if (connection === undefined) return undefined;
  const reader = new Reader();
  connection.handler = reader;
  connection.receive();
  connection.send(first, 0, first.length);
  return { connection, reader };
}

testOnEngines('what is sent first is answered, whether it was taken early or refused', async (t, make) => {
  const engine = make();
  t.after(() => engine.destroy());
  const random = randomNumbers(3);
  const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
  const refusing = serve(t, make, listenerOf(LINE, { guard: guard() }));
  const others = serve(t, make, listenerOf(OTHER, { guard: guard() }));
  for (const [at, isEarly, isResumed] of [
    [server, true, true],
    [refusing, false, true],
    [others, false, false],
  ] as const)
    for (let round = 0; round < 6; round++) {
      const client = new ServerTlsClient(SETTINGS, new ServerContexts(FILES));
      assert.equal(client.early(engine, await connected(engine, server.port), NAME), undefined);
      await meet(engine, server.port, client);
      // the last ones are too long to go ahead
      const first = 'x'.repeat(round < 4 ? 1 + random(16_000) : 17_000 + random(50_000));
      const second = 'y'.repeat(1 + random(100_000));
      const sent = await sendEarly(engine, at.port, client, Buffer.from(first));
      assert.ok(sent !== undefined);
      const { connection, reader } = sent;
      await until('the first to be sent', () => reader.has('sent'));
      connection.send(Buffer.from(second), 0, second.length);
      await until('an answer', () => reader.text.length >= first.length + second.length);
      assert.ok(reader.text === first + second);
      const { tls } = connection;
      assert.deepEqual(
        [tls?.early !== undefined, tls?.resumed, tls?.alpn, tls?.protocol],
        [isEarly && round < 4, isResumed, 'http/1.1', 'TLSv1.3'],
      );
      assert.equal(connection.bytesIn, first.length + second.length);
      connection.shutdown();
      await until('the end', () => reader.has('end'));
      connection.close();
    }
});

const PEM = /-----BEGIN [^]*?-----END [^\n]*\n/g;

/** Another object is another authority. */
const read = new Map<string, AuthorityFile>();

function authority(name: string): AuthorityFile {
  const known = read.get(name);
  if (known !== undefined) return known;
  const parts = readFileSync(tlsFile(name), 'latin1').match(PEM) ?? [];
  const isCertificate = (part: string): boolean => part.includes('CERTIFICATE');
  const revocations = parts.filter(part => part.includes('X509 CRL'));
  const file = { name, certificates: parts.filter(isCertificate), revocations };
  read.set(name, file);
  return file;
}

testOnEngines('a certificate is looked at where the session is not resumed', async (t, make) => {
  const engine = make();
  t.after(() => engine.destroy());
  const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
  const good = serve(t, make, listenerOf(OTHER, { guard: guard() }));
  const wrong = serve(t, make, listenerOf(`crt ${tlsFile('revoked.pem')} ${ELSEWHERE}`, { guard: guard() }));
  for (const [at, crl, outcome] of [
    [good, {}, 'sent again'],
    [wrong, {}, 'refused'],
    [wrong, { crlFile: 'ca.crl' }, 'reset'],
  ] as const) {
    const settings: ServerTls = { ...SETTINGS, verify: 'required', caFile: 'ca.pem', ...crl };
    const client = new ServerTlsClient(settings, new ServerContexts({ ...FILES, authorities: authority }));
    await meet(engine, server.port, client);
    const sent = await sendEarly(engine, at.port, client, Buffer.from('sent again'));
    assert.ok(sent !== undefined);
    const { connection, reader } = sent;
    await until('an outcome', () => reader.text !== '' || reader.has('failed'));
    const failure = reader.happened.find(one => one.kind === 'failed');
    assert.equal(failure?.cause ?? reader.text, outcome);
    assert.equal(connection.tls?.early?.state, failure && 'failed');
    connection.close();
    // the session is not shown again
    const next = client.early(engine, await connected(engine, server.port), NAME);
    assert.equal(next === undefined, failure !== undefined);
  }
});
