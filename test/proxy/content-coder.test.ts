/** Coders of bodies: what they make can be read again, slice by slice, and they can be used again. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { CodingName, ContentCoder } from '../../src/proxy/bodies/content-coder.ts';
import { ContentCoders } from '../../src/proxy/bodies/content-coders.ts';

const READERS: Readonly<Record<CodingName, (bytes: Buffer) => Buffer>> = {
  identity: bytes => bytes,
  gzip: bytes => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: bytes => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  'raw-deflate': bytes => inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
};

/** The content of one chunk, which is all there is, but for the last chunk behind it. */
function contentOf(coded: Buffer, last: boolean): Buffer {
  const text = coded.toString('latin1');
  const end = text.indexOf('\r\n');
  const size = Number.parseInt(text.slice(0, end), 16);
  assert.equal(text.slice(end + 2 + size), last ? '\r\n0\r\n\r\n' : '\r\n');
  return coded.subarray(end + 2, end + 2 + size);
}

function coded(coder: ContentCoder, slice: Buffer, last: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    coder.failed = () => reject(new Error('the coder failed'));
    coder.code(slice, last, resolve);
  });
}

const SLICES = [Buffer.from('a'), Buffer.alloc(200_000, 'text '), randomBytes(100_000), Buffer.from('end')];
const ZLIB = { level: 6, memLevel: 8, windowBits: 15 };

for (const [name, settings] of [
  ['its own', undefined],
  ['zlib', ZLIB],
] as const)
  for (const coding of Object.keys(READERS) as CodingName[])
    test(`${coding}, ${name}: each slice can be read as soon as it is coded, whatever its size, for one body after the other`, async () => {
      const coders = new ContentCoders(settings);
      for (let body = 0; body < 3; body++) {
        const coder = coders.take(coding);
        let all = Buffer.alloc(0);
        let sent = Buffer.alloc(0);
        for (const [index, slice] of SLICES.entries()) {
          const last = index === SLICES.length - 1;
          all = Buffer.concat([all, contentOf(await coded(coder, slice, last), last)]);
          sent = Buffer.concat([sent, slice]);
          assert.ok(READERS[coding](all).equals(sent));
        }
        coder.close(true);
      }
    });

for (const settings of [undefined, { level: 9, memLevel: 1, windowBits: 9 }])
  test(`an empty end closes what was compressed ${settings === undefined ? 'here' : 'by zlib'}`, async () => {
    const coders = new ContentCoders(settings);
    for (const first of [Buffer.from('something'), Buffer.alloc(0)]) {
      const coder = coders.take('gzip');
      const made: Buffer[] = [];
      if (first.length > 0) made.push(contentOf(await coded(coder, first, false), false));
      made.push(contentOf(await coded(coder, Buffer.alloc(0), true), true));
      assert.ok(gunzipSync(Buffer.concat(made)).equals(first));
      coder.close(true);
    }
  });

test('memory is used again when what it held is sent, and by nobody before', async () => {
  const coders = new ContentCoders(undefined);
  const words = (of: string): Buffer => Buffer.from(`${of} `.repeat(500));
  const [one, other] = [coders.take('gzip'), coders.take('gzip')];
  const first = await coded(one, words('first'), false);
  const second = await coded(one, words('second'), false);
  const third = await coded(other, words('third'), true);
  assert.equal(new Set([first, second, third].map(bytes => bytes.buffer)).size, 3);
  assert.ok(gunzipSync(contentOf(third, true)).equals(words('third')));
  const all = Buffer.concat([contentOf(first, false), contentOf(second, false)]);
  one.sent?.();
  const last = await coded(one, words('last'), true);
  assert.equal(last.buffer, first.buffer);
  const whole = gunzipSync(Buffer.concat([all, contentOf(last, true)]));
  assert.ok(whole.equals(Buffer.concat([words('first'), words('second'), words('last')])));
  // its body ends while something is under way: that stays as it is
  one.close(false);
  const next = await coded(coders.take('gzip'), words('next'), true);
  assert.notEqual(next.buffer, last.buffer);
});
