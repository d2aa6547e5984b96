/** Heads of requests whose fields come again as places in the tables are the same as those written field by field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder, type FieldSink } from '../../../src/http2/hpack/decoder.ts';
import { STATIC_COUNT } from '../../../src/http2/hpack/static-table.ts';
import { RequestReader } from '../../../src/http2/request-reader.ts';
import { indexed, literal, sizeUpdate } from '../../support/hpack-blocks.ts';
import { randomNumbers } from '../../support/random-numbers.ts';

const LIST = 16_384;
const PLAIN: readonly (readonly [string, string])[] = [
  ['user-agent', 'a browser'],
  ['accept', '*/*'],
  ['x-empty', ''],
  ['x-blanks', '  in blanks\t'],
  ['x-long', 'v'.repeat(300)],
  ['referer', 'https://www.example.org/'],
];
/** More than a line, or wrong, or not allowed where they stand. */
const ODD: readonly (readonly [string, string])[] = [
  ['cookie', 'a=1'],
  ['te', 'trailers'],
  ['te', 'gzip'],
  ['host', 'b.example'],
  ['content-length', '0'],
  ['content-length', '7'],
  ['connection', 'close'],
  ['X-Upper', 'wrong'],
  ['x-break', 'a\r\nb'],
  [':path', '/late'],
  [':authority', 'a.example:80'],
];

interface Read {
  readonly isGood: boolean;
  readonly tooLarge: boolean;
  readonly head: string;
  readonly facts: readonly unknown[];
}

class Peer {
  readonly #decoder = new HpackDecoder(4096);
  readonly reader = new RequestReader(LIST);
  readonly #sink: FieldSink;
  repeated = 0;

  constructor(repeats: boolean) {
    const { reader } = this;
    const repeat = reader.repeatLines.bind(reader);
    reader.repeatLines = lines => {
      this.repeated++;
      repeat(lines);
    };
    this.#sink = repeats ? reader : { field: (name, value) => reader.field(name, value) };
  }

  read(block: Buffer, maxListBytes: number): Read {
    const { reader } = this;
    reader.begin(false);
    const isGood = this.#decoder.decode(block, 0, block.length, this.#sink, maxListBytes);
    reader.complete(true);
    const { malformed, method, target, body, contentLength, lineError, upgrades } = reader;
    const head = malformed === '' ? reader.buffer.toString('latin1', reader.start, reader.end) : '';
    const facts = [malformed, method, target, body, contentLength, lineError, upgrades];
    return { isGood, tooLarge: this.#decoder.tooLarge, head, facts };
  }
}

/** The first request of a connection, which puts all of these into the table, and where they stand then. */
function introduction(fields: readonly (readonly [string, string])[]): Buffer {
  const start = [indexed(2), indexed(6), indexed(4)];
  return Buffer.concat([...start, ...fields.map(([name, value]) => literal('added', name, value))]);
}

test('what is repeated is what would have been written', () => {
  const below = randomNumbers(7);
  let repeated = 0;
  for (let connection = 0; connection < 300; connection++) {
    const fields = [...PLAIN, ...ODD].sort(() => below(3) - 1);
    const [one, other] = [new Peer(true), new Peer(false)];
    const compare = (block: Buffer, maxListBytes: number): void =>
      assert.deepEqual(one.read(block, maxListBytes), other.read(block, maxListBytes));
    compare(introduction(fields), LIST);
    const draw = (count: number): Buffer[] =>
      Array.from({ length: count }, () => indexed(STATIC_COUNT + 1 + below(fields.length + 1)));
    const plain = (): Buffer =>
      indexed(STATIC_COUNT + fields.length - fields.indexOf(PLAIN[below(PLAIN.length)] as never));
    let run = Array.from({ length: 4 }, plain);
    for (let request = 0; request < 12; request++) {
      if (below(5) === 0) run = below(2) === 0 ? draw(3) : Array.from({ length: 1 + below(5) }, plain);
      const parts = [
        ...(below(20) === 0 ? [sizeUpdate(below(2) * 4096)] : []),
        indexed(2),
        indexed(6 + below(2)),
        below(2) === 0 ? indexed(4) : literal('plain', ':path', `/${request}`),
        ...(below(15) === 0 ? [literal('added', 'x-new', String(request))] : []),
        ...run,
        ...(below(4) === 0 ? draw(2) : []),
        ...(below(4) === 0 ? run : []),
      ];
      compare(Buffer.concat(parts), below(10) === 0 ? 32 * (3 + below(6)) + 60 : LIST);
    }
    repeated += one.repeated;
    assert.equal(other.repeated, 0);
  }
  assert.ok(repeated > 300, `only ${repeated} runs were repeated`);
});
