import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Resolution } from '../../src/dns/resolution.ts';
import { Resolvers } from '../../src/dns/resolvers.ts';
import { DEFAULT_SETTINGS } from '../../src/dns/settings.ts';

const [NX, REFUSED] = [3, 5];
const TYPE_A = 1;
const SOON_MS = 100;
const NEVER_MS = 600_000;

/** An answer with one address, or an error. */
function answerTo(question: Buffer, rcode = 0): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const head = Buffer.from(question.subarray(0, end));
  head.writeUInt16BE(0x8180 | rcode, 2);
  head.writeUInt16BE(rcode === 0 ? 1 : 0, 6);
  head.writeUInt16BE(0, 10);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]);
  return rcode === 0 ? Buffer.concat([head, record]) : head;
}

function typeOf(question: Buffer): number {
  return question.readUInt16BE(question.indexOf(0, 12) + 1);
}

type Answers = (question: Buffer, earlier: readonly Buffer[]) => readonly Buffer[];

/** Of a section with these nameservers, who are asked again after that time: gives what became of a name, and all counters. */
async function resolve(
  t: TestContext,
  retryMs: number,
  ...nameservers: readonly Answers[]
): Promise<[string, ...object[]]> {
  const settings = await Promise.all(
    nameservers.map(async (answers, index) => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      t.after(() => socket.close());
      const earlier: Buffer[] = [];
      socket.on('message', (message, { port }) => {
        for (const answer of answers(message, earlier)) socket.send(answer, port, '127.0.0.1');
        earlier.push(message);
      });
      const { port } = socket.address();
      const stream = { open: () => connect(port, '127.0.0.1'), connectMs: 1000, maxConnections: 0 };
      const address = { family: 4, host: '127.0.0.1', port } as const;
      return { name: `n${index}`, address, stream, onlyStreams: false };
    }),
  );
  const times = { resolveMs: NEVER_MS, retryMs, retries: 1000 };
  const resolvers = new Resolvers(
    { ...DEFAULT_SETTINGS, ...times, name: 'res', nameservers: settings },
    () => undefined,
  );
  t.after(() => resolvers.close());
  const fate = await new Promise<string>(done => {
    const kept = setInterval(() => undefined, 1000);
    t.after(() => clearInterval(kept));
    resolvers.link('app.test', 'A', {
      resolved: ({ cache }: Resolution) => done(String(cache.addresses)),
      failed: ({ status }: Resolution) => done(status),
    });
  });
  return [fate, ...resolvers.nameservers.map(({ counters }) => counters)];
}

test('an answer that comes when its question was asked again is taken', async t => {
  const [fate] = await resolve(t, SOON_MS, (_question, earlier) =>
    earlier.slice(-1).map(one => answerTo(one)),
  );
  assert.equal(fate, '192.0.2.1');
});

test('a good answer is taken when the other family is asked for already, an error is not', async t => {
  const [fate, counters] = await resolve(t, NEVER_MS, (question, [first]) =>
    first === undefined
      ? [answerTo(question, NX)]
      : [answerTo(first, REFUSED), ...(typeOf(question) === TYPE_A ? [] : [answerTo(first)])],
  );
  assert.equal(fate, '192.0.2.1');
  assert.deepEqual(counters, {
    ...counters,
    sent: 2,
    nx: 1,
    refused: 0,
    outdated: 1,
    valid: 1,
  });
});

test('a nameserver that says twice that it does not know stands for itself alone', async t => {
  const [fate, first] = await resolve(
    t,
    SOON_MS,
    question => [answerTo(question, NX), answerTo(question, NX)],
    (_question, earlier) => earlier.slice(-1).map(one => answerTo(one)),
  );
  assert.equal(fate, '192.0.2.1');
  assert.deepEqual(first, { ...first, nx: (first as { sent: number }).sent });
});
