import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { StreamTransport } from '../../src/dns/stream-transport.ts';
import { until } from '../support/until.ts';

interface Play {
  readonly transport: StreamTransport;
  /** The nameserver's ends, in the order they were made. */
  readonly sockets: Socket[];
  /** What each of them heard, by the letter that stands for a question. */
  readonly heard: string[];
  /** What was answered. */
  readonly received: string[];
  readonly failures: string[];
}

/** A transport whose nameserver does what the test says. */
async function play(
  t: TestContext,
  answer: (socket: Socket, letter: string, nth: number) => void,
  { maxConnections = 0, connectMs = 60_000, ready = true } = {},
): Promise<Play> {
  const game: Omit<Play, 'transport'> = { sockets: [], heard: [], received: [], failures: [] };
  const server = createServer(socket => {
    const index = game.sockets.push(socket) - 1;
    game.heard[index] = '';
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      for (let at = 0; at < chunk.length; at += 2 + chunk.readUInt16BE(at)) {
        const letter = chunk.toString('latin1', at + 2, at + 3);
        game.heard[index] += letter;
        answer(socket, letter, index);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = new StreamTransport(
    {
      open: then => connect({ host: '127.0.0.1', port }, ready ? then : undefined),
      connectMs,
      maxConnections,
    },
    {
      received: message => game.received.push(message.toString('latin1', 0, 1)),
      failed: cause => game.failures.push(cause),
    },
  );
  t.after(() => {
    transport.close();
    game.sockets.forEach(socket => socket.destroy());
    server.close();
  });
  return { ...game, transport };
}

/** A question or an answer: its id is that of its letter. */
function message(letter: string): Buffer {
  return Buffer.from(`${letter}${letter} and more`);
}

function framed(letter: string): Buffer {
  return Buffer.concat([Buffer.from([0, message(letter).length]), message(letter)]);
}

test('a nameserver that talks without end over its stream is left, and asked again over another', async t => {
  const { transport, sockets, failures } = await play(t, socket => {
    const talk = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', talk);
    talk();
  });
  for (const count of [1, 2]) {
    transport.send(message('a'));
    await until(
      'the end of the stream',
      () => sockets.length === count && sockets.every(({ closed }) => closed),
    );
  }
  assert.deepEqual([...new Set(failures)], ['it talks without end']);
});

test('a connection carries four questions at a time, further ones get another; answers come in any order', async t => {
  const asked: [Socket, string][] = [];
  const { transport, heard, received } = await play(t, (...question) => void asked.push(question as never));
  for (const letter of 'abcdef') transport.send(message(letter));
  await until('all are asked', () => asked.length === 6);
  assert.deepEqual(heard.toSorted(), ['abcd', 'ef']);
  for (const [socket, letter] of asked.reverse()) socket.write(framed(letter));
  await until('all are answered', () => received.length === 6);
  assert.equal(received.toSorted().join(''), 'abcdef');
  asked.length = 0;
  transport.send(message('g'));
  await until('it is asked', () => asked.length === 1);
  assert.equal(heard.length, 2);
});

test('where no more connections may be made, those that are there carry more', async t => {
  const { transport, heard } = await play(t, () => undefined, { maxConnections: 1 });
  for (const letter of 'abcdef') transport.send(message(letter));
  await until('all are asked', () => heard.join('') === 'abcdef');
  assert.equal(heard.length, 1);
});

test('what a nameserver that closes after each answer has not answered is asked for again, and all is answered', async t => {
  const { transport, sockets, received, failures } = await play(t, (socket, letter) => {
    if (socket.writable) socket.end(framed(letter));
  });
  for (const letter of 'abcd') transport.send(message(letter));
  await until('all are answered', () => received.length === 4);
  assert.equal(received.join(''), 'abcd');
  assert.equal(sockets.length, 4);
  assert.deepEqual(failures, []);
});

test('questions to a nameserver that closes without an answer are not asked again', async t => {
  const { transport, sockets } = await play(t, socket => void socket.end());
  for (const letter of 'abcd') transport.send(message(letter));
  await until('the end', () => sockets[0]?.closed === true);
  transport.send(message('e'));
  await until('the end', () => sockets[1]?.closed === true);
  assert.equal(sockets.length, 2);
});

test('half an answer waits for its other half, and answers that nobody asked for are passed over', async t => {
  const { transport, received } = await play(t, (socket, letter) => {
    const answer = framed(letter);
    const noise = [Buffer.from([0, 0]), Buffer.from([0, 1, 7]), framed('x')];
    for (const byte of Buffer.concat([...noise, answer, answer])) socket.write(Buffer.of(byte));
    socket.write(framed('z'));
  });
  transport.send(message('a'));
  transport.send(message('z'));
  await until('answers', () => received.length === 2);
  assert.equal(received.join(''), 'az');
});

test('a connection that is not ready in time is left with the questions that wait for it', async t => {
  const { transport, failures, heard } = await play(t, () => undefined, { connectMs: 50, ready: false });
  transport.send(message('a'));
  await until('a failure', () => failures.length > 0);
  assert.deepEqual(failures, ['it takes too long to connect']);
  assert.equal(heard.join(''), '');
});

test('a nameserver that closes before it can be asked is told of', async t => {
  const { transport, sockets, failures } = await play(t, () => undefined, { ready: false });
  transport.send(message('a'));
  await until('a connection', () => sockets.length === 1);
  sockets[0]?.end();
  await until('a failure', () => failures.length > 0);
  assert.deepEqual(failures, ['it closes the connection before it can be asked']);
});

test('why a nameserver cannot be reached is told in words', async () => {
  const failures: string[] = [];
  const transport = new StreamTransport(
    { open: () => connect('/nowhere/at-all'), connectMs: 60_000, maxConnections: 0 },
    { received: () => undefined, failed: cause => failures.push(cause) },
  );
  transport.send(message('a'));
  await until('a failure', () => failures.length > 0);
  assert.deepEqual(failures, ['connect ENOENT /nowhere/at-all']);
});
