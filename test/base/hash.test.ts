import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avalanche, hashCrc32, hashDjb2, hashNone, hashSdbm, hashWt6, xxh32 } from '../../src/base/hash.ts';

const whole = (hash: (text: string, start: number, end: number) => number, text: string): number =>
  hash(text, 0, text.length);

test('hash functions give published values', () => {
  assert.equal(whole(hashCrc32, '123456789'), 0xcbf43926);
  assert.equal(whole(hashDjb2, ''), 5381);
  assert.equal(whole(hashDjb2, 'a'), 177670);
  assert.equal(whole(hashSdbm, ''), 0);
  assert.equal(whole(hashSdbm, 'a'), 97);
  assert.equal(xxh32('', 0), 0x02cc5d05);
  assert.equal(xxh32('Nobody inspects the spammish repetition', 0), 0xe2293b2f);
  assert.equal(xxh32('abc', 0), 0x32d153ff);
});

test('hash functions look at their part of the text only, and bytes above 127 are unsigned', () => {
  for (const hash of [hashCrc32, hashDjb2, hashSdbm, hashWt6]) {
    assert.equal(hash('--key--', 2, 5), whole(hash, 'key'));
    assert.notEqual(whole(hash, '\u00e9'), whole(hash, 'i'));
  }
  assert.equal(whole(hashSdbm, '\u00ff'), 255);
});

test('none takes the number itself, 32 bits of it', () => {
  assert.equal(whole(hashNone, '12345'), 12345);
  assert.equal(whole(hashNone, '+7 and more'), 7);
  assert.equal(whole(hashNone, '-1'), 0xffffffff);
  assert.equal(whole(hashNone, '4294967297'), 1);
  assert.equal(whole(hashNone, '9007199254740993'), 1);
  assert.equal(whole(hashNone, '99999999999999999999999'), 0xffffffff);
  assert.equal(whole(hashNone, '-99999999999999999999999'), 0);
  assert.equal(whole(hashNone, 'word'), 0);
});

test('avalanche changes about half of the bits for one bit of input', () => {
  let changed = 0;
  for (let bit = 0; bit < 32; bit++)
    for (let value = 0; value < 100; value++) {
      let difference = (avalanche(value) ^ avalanche((value ^ (1 << bit)) >>> 0)) >>> 0;
      for (; difference !== 0; difference >>>= 1) changed += difference & 1;
    }
  const average = changed / 3200;
  assert.ok(average > 14.5 && average < 17.5, String(average));
});
