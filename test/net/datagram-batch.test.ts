import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { ByteLine } from '../../src/base/byte-line.ts';
import { DatagramBatch } from '../../src/net/datagram-batch.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import { SOL_SOCKET } from '../../src/net/socket-options.ts';
import { AF_INET, closeDescriptor, openDatagramSocket, setOption } from '../../src/net/system-calls.ts';
import { randomNumbers } from '../support/random-numbers.ts';

interface Way {
  readonly fd: number;
  readonly batch: DatagramBatch;
  /** As many datagrams as there are said to come. */
  readonly received: (count: number) => Promise<readonly string[]>;
}

const NO_HEADER = new Uint8Array(0);

function asLine(text: string): ByteLine {
  const line = new ByteLine();
  line.add(text);
  return line;
}

async function open(t: TestContext): Promise<Way> {
  const receiver = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
  const lines: string[] = [];
  receiver.on('message', bytes => lines.push(bytes.toString('latin1')));
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const fd = openDatagramSocket(AF_INET);
  t.after(() => {
    receiver.close();
    closeDescriptor(fd);
  });
  const received = async (count: number): Promise<readonly string[]> => {
    const signal = AbortSignal.timeout(60_000);
    while (lines.length < count) await once(receiver, 'message', { signal });
    return lines.splice(0);
  };
  return { fd, batch: new DatagramBatch(fd, encodeIp(4, '127.0.0.1', receiver.address().port)), received };
}

async function assertArrive({ batch, received }: Way, lines: readonly string[]): Promise<void> {
  for (const line of lines) batch.add(NO_HEADER, asLine(line), 65_000);
  batch.flush();
  const wanted = lines.map(line => `${line}\n`);
  assert.deepEqual([...(await received(lines.length))].sort(), wanted.sort());
  assert.equal(batch.lost, 0);
}

test('lines of any length arrive as they are, each as a datagram of its own', async t => {
  const way = await open(t);
  const random = randomNumbers(7);
  for (const [most, spread] of [
    [1, 1],
    [64, 1],
    [64, 3],
    [64, 40],
    [64, 3000],
    [128, 1],
    [130, 200],
  ] as const)
    await assertArrive(
      way,
      Array.from({ length: most }, (_, index) => `${index} `.padEnd(5 + random(spread), 'x')),
    );
  await assertArrive(way, ['a', 'y'.repeat(60_000), 'b']);
});

test('lines that were added in one turn go out behind it', async t => {
  const { batch, received } = await open(t);
  batch.add(NO_HEADER, asLine('one'), 100);
  batch.add(NO_HEADER, asLine('two'), 100);
  assert.deepEqual([...(await received(2))].sort(), ['one\n', 'two\n']);
});

test('a line is cut to its room', async t => {
  const { batch, received } = await open(t);
  batch.add(NO_HEADER, asLine('abcdef'), 3);
  assert.deepEqual(await received(1), ['abc\n']);
});

test('a line written where it will lie is cut at its end, and to its room; an empty one is not sent', async t => {
  const { batch, received } = await open(t);
  for (const [header, text, room] of [
    ['<1>', 'first\n\n\0', 100],
    ['<1>', 'ends too late', 7],
    ['<a longer header> ', 'second', 100],
    ['<1>', '\n\n', 100],
    ['', 'no header', 100],
    ['', '', 100],
  ] as const) {
    batch.begin(Buffer.from(header)).add(text);
    batch.end(room);
  }
  batch.flush();
  assert.deepEqual([...(await received(4))].sort(), [
    '<1>ends\n',
    '<1>first\n',
    '<a longer header> second\n',
    'no header\n',
  ]);
});

test('where the kernel does not cut datagrams apart they are sent one by one', async t => {
  const way = await open(t);
  const SO_NO_CHECK = 11;
  assert.equal(setOption(way.fd, SOL_SOCKET, SO_NO_CHECK, 1), 0);
  for (let round = 0; round < 2; round++)
    await assertArrive(
      way,
      Array.from({ length: 20 }, (_, index) => 'z'.repeat(10 + (index % 3))),
    );
});

test('what cannot be sent is counted', async t => {
  const fd = openDatagramSocket(AF_INET);
  t.after(() => closeDescriptor(fd));
  const batch = new DatagramBatch(fd, encodeIp(4, '255.255.255.255', 9));
  for (let count = 0; count < 5; count++) batch.add(NO_HEADER, asLine('same'), 100);
  batch.flush();
  assert.equal(batch.lost, 5);
});
