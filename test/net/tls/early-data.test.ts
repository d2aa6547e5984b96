/** Early data: what is accepted, what is not, and that nothing is lost or opened twice however it comes, on each engine. */
import assert from 'node:assert/strict';
import { EarlyGuard } from '../../../src/net/tls/early/early-guard.ts';
import { createEarlyMemory, SeenHellos } from '../../../src/state/seen-hellos.ts';
import type { TlsFacts } from '../../../src/net/tls/tls-facts.ts';
import { EarlyClient, type EarlyWishes } from '../../support/early-client.ts';
import { EarlyWire, earlySession, talk } from '../../support/early-wire.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { tlsFile } from '../../support/tls-material.ts';
import { until } from '../../support/until.ts';
import { within } from '../wires.ts';
import { type End, listenerOf, serve, type Server, SLOW_MS, testOnEngines } from './direct-server.ts';

const LINE = `crt ${tlsFile('rsa.pem')} alpn h2,http/1.1 allow-0rtt`;
const USUAL: EarlyWishes = { servername: 'a.test', alpn: 'http/1.1' };

function guard(): EarlyGuard {
  return new EarlyGuard(new SeenHellos(createEarlyMemory()));
}

async function sessionOf(server: Server, wishes: EarlyWishes = USUAL): Promise<Buffer> {
  const ended = server.next();
  const session = await earlySession(server.port, wishes);
  assert.equal((await ended)[0], 'connected');
  return session;
}

function factsOf(end: End): TlsFacts {
  assert.ok(end[0] === 'connected', end[0]);
  return end[1];
}

testOnEngines('what a client sends ahead is answered before it has finished', async (t, make) => {
  const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
  for (const ciphersuites of [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
  ]) {
    const session = await sessionOf(server, { ...USUAL, ciphersuites });
    const client = new EarlyClient({ ...USUAL, session, ciphersuites });
    const wire = new EarlyWire(server.port);
    const ended = server.next();
    wire.socket.write(client.begin('ahead'));
    const { early } = factsOf(await within(SLOW_MS, 'the connection', ended));
    assert.equal(early?.state, 'waits');
    let heldBack = Buffer.alloc(0);
    while (client.received.length < 5) heldBack = Buffer.concat([heldBack, client.take(await wire.next())]);
    assert.equal(client.received.toString(), 'ahead');
    assert.deepEqual([client.isAccepted, client.isResumed, early.state], [true, true, 'waits']);
    const over = new Promise<void>(resolve => early.whenOver(resolve));
    wire.socket.write(Buffer.concat([heldBack, client.write(' and behind')]));
    await within(SLOW_MS, 'the end of the handshake', over);
    assert.equal(early.state, 'complete');
    await talk(client, wire, 'ahead and behind');
    assert.ok(client.session() !== undefined);
    wire.socket.destroy();
    client.free();
  }
});

testOnEngines('the same bytes sent again are not taken for early data', async (t, make) => {
  const shared = createEarlyMemory();
  const first = serve(t, make, listenerOf(LINE, { guard: new EarlyGuard(new SeenHellos(shared)) }));
  const other = serve(t, make, listenerOf(LINE, { guard: new EarlyGuard(new SeenHellos(shared)) }));
  const session = await sessionOf(first);
  const client = new EarlyClient({ ...USUAL, session });
  const bytes = client.begin('once');
  client.free();
  for (const [server, isTaken] of [
    [first, true],
    [first, false],
    [other, false],
  ] as const) {
    const ended = server.next();
    const wire = new EarlyWire(server.port);
    wire.socket.write(bytes);
    const flight = await wire.next();
    assert.equal(flight[5], 2, 'a ServerHello');
    // an alert: a handshake that still goes on ends with it
    if (!isTaken) wire.socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40]));
    const [kind] = await within(SLOW_MS, 'an end', ended);
    assert.equal(kind, isTaken ? 'connected' : 'failed');
    wire.socket.destroy();
  }
});

interface Refused {
  readonly what: string;
  /** Of the line that gave the ticket, and of the one that is shown it. */
  readonly lines?: readonly [string, string];
  readonly wishes?: EarlyWishes;
  readonly otherProcess?: boolean;
}

const REFUSED: readonly Refused[] = [
  { what: 'another name', wishes: { servername: 'b.test' } },
  {
    what: 'another protocol',
    lines: [LINE.replace('h2,http/1.1', 'http/1.1'), LINE],
    wishes: { alpn: 'http/1.1,h2' },
  },
  { what: 'a ticket that is older than it says', wishes: { older: 20 } },
  { what: 'a ticket of another process', otherProcess: true },
  { what: 'a line that does not allow it', lines: [LINE, LINE.replace(' allow-0rtt', '')] },
  { what: 'another key share', lines: [LINE, `${LINE} curves P-384`], wishes: { groups: 'X25519:P-384' } },
];

testOnEngines('early data that is refused is skipped, and the client goes on without', async (t, make) => {
  const [ours, others] = [guard(), serve(t, make, listenerOf(LINE, { guard: guard() }))];
  const servers = new Map<string, Server>();
  const serverOf = (line: string): Server => {
    const server = servers.get(line) ?? serve(t, make, listenerOf(line, { guard: ours }));
    servers.set(line, server);
    return server;
  };
  for (const { what, lines = [LINE, LINE], wishes = {}, otherProcess = false } of REFUSED) {
    const session = await sessionOf(serverOf(lines[0]));
    const server = otherProcess ? others : serverOf(lines[1]);
    const client = new EarlyClient({ ...USUAL, session, ...wishes });
    const wire = new EarlyWire(server.port);
    const ended = server.next();
    wire.socket.write(client.begin('lost'));
    while (!client.isDone) wire.socket.write(client.take(await wire.next()));
    const facts = factsOf(await within(SLOW_MS, 'the connection', ended));
    assert.deepEqual([client.isAccepted, facts.early], [false, undefined], what);
    wire.socket.write(client.write('once more'));
    await talk(client, wire, 'once more');
    wire.socket.destroy();
    client.free();
  }
});

testOnEngines('where no protocol is agreed on it is given behind the handshake', async (t, make) => {
  const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
  const wishes = { servername: 'a.test' };
  const session = await sessionOf(server, wishes);
  const client = new EarlyClient({ ...wishes, session });
  const wire = new EarlyWire(server.port);
  const ended = server.next();
  wire.socket.write(client.begin('ahead'));
  await talk(client, wire, 'ahead');
  const { early } = factsOf(await ended);
  assert.deepEqual([client.isAccepted, early?.state], [true, 'complete']);
  wire.socket.destroy();
  client.free();
});

testOnEngines('a client that sends more than it was allowed is let go', async (t, make) => {
  const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
  const session = await sessionOf(server);
  for (const older of [0, 20]) {
    const client = new EarlyClient({ ...USUAL, session, most: 1_000_000, older });
    const wire = new EarlyWire(server.port);
    client.writeEarly('x'.repeat(16_000));
    client.writeEarly('x'.repeat(16_000));
    client.writeEarly('x'.repeat(16_000));
    wire.socket.write(client.output());
    await until('the close', () => wire.socket.closed);
    client.free();
  }
});

const BLOCK = 'a line of 32 bytes, no less ....';

testOnEngines(
  'data is whole however it is cut, while the handshake ends in the midst of it',
  async (t, make) => {
    const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
    const session = await sessionOf(server);
    const random = randomNumbers(11);
    for (let round = 0; round < 25; round++) {
      // a ticket may be shown again: it is hellos that are not
      const client = new EarlyClient({ ...USUAL, session });
      const wire = new EarlyWire(server.port);
      let wanted = '';
      let outbox = Buffer.alloc(0);
      const say = (bytes: Buffer): void => void (outbox = Buffer.concat([outbox, bytes]));
      for (let piece = random(4); piece >= 0; piece--) {
        const text = BLOCK.repeat(1 + random(100));
        wanted += text;
        client.writeEarly(text);
      }
      say(client.output());
      while (client.received.length < wanted.length || !client.isDone) {
        const cut = random(4) === 0 ? outbox.length : random(outbox.length + 1);
        if (cut > 0) wire.socket.write(outbox.subarray(0, cut));
        outbox = outbox.subarray(cut);
        if (client.isDone && wanted.length < 60_000) {
          const text = BLOCK.repeat(1 + random(400));
          wanted += text;
          say(client.write(text));
        }
        if (outbox.length > 0 && random(3) > 0) continue;
        wire.socket.write(outbox);
        outbox = outbox.subarray(outbox.length);
        say(client.take(await wire.next()));
        assert.ok(!client.hasFailed && !wire.socket.closed, `round ${round}`);
      }
      assert.ok(client.isAccepted);
      assert.equal(client.received.toString('latin1'), wanted);
      wire.socket.destroy();
      client.free();
    }
  },
);

testOnEngines(
  'records that come twice, not at all, changed or in another order open nothing more',
  async (t, make) => {
    const server = serve(t, make, listenerOf(LINE, { guard: guard() }));
    const session = await sessionOf(server);
    const random = randomNumbers(12);
    for (let round = 0; round < 60; round++) {
      const client = new EarlyClient({ ...USUAL, session });
      const wire = new EarlyWire(server.port);
      for (let piece = 0; piece < 3; piece++) client.writeEarly(`${piece}${BLOCK}`);
      const [hello, ...first] = recordsOf(client.output());
      wire.socket.write(hello as Buffer);
      const second = recordsOf(Buffer.concat([client.take(await wire.next()), client.write('behind')]));
      const records = [...first, ...second];
      spoil(records, random);
      wire.socket.write(Buffer.concat(records));
      wire.socket.end();
      await until('the close', () => wire.socket.closed);
      client.free();
    }
    await sessionOf(server);
  },
);

function recordsOf(flight: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < flight.length; at += 5 + flight.readUInt16BE(at + 3))
    records.push(flight.subarray(at, at + 5 + flight.readUInt16BE(at + 3)));
  return records;
}

function spoil(records: Buffer[], random: (below: number) => number): void {
  const at = random(records.length);
  const record = records[at] as Buffer;
  const way = random(4);
  if (way === 0) records.splice(at, 1);
  else if (way === 1) records.splice(at, 0, record);
  else if (way === 2) records.splice(random(records.length), 0, ...records.splice(at, 1));
  else record[random(record.length)] = random(256);
}
