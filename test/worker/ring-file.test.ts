import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ringMessages } from '../support/ring-messages.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { RingFile } from '../../src/worker/logs/ring-file.ts';

function open(t: TestContext, path: string, bytes = 4096): RingFile {
  const file = RingFile.open(path, bytes);
  if (typeof file === 'string') return assert.fail(file);
  t.after(() => file.close());
  return file;
}

test('lines of any length stand in the file at once, in their order', t => {
  const path = join(temporaryFolder(t), 'ring');
  const lines = [
    '',
    'a',
    '\xe9',
    'b'.repeat(239),
    'c'.repeat(240),
    'd'.repeat(2287),
    'e'.repeat(2288),
    'f'.repeat(40_000),
  ];
  const file = open(t, path, 100_000);
  assert.deepEqual(ringMessages(path), []);
  assert.equal(file.append(lines), undefined);
  assert.deepEqual(ringMessages(path), lines);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(path).size, 102_400, 'whole pages');
});

test('new lines take the room of the oldest, around the end of the file, and one that never fits is left out', t => {
  const path = join(temporaryFolder(t), 'ring');
  const file = open(t, path);
  const written: string[] = [];
  for (let number = 0; number < 500; number++) {
    const line = `${number} ${'x'.repeat((number * 37) % 400)}`;
    written.push(line);
    file.append([line]);
    const kept = ringMessages(path);
    assert.ok(kept.length > 0);
    assert.deepEqual(kept, written.slice(-kept.length), `after ${number}`);
  }
  const before = ringMessages(path);
  file.append(['y'.repeat(5000)]);
  assert.deepEqual(ringMessages(path), before);
});

test('a file with lines is kept as .bak when it is opened again, an empty one is not', t => {
  const path = join(temporaryFolder(t), 'ring');
  open(t, path).append(['before']);
  const second = open(t, path);
  assert.deepEqual(ringMessages(`${path}.bak`), ['before']);
  assert.deepEqual(ringMessages(path), []);
  open(t, path);
  assert.deepEqual(ringMessages(`${path}.bak`), ['before'], 'nothing came between');
  second.append(['after']);
  open(t, path);
  assert.deepEqual(ringMessages(`${path}.bak`), ['after']);
});

test('what is no ring is kept too, and a path that cannot be opened is told', t => {
  const path = join(temporaryFolder(t), 'ring');
  writeFileSync(path, 'text');
  open(t, path);
  assert.ok(existsSync(`${path}.bak`));
  assert.equal(RingFile.open(join(path, 'below'), 4096), 'Not a directory');
});

test('a device is not renamed, and one that takes nothing is refused', () => {
  assert.equal(typeof RingFile.open('/dev/full', 4096), 'string');
  assert.ok(statSync('/dev/full').isCharacterDevice());
});
