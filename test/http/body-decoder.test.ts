import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BAD_CHUNK_END,
  BAD_CHUNK_SIZE,
  BAD_TRAILER,
  BODY_OK,
  BodyDecoder,
} from '../../src/http/body-decoder.ts';
import type { Framing } from '../../src/http/framing.ts';
import { randomNumbers } from '../support/random-numbers.ts';

interface Result {
  readonly out: string;
  readonly done: boolean;
  readonly error: number;
  readonly consumed: number;
  readonly bodyBytes: number;
}

/** Decodes `text` in slices that end at `cuts`, each in a buffer of its own behind what the decoder left over. */
function decode(text: string, cuts: readonly number[], framing: Framing, length = 0, bare = false): Result {
  const decoder = new BodyDecoder();
  decoder.start(framing, length, bare ? 'content' : 'chunks');
  let out = '';
  let consumed = 0;
  for (const end of [...cuts, text.length]) {
    const slice = Buffer.from(text.slice(consumed, end), 'latin1');
    if (decoder.done || decoder.error !== BODY_OK) break;
    consumed += decoder.decode(slice, 0, slice.length);
    out += slice.toString('latin1', decoder.outStart, decoder.outEnd);
  }
  const { done, error, bodyBytes } = decoder;
  return { out, done, error, consumed, bodyBytes };
}

const WHOLE = '5\r\nhello\r\n6;a="b\\"c"\r\n world\r\n0\r\nX: y\r\n\r\n';

test('A chunked body is passed on without its extensions, up to its last byte', () => {
  const result = decode(`${WHOLE}GET / HTTP/1.1`, [], 'chunked');
  assert.equal(result.out, '5\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n');
  assert.deepEqual([result.done, result.consumed, result.bodyBytes], [true, WHOLE.length, 11]);
});

test('Blanks and leading zeros of a size go', () => {
  assert.equal(decode('0005 \t\r\nhello\r\n00 ;x\r\n\r\n', [], 'chunked').out, '05\r\nhello\r\n0\r\n\r\n');
});

test('Trailers that say where a message ends or whom it is for go, as all do when they are not wanted', () => {
  const text = '0\r\nA:b\r\nContent-Length: 5\r\nhost: x\r\nTransfer-Encoding: chunked\r\nC:  d \r\n\r\nGET';
  const result = decode(text, [], 'chunked');
  assert.equal(result.out, '0\r\nA: b\r\nC: d\r\n\r\n');
  assert.equal(result.consumed, text.length - 3);
  assert.equal(decode('0\r\nA:b\r\n\r\n', [], 'chunked').out, '0\r\nA:b\r\n\r\n', 'it must not grow');
  const decoder = new BodyDecoder();
  decoder.start('chunked', -1);
  decoder.dropTrailers = true;
  const slice = Buffer.from(text, 'latin1');
  decoder.decode(slice, 0, slice.length);
  assert.equal(slice.toString('latin1', decoder.outStart, decoder.outEnd), '0\r\n\r\n');
});

test('A trailer section that is not complete is left to be given again', () => {
  const decoder = new BodyDecoder();
  decoder.start('chunked', -1);
  const slice = Buffer.from('0\r\nX: y\r\n', 'latin1');
  assert.equal(decoder.decode(slice, 0, slice.length), 3);
  assert.equal(slice.toString('latin1', decoder.outStart, decoder.outEnd), '0\r\n');
  assert.equal(decoder.done, false);
});

test('A bare chunked body is its data alone', () => {
  assert.equal(decode(WHOLE, [], 'chunked', 0, true).out, 'hello world');
});

test('Trailers are left out where they are not wanted', () => {
  const decoder = new BodyDecoder();
  decoder.start('chunked', 0);
  decoder.dropTrailers = true;
  const buffer = Buffer.from('2\r\nok\r\n0\r\nX: y\r\nZ: 1\r\n\r\n');
  decoder.decode(buffer, 0, buffer.length);
  assert.equal(buffer.toString('latin1', decoder.outStart, decoder.outEnd), '2\r\nok\r\n0\r\n\r\n');
  assert.equal(decoder.done, true);
});

test('A body with a length ends there; one without ends with the connection', () => {
  assert.deepEqual(decode('helloGET', [], 'length', 5), {
    out: 'hello',
    done: true,
    error: BODY_OK,
    consumed: 5,
    bodyBytes: 5,
  });
  const decoder = new BodyDecoder();
  decoder.start('close', 0);
  assert.equal(decoder.decode(Buffer.from('hello'), 0, 5), 5);
  assert.equal(decoder.done, false);
  assert.equal(decoder.endOfStream(), true);
  decoder.start('length', 5);
  assert.equal(decoder.endOfStream(), false, 'a truncated body has no proper end');
});

const BAD: readonly (readonly [string, number])[] = [
  ['\r\n', BAD_CHUNK_SIZE],
  ['g\r\n', BAD_CHUNK_SIZE],
  [' 5\r\n', BAD_CHUNK_SIZE],
  ['5 5\r\n', BAD_CHUNK_SIZE],
  ['5 \n', BAD_CHUNK_SIZE],
  ['5;a\\\r\n', BAD_CHUNK_SIZE],
  ['5\n', BAD_CHUNK_SIZE],
  ['5\r\r\n', BAD_CHUNK_SIZE],
  ['5\0\r\n', BAD_CHUNK_SIZE],
  ['0x5\r\n', BAD_CHUNK_SIZE],
  ['10000000000000005\r\n', BAD_CHUNK_SIZE],
  ['5;a\nb\r\n', BAD_CHUNK_SIZE],
  ['5;a="\r\n', BAD_CHUNK_SIZE],
  ['1\r\nab\r\n', BAD_CHUNK_END],
  ['1\r\na\n', BAD_CHUNK_END],
  ['0\r\n: y\r\n', BAD_TRAILER],
  ['0\r\nX : y\r\n', BAD_TRAILER],
  ['0\r\nX: \0\r\n', BAD_TRAILER],
  ['0\r\nX: y\n', BAD_TRAILER],
  ['0\r\n\n', BAD_TRAILER],
  ['0\r\nX: y\r\n z\r\n\r\n', BAD_TRAILER],
  [`0\r\nX: ${'y'.repeat(9000)}\r\n\r\n`, BAD_TRAILER],
];

for (const [text, error] of BAD)
  test(`The chunked body ${JSON.stringify(text.slice(0, 40))} is refused`, () => {
    assert.equal(decode(text, [], 'chunked').error, error);
  });

test('However the bytes are cut into slices, the result is the same', () => {
  const next = randomNumbers(7);
  const texts = [WHOLE, `${WHOLE}${WHOLE}`, ...BAD.map(([text]) => `2\r\nok\r\n${text}tail`)];
  for (const text of texts)
    for (const bare of [false, true]) {
      const whole = decode(text, [], 'chunked', 0, bare);
      for (let run = 0; run < 60; run++) {
        const cuts = Array.from({ length: next(8) }, () => next(text.length + 1)).toSorted((a, b) => a - b);
        assert.deepEqual(
          decode(text, cuts, 'chunked', 0, bare),
          whole,
          `cut at ${cuts.join()}: ${text.slice(0, 80)}`,
        );
      }
    }
});

test('No bytes make the decoder throw, or take or leave more than it was given', () => {
  const next = randomNumbers(11);
  const alphabet = '0123456789abcdefg;="\\\r\n\r\n\r\n \t:X\0\xff';
  for (let run = 0; run < 20_000; run++) {
    const text = Array.from({ length: next(40) }, () => alphabet[next(alphabet.length)]).join('');
    const result = decode(text, [next(text.length + 1)], 'chunked');
    assert.ok(result.consumed <= text.length && result.out.length <= result.consumed);
  }
});

test('The line of a size does not go on for ever, whatever fills it and however it comes', () => {
  for (const line of [`5;${'a'.repeat(20_000)}`, '0'.repeat(20_000), `5${' '.repeat(20_000)}`]) {
    const cuts = Array.from({ length: 20 }, (_, index) => (index + 1) * 1000);
    for (const some of [[], cuts]) {
      const result = decode(`${line}\r\nhello\r\n0\r\n\r\n`, some, 'chunked');
      assert.deepEqual([result.done, result.error], [false, BAD_CHUNK_SIZE]);
    }
  }
  assert.equal(decode(`5;${'a'.repeat(16_000)}\r\nhello\r\n0\r\n\r\n`, [], 'chunked').done, true);
});
