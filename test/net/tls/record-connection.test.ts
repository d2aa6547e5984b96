/** Connections of TLS records: the contract of net/connection.ts beside real TLS clients and servers, on each engine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, type ConnectionOptions, createSecureContext, createServer, TLSSocket } from 'node:tls';
import { END, type Connection, type ConnectionHandler, type Engine } from '../../../src/net/connection.ts';
import { NodeEngine } from '../../../src/net/engines/node/engine.ts';
import { descriptorOf } from '../../../src/net/engines/node/stream-socket.ts';
import { UringEngine } from '../../../src/net/engines/uring/engine.ts';
import { probeUring } from '../../../src/net/engines/uring/probe.ts';
import { UNSET } from '../../../src/net/engines/unset-handler.ts';
import { abortOnClose } from '../../../src/net/socket-options.ts';
import { HandshakeWire } from '../../../src/net/tls/handshake-wire.ts';
import { incoming, outgoing } from '../../../src/net/tls/records/record-buffers.ts';
import { RecordConnection } from '../../../src/net/tls/records/record-connection.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { requires } from '../../support/requirement.ts';
import { tlsText } from '../../support/tls-material.ts';
import { until } from '../../support/until.ts';
import { connectLoopback, listenOnLoopback, Recorder, within } from '../wires.ts';

const BUFSIZE = 16_384;
const SLOW_MS = 10_000;
const SECURE = createSecureContext({ cert: tlsText('rsa.pem'), key: tlsText('rsa.pem') });

const ENGINES: readonly [string, () => Engine][] = [
  ['node', () => new NodeEngine({ bufsize: BUFSIZE, poison: true })],
  ['uring', () => new UringEngine({ bufsize: BUFSIZE, poison: true })],
];

interface Pair {
  readonly engine: Engine;
  readonly connection: Connection;
  /** What lies under it. */
  readonly plain: Connection;
  readonly client: TLSSocket;
  /** What the client's TLS runs over. */
  readonly wire: Socket;
}

/** A client, and the connection that its handshake ends in. */
async function secured(
  t: TestContext,
  make: () => Engine,
  handler: ConnectionHandler,
  options: ConnectionOptions = {},
): Promise<Pair> {
  const engine = make();
  const wire = new Socket({ allowHalfOpen: true });
  const accepted = new Promise<Pick<Pair, 'connection' | 'plain'>>(resolve => {
    const { port } = listenOnLoopback(engine, plain => {
      plain.handler = UNSET;
      const over = HandshakeWire.over(plain, engine, 'server') as HandshakeWire;
      const socket = new TLSSocket(over.raw, { isServer: true, secureContext: SECURE });
      socket.once('secure', () =>
        over.secured({ maxRecordBytes: 0, hearsTickets: false }, connection => {
          connection.handler = handler;
          resolve({ connection, plain });
        }),
      );
      over.begin(socket);
    });
    wire.connect({ port, host: '127.0.0.1' });
  });
  const client = connect({ socket: wire, rejectUnauthorized: false, ...options });
  client.allowHalfOpen = true;
  t.after(() => {
    client.destroy();
    engine.destroy();
  });
  await once(client, 'secureConnect');
  return { engine, ...(await accepted), client, wire };
}

/** Sends back what comes, and shuts down when the peer does. */
class Echo implements ConnectionHandler {
  onConnected(): void {}
  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    connection.send(buffer, offset, length);
  }
  onSent(connection: Connection): void {
    connection.receive();
  }
  onEnd(connection: Connection): void {
    connection.shutdown();
  }
  onFailed(connection: Connection): void {
    connection.close();
  }
}

async function nextBytes(recorder: Recorder): Promise<string> {
  const event = await within(SLOW_MS, 'bytes', recorder.next());
  assert.ok(event.kind === 'received', event.kind);
  return event.bytes.toString();
}

/** The one at this place of all that comes from now on. */
function changeOneByte(connection: RecordConnection, place: number, bits: number): void {
  const receive = connection.onReceived.bind(connection);
  let left = place;
  connection.onReceived = (plain, buffer, offset, length) => {
    if (left >= 0 && left < length) buffer[offset + left] = (buffer[offset + left] as number) ^ bits;
    left -= length;
    receive(plain, buffer, offset, length);
  };
}

const SUITES: readonly ConnectionOptions[] = [
  { ciphers: 'TLS_AES_128_GCM_SHA256' },
  { ciphers: 'TLS_AES_256_GCM_SHA384' },
  { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' },
  { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
  { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' },
  { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-CHACHA20-POLY1305' },
];
const LEFT_TO_OPENSSL: ConnectionOptions = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' };

for (const [name, make] of ENGINES) {
  const testOn = (what: string, run: (t: TestContext) => Promise<void>): void =>
    void test(`${name} engine: ${what}`, async t => {
      if (name === 'uring' && !probeUring().usable) return void requires(t, 'io_uring');
      await run(t);
    });

  testOn('clients of every suite are understood, and those of others through OpenSSL', async t => {
    for (const options of [...SUITES, LEFT_TO_OPENSSL]) {
      const { connection, client } = await secured(t, make, new Echo(), options);
      assert.equal(connection instanceof RecordConnection, options !== LEFT_TO_OPENSSL, options.ciphers);
      connection.receive();
      for (const word of ['one', 'two', 'x'.repeat(40_000)]) {
        client.write(word);
        let back = '';
        while (back.length < word.length) back += String((await once(client, 'data'))[0]);
        assert.equal(back, word, options.ciphers);
      }
      client.end();
      await within(SLOW_MS, 'the end', once(client.resume(), 'end'));
      connection.close();
    }
  });

  testOn('megabytes come back as they were sent, and both sides end one after the other', async t => {
    const taken = incoming.taken + outgoing.taken;
    const { engine, connection, client } = await secured(t, make, new Echo());
    connection.receive();
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 251));
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (let from = 0, size = 1; from < bytes.length; from += size, size = ((size * 7) % 70_000) + 1)
      client.write(bytes.subarray(from, from + size));
    client.end();
    await within(SLOW_MS, 'the end', once(client, 'end'));
    assert.ok(Buffer.concat(chunks).equals(bytes));
    assert.deepEqual([connection.bytesIn, connection.bytesOut], [bytes.length, bytes.length]);
    connection.close();
    assert.equal(incoming.taken + outgoing.taken, taken);
    assert.equal(engine.openConnections, 0);
  });

  testOn('a thousand small records come together, and in their order', async t => {
    const recorder = new Recorder();
    const { connection, client, wire } = await secured(t, make, recorder);
    wire.cork();
    for (let index = 0; index < 1000; index++) client.write(`${index};`);
    wire.uncork();
    const wanted = Array.from({ length: 1000 }, (_, index) => `${index};`).join('');
    let all = '';
    let receives = 0;
    for (; all.length < wanted.length; receives++) {
      connection.receive();
      all += await nextBytes(recorder);
    }
    assert.equal(all, wanted);
    assert.ok(receives < 50, `${receives} times`);
  });

  testOn('what is sent last arrives before the close, and a second send at a time throws', async t => {
    const recorder = new Recorder();
    const { connection, client } = await secured(t, make, recorder);
    const said = text(client);
    connection.send(Buffer.from('..one..'), 2, 3);
    if (connection.sending) assert.throws(() => connection.send(Buffer.from('x'), 0, 1), /already pending/);
    await until('the first send', () => recorder.happened.length === 1);
    connection.send(Buffer.from('two'), 0, 3);
    await until('the second send', () => recorder.happened.length === 2);
    connection.close();
    assert.equal(await said, 'onetwo');
  });

  testOn('close_notify goes behind what is sent last, once, however much it is', async t => {
    const taken = outgoing.taken;
    for (const size of [1, 16_384, 3_000_000]) {
      const recorder = new Recorder();
      const { connection, client } = await secured(t, make, recorder);
      const said = text(client);
      connection.send(Buffer.alloc(size, 'l'), 0, size, END);
      await until('the send', () => recorder.happened.length === 1);
      assert.equal((await said).length, size);
      connection.shutdown();
      connection.receive();
      client.end();
      await until('the end', () => recorder.happened.length === 2);
      connection.close();
    }
    assert.equal(outgoing.taken, taken);
  });

  testOn('a send to a client that does not read is not done before it does', async t => {
    const recorder = new Recorder();
    const { connection, client } = await secured(t, make, recorder);
    const bytes = Buffer.alloc(16_000_000, 'abc');
    client.pause();
    connection.send(bytes, 0, bytes.length);
    connection.shutdown();
    for (let index = 0; index < 50; index++) await turn();
    assert.deepEqual(recorder.happened, []);
    assert.equal((await text(client)).length, bytes.length);
    await until('the send', () => recorder.happened.length === 1);
  });

  testOn('who closes while records are opened hears of none any more, and keeps no buffer', async t => {
    const taken = incoming.taken + outgoing.taken;
    const heard: number[] = [];
    const closing = new Recorder();
    closing.onReceived = (connection, _buffer, _offset, length) => {
      heard.push(length);
      connection.close();
    };
    const { connection, client, wire } = await secured(t, make, closing);
    connection.receive();
    wire.cork();
    for (let index = 0; index < 100; index++) client.write('a record of its own');
    wire.uncork();
    client.on('error', () => undefined).resume();
    await within(SLOW_MS, 'the close', Promise.race([once(client, 'end'), once(client, 'close')]));
    assert.equal(heard.length, 1);
    assert.deepEqual(closing.happened, []);
    assert.equal(incoming.taken + outgoing.taken, taken);
  });

  testOn('bytes that are no record fail the one connection they come on', async t => {
    const recorder = new Recorder();
    const { engine, connection, wire } = await secured(t, make, recorder);
    connection.receive();
    wire.write(Buffer.from('\x17\x03\x03\x00\x19this was sealed by nobody', 'latin1'));
    assert.equal((await within(SLOW_MS, 'the failure', recorder.next())).kind, 'failed');
    connection.close();
    assert.equal(engine.openConnections, 0);
  });

  testOn('who is to hear why its bytes are refused, and resets instead, fails the connection', async t => {
    const recorder = new Recorder();
    const { connection, client, wire } = await secured(t, make, recorder);
    client.pause();
    client.on('error', () => undefined);
    connection.receive();
    connection.send(Buffer.alloc(30_000_000), 0, 30_000_000);
    await new Promise(written => wire.write('no record at all', written));
    await until('the refusal', () => connection.tlsFailure !== undefined);
    abortOnClose(descriptorOf(wire));
    wire.destroy();
    assert.equal((await within(SLOW_MS, 'the failure', recorder.next())).kind, 'failed');
    connection.close();
  });

  for (const [what, bytes, alert] of [
    ['a record that nobody has sealed', '\x17\x03\x03\x00\x19this was sealed by nobody', 'BAD_RECORD_MAC'],
    ['the begin of what is no record', 'GET / HTTP/1.1\r\n', 'PROTOCOL_VERSION'],
    ['a record that is too long', '\x17\x03\x03\xff\xff', 'RECORD_OVERFLOW'],
  ] as const)
    testOn(`the client hears why ${what} is refused, behind what is being sent to it`, async t => {
      const recorder = new Recorder();
      const { connection, client, wire } = await secured(t, make, recorder);
      client.pause();
      connection.receive();
      connection.send(Buffer.alloc(30_000_000), 0, 30_000_000);
      wire.write(Buffer.from(bytes, 'latin1'));
      const refused = once(client.resume(), 'error') as Promise<[NodeJS.ErrnoException]>;
      assert.equal((await within(SLOW_MS, 'the failure', recorder.next())).kind, 'failed');
      connection.close();
      const [{ code }] = await within(SLOW_MS, 'the alert', refused);
      assert.match(code ?? '', new RegExp(`ALERT_${alert}$`));
    });

  testOn(
    'a byte changed on the way is noticed: what comes before is right, nothing comes behind',
    async t => {
      const next = randomNumbers(23);
      const sent = Buffer.from(Array.from({ length: 60_000 }, (_, index) => index % 251));
      for (let round = 0; round < 40; round++) {
        const recorder = new Recorder();
        const { connection, client } = await secured(t, make, recorder, SUITES[round % SUITES.length]);
        client.on('error', () => undefined);
        changeOneByte(connection as RecordConnection, next(sent.length), 1 << next(8));
        for (let at = 0; at < sent.length;) client.write(sent.subarray(at, (at += 1 + next(30_000))));
        client.end();
        const received: Buffer[] = [];
        for (let isOver = false; !isOver;) {
          connection.receive();
          const event = await within(SLOW_MS, 'the end', recorder.next());
          if (event.kind === 'received') received.push(event.bytes);
          else isOver = true;
        }
        const all = Buffer.concat(received);
        assert.ok(all.length < sent.length && all.equals(sent.subarray(0, all.length)), `round ${round}`);
        connection.close();
        client.destroy();
      }
    },
  );

  testOn('a reset is one to the client, and a client that resets fails the connection', async t => {
    for (const who of ['balancer', 'client']) {
      const recorder = new Recorder();
      const { connection, client, wire } = await secured(t, make, recorder);
      connection.send(Buffer.from('x'), 0, 1);
      await Promise.all([within(SLOW_MS, 'the send', recorder.next()), once(client, 'data')]);
      if (who === 'balancer') {
        connection.reset();
        const [error] = (await within(SLOW_MS, 'the reset', once(client, 'error'))) as [{ code?: string }];
        assert.equal(error.code, 'ECONNRESET');
        continue;
      }
      connection.receive();
      abortOnClose(descriptorOf(wire));
      wire.destroy();
      const event = await within(SLOW_MS, 'the reset', recorder.next());
      assert.deepEqual(event, { kind: 'failed', cause: 'reset' });
      connection.send(Buffer.from('too late'), 0, 8);
      connection.close();
    }
  });
}

for (const [engineName, make] of ENGINES)
  test(`${engineName}: behind close_notify a close resets nothing, as behind FIN`, async t => {
    if (engineName === 'uring' && !requires(t, 'io_uring')) return;
    const recorder = new Recorder();
    const { connection, plain, client } = await secured(t, make, recorder);
    plain.sparesPort = true;
    connection.receive();
    client.end();
    assert.equal((await within(SLOW_MS, 'the end', recorder.next())).kind, 'end');
    assert.equal(plain.sparesPort, false);
    connection.close();
  });

test('towards servers of every suite: tickets are heard, data goes both ways, the end is told', async t => {
  const server = createServer({ cert: tlsText('rsa.pem'), key: tlsText('rsa.pem') }, socket => {
    socket.on('error', () => undefined);
    socket.setMaxSendFragment(512);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const engine = new NodeEngine({ bufsize: BUFSIZE, poison: true });
  t.after(() => {
    server.close();
    engine.destroy();
  });
  for (const hearsTickets of [true, false])
    for (const options of SUITES) {
      const recorder = new Recorder();
      const connection = await securedTo(engine, port, options, hearsTickets, recorder);
      assert.ok(connection instanceof RecordConnection);
      const bytes = Buffer.alloc(100_000, 'abcdefg');
      connection.send(bytes, 0, bytes.length);
      let length = 0;
      for (let isSent = false; length < bytes.length || !isSent;) {
        if (!connection.receiving) connection.receive();
        const event = await within(SLOW_MS, 'bytes', recorder.next());
        if (event.kind === 'sent') isSent = true;
        else if (event.kind === 'received') {
          assert.ok(event.bytes.equals(bytes.subarray(length, (length += event.bytes.length))));
        } else assert.fail(event.kind);
      }
      connection.shutdown();
      connection.receive();
      assert.equal((await within(SLOW_MS, 'the end', recorder.next())).kind, 'end');
      connection.close();
    }
});

/** What a handshake with a server ends in; fails where tickets of TLS 1.3 that are to be heard are not. */
async function securedTo(
  engine: Engine,
  port: number,
  options: ConnectionOptions,
  hearsTickets: boolean,
  handler: ConnectionHandler,
): Promise<Connection> {
  const dialing = new Recorder();
  const plain = connectLoopback(engine, port, dialing);
  await within(SLOW_MS, 'the connection', dialing.next());
  const wire = HandshakeWire.over(plain, engine, 'client') as HandshakeWire;
  const socket = connect({ socket: wire.raw, rejectUnauthorized: false, ...options });
  wire.begin(socket);
  return new Promise(resolve =>
    socket.once('secureConnect', () =>
      wire.secured({ maxRecordBytes: 0, hearsTickets }, connection => {
        connection.handler = handler;
        if (socket.getProtocol() !== 'TLSv1.3' || !hearsTickets) return resolve(connection);
        socket.once('session', () => resolve(connection));
        connection.receive();
      }),
    ),
  );
}
