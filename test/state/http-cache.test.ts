/** The memory of caches: what is stored comes back byte for byte, the oldest makes room, readers are never cheated. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BY_ACCEPT_ENCODING, BY_ORIGIN, OTHER_CODING } from '../../src/state/http-cache/variant.ts';
import type { CachingJob, CachingResult } from '../support/http-cache-worker.ts';
import { attachCache, bodyOf, createCache, find, readBody, store, STORED } from '../support/http-cache.ts';

const VARIANT = STORED.variant;

test('Responses of all sizes come back byte for byte, in pieces of any size', () => {
  const test = createCache({ totalBytes: 4 * 1024 * 1024, maxObjectBytes: 2 * 1024 * 1024 });
  const sizes = [0, 1, 699, 700, 701, 800, 900, 1023, 1024, 1025, 2048, 5000, 100_000, 1_000_000];
  for (const [index, size] of sizes.entries()) assert.ok(store(test, `/${size}`, bodyOf(index, size)));
  for (const [index, size] of sizes.entries())
    for (const piece of [1, 1000, 1024, 16_384]) {
      if (piece === 1 && size > 5000) continue;
      const reader = find(test, `/${size}`);
      assert.ok(reader !== undefined && reader.bodyLength === size);
      assert.ok(readBody(reader, piece).equals(bodyOf(index, size)), `${size} bytes in pieces of ${piece}`);
      reader.release();
    }
});

test('Blocks that lie scattered hold a response as well as those side by side', () => {
  const test = createCache();
  for (let name = 0; name < 60; name++) store(test, `/${name}`, bodyOf(name, 100));
  for (let name = 0; name < 60; name += 2) {
    test.key.load('host', `/${name}`);
    test.cache.invalidate(test.key);
  }
  assert.ok(store(test, '/large', bodyOf(7, 25_000)));
  const reader = find(test, '/large');
  assert.ok(reader !== undefined && readBody(reader).equals(bodyOf(7, 25_000)));
  reader.release();
  const other = find(test, '/1');
  assert.ok(other !== undefined && readBody(other).equals(bodyOf(1, 100)));
  other.release();
});

test('Hosts, paths and whole URIs are told apart, however long they are', () => {
  const { all, cache } = createCache({ totalBytes: 1024 * 1024 });
  const key = all.createKey();
  const long = 'x'.repeat(3000);
  const requests: readonly [host: string | undefined, target: string][] = [
    ['a', '/'],
    ['b', '/'],
    ['a', '/b'],
    ['a/', 'b'],
    ['', '/a'],
    ['a', `/${long}`],
    ['b', `/${long}`],
    [`a${long}`, '/'],
    ['a', `/${long}y`],
    [undefined, 'http://a/'],
    ['a', 'http://a/'],
    ['a', `http://a/${long}`],
    ['http:', '//a/'],
  ];
  for (const [index, [host, target]] of requests.entries()) {
    assert.ok(key.load(host, target));
    const entry = cache.begin(key, { ...STORED, age: index }, 0);
    const isRepeated = index === requests.findIndex(other => other[1] === 'http://a/') + 1;
    assert.notEqual(entry, 0);
    cache.complete(entry, 0, 0);
    const found = cache.find(key, () => VARIANT, 0);
    assert.equal(found, entry, isRepeated ? 'the same URI' : `request ${index}`);
    cache.release(found);
  }
  let last = 0;
  for (let entry = 1; entry <= cache.lastEntry; entry++) if (cache.report(entry, 0) !== undefined) last++;
  assert.equal(last, requests.length - 1, 'whole URIs are the same whatever the Host field says');
  assert.equal(key.load(undefined, '/'), false, 'a path without a host is no key');
});

test('What was not used for longest makes room; what was used stays', () => {
  const test = createCache({ totalBytes: 10 * 1024 });
  for (let name = 0; name < 10; name++) assert.ok(store(test, `/${name}`, bodyOf(name, 100)));
  find(test, '/0')?.release();
  store(test, '/new', bodyOf(10, 1500));
  const left = [0, 1, 2, 3].filter(name => {
    const reader = find(test, `/${name}`);
    reader?.release();
    return reader !== undefined;
  });
  assert.deepEqual(left, [0, 3]);
  assert.equal(test.cache.availableBlocks, 10, 'nothing is being read or filled');
});

test('What is being read is neither overwritten nor lost when it is replaced', () => {
  const test = createCache({ totalBytes: 20 * 1024, maxObjectBytes: 10 * 1024 });
  store(test, '/read', bodyOf(1, 5000));
  const reader = find(test, '/read');
  assert.ok(reader !== undefined);
  const head = Buffer.alloc(reader.headLength);
  reader.read(head, 0, head.length);
  assert.equal(test.cache.availableBlocks, 14);
  assert.ok(store(test, '/read', bodyOf(2, 5000)), 'replaced');
  for (let name = 0; name < 40; name++) store(test, `/${name}`, bodyOf(name, 3000));
  const body = Buffer.alloc(5000);
  reader.read(body, 0, 5000);
  assert.ok(body.equals(bodyOf(1, 5000)));
  reader.release();
  assert.equal(test.cache.availableBlocks, 20);
  assert.ok(
    store(test, '/a', bodyOf(3, 9000)) && store(test, '/b', bodyOf(3, 9000)),
    'its blocks are free again',
  );
});

test('When everything is being read, nothing more is stored', () => {
  const test = createCache({ totalBytes: 4 * 1024, maxObjectBytes: 4096 });
  const readers = [0, 1, 2].map(name => {
    assert.ok(store(test, `/${name}`, bodyOf(name, 100)));
    return find(test, `/${name}`);
  });
  assert.equal(store(test, '/large', bodyOf(9, 1800)), false, 'two blocks are wanted, one is free');
  assert.ok(store(test, '/small', bodyOf(9, 100)));
  for (const reader of readers) reader?.release();
  assert.ok(store(test, '/large', bodyOf(9, 1800)));
  assert.equal(test.cache.availableBlocks, 4);
});

test('A response is found when it is complete and until it expires, and never when it was abandoned', () => {
  const test = createCache();
  test.key.load('host', '/');
  const entry = test.cache.begin(test.key, { ...STORED, expires: 100 }, 0);
  assert.equal(find(test, '/'), undefined, 'it is being filled');
  test.key.load('host', '/');
  assert.equal(test.cache.begin(test.key, STORED, 0), 0, 'nobody else fills it at the same time');
  test.cache.complete(entry, 0, 0);
  find(test, '/', VARIANT, 99)?.release();
  assert.ok(find(test, '/', VARIANT, 99) !== undefined);
  assert.equal(find(test, '/', VARIANT, 100), undefined, 'its time is over');
  test.key.load('host', '/other');
  test.cache.abandon(test.cache.begin(test.key, STORED, 0));
  assert.equal(find(test, '/other'), undefined);
});

test('A response that grows beyond max-object-size is refused, its blocks are given back', () => {
  const test = createCache({ maxObjectBytes: 3000 });
  assert.equal(store(test, '/', bodyOf(1, 3000)), false);
  assert.ok(store(test, '/', bodyOf(1, 2800)));
  assert.equal(test.cache.availableBlocks, test.cache.blocks);
});

test('A response that an unsafe request makes invalid while it is being filled is never found', () => {
  const test = createCache();
  test.key.load('host', '/');
  const entry = test.cache.begin(test.key, STORED, 0);
  test.cache.invalidate(test.key);
  test.cache.complete(entry, 0, 0);
  assert.equal(find(test, '/'), undefined);
  assert.ok(store(test, '/', bodyOf(1, 10)), 'and does not stand in the way');
  assert.equal(test.cache.availableBlocks, test.cache.blocks);
});

test('Variants of a response are told apart and counted', () => {
  const test = createCache({ maxSecondaryEntries: 2 });
  const gzip = { ...VARIANT, codings: 1 };
  const brotli = { ...VARIANT, codings: 4 };
  const vary = { varies: BY_ACCEPT_ENCODING };
  assert.ok(store(test, '/', bodyOf(1, 10), { ...vary, variant: gzip }));
  assert.ok(store(test, '/', bodyOf(2, 10), { ...vary, variant: brotli }));
  assert.equal(
    store(test, '/', bodyOf(3, 10), { ...vary, variant: { ...VARIANT, codings: 128 } }),
    false,
    'too many',
  );
  assert.ok(store(test, '/', bodyOf(4, 10), { ...vary, variant: brotli }), 'in place of the one before');
  const bodyFor = (codings: number): Buffer | undefined => {
    const reader = find(test, '/', { ...VARIANT, codings });
    const body = reader && readBody(reader);
    reader?.release();
    return body;
  };
  assert.deepEqual(bodyFor(1 | 8), bodyOf(1, 10));
  assert.deepEqual(bodyFor(4 | 8), bodyOf(4, 10));
  assert.equal(bodyFor(8 | OTHER_CODING), undefined);
  assert.ok(store(test, '/', bodyOf(5, 10)), 'one for everybody takes the place of all');
  assert.deepEqual(bodyFor(8), bodyOf(5, 10));
});

test('A variant is for those who say the same in every field it varies on', () => {
  const test = createCache();
  const variant = { ...VARIANT, originLow: 5, originHigh: 6 };
  store(test, '/', bodyOf(1, 10), { varies: BY_ORIGIN, variant });
  assert.ok(find(test, '/', { ...variant, refererLow: 9, codings: -1 }) !== undefined);
  assert.equal(find(test, '/', { ...variant, originHigh: 7 }), undefined);
  assert.equal(find(test, '/', VARIANT), undefined);
});

test('Expired variants do not count', () => {
  const test = createCache({ maxSecondaryEntries: 1 });
  const of = (originLow: number, expires: number) =>
    ({ varies: BY_ORIGIN, variant: { ...VARIANT, originLow }, expires }) as const;
  assert.ok(store(test, '/', bodyOf(1, 10), of(1, 10)));
  assert.equal(store(test, '/', bodyOf(2, 10), of(2, 10), 9), false);
  assert.ok(store(test, '/', bodyOf(2, 10), of(2, 20), 10));
});

test('Threads that read, store and evict at once never see a wrong byte, and hold nothing at the end', async t => {
  const control = createCache({ totalBytes: 128 * 1024, maxObjectBytes: 10_000 }, 3);
  const workers = [1, 2, 3].map(thread =>
    startWorker({ shared: control.all.shared, thread, rounds: 6000, names: 40, holds: false }),
  );
  t.after(() => Promise.all(workers.map(worker => worker.terminate())));
  const results = await Promise.all(
    workers.map(async worker => (await once(worker, 'message')) as [CachingResult]),
  );
  for (const [{ found, stored, wrong }] of results) {
    assert.equal(wrong, 0);
    assert.ok(found > 1000 && stored > 500, `${found} found, ${stored} stored`);
  }
  assert.equal(control.cache.availableBlocks, control.cache.blocks);
});

test('What a dead thread was reading or filling is given back', async t => {
  const control = createCache({ totalBytes: 16 * 1024, maxObjectBytes: 8 * 1024 }, 2);
  const worker = startWorker({ shared: control.all.shared, thread: 1, rounds: 0, names: 1, holds: true });
  t.after(() => worker.terminate());
  await once(worker, 'message');
  assert.equal(control.cache.availableBlocks, 14);
  await worker.terminate();
  control.all.recover(1);
  assert.equal(control.cache.availableBlocks, 16);
  const other = attachCache(control, 2);
  assert.ok(find(other, '/held') !== undefined, 'what was complete is still there');
  assert.ok(store(other, '/begun', bodyOf(1, 10)), 'what was begun can be stored anew');
});

test('After a thread died in the middle of a change the cache begins anew, but what is being read stays', () => {
  const control = createCache({ totalBytes: 16 * 1024 }, 2);
  const first = attachCache(control, 1);
  const second = attachCache(control, 2);
  store(second, '/read', bodyOf(1, 3000));
  store(second, '/unread', bodyOf(2, 3000));
  const reader = find(second, '/read');
  assert.ok(reader !== undefined);
  // the lock of a thread that is no more
  new Int32Array((control.all.shared[0] as { index: SharedArrayBuffer }).index)[0] = 2;
  control.all.recover(1);
  assert.equal(find(second, '/read'), undefined);
  assert.equal(find(second, '/unread'), undefined);
  for (let name = 0; name < 30; name++) store(second, `/${name}`, bodyOf(name, 2000));
  assert.ok(readBody(reader).equals(bodyOf(1, 3000)));
  reader.release();
  assert.equal(first.cache.availableBlocks, 16);
  for (let name = 27; name < 30; name++) {
    const again = find(first, `/${name}`);
    assert.ok(again !== undefined && readBody(again).equals(bodyOf(name, 2000)));
    again.release();
  }
});

function startWorker(workerData: CachingJob): Worker {
  return new Worker(new URL('../support/http-cache-worker.js', import.meta.url), { workerData });
}
