import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Word } from '../../src/model/word.ts';
import { allowedProcessors, mapProcessors } from '../../src/worker/process/processor-map.ts';

function linesOf(...lines: readonly string[]): readonly (readonly Word[])[] {
  const text = `global\n${lines.map(line => `  ${line}\n`).join('')}`;
  const { config, diagnostics } = parseConfig([{ path: 'test.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'ENOENT' }),
  });
  assert.ok(config !== undefined, JSON.stringify(diagnostics));
  return config.global.otherLines;
}

const MAPS: readonly (readonly [name: string, lines: readonly string[], expected: readonly unknown[]])[] = [
  ['nothing said, nothing bound', [], [undefined, undefined, undefined, undefined]],
  [
    'all threads of the group on a set',
    ['cpu-map 1/all 0-1'],
    [
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ],
  ],
  ['a lone number is the group', ['cpu-map 1 2'], [[2], [2], [2], [2]]],
  ['auto gives each thread its own processor', ['cpu-map auto:1/1-4 3 2 1 0'], [[0], [1], [2], [3]]],
  [
    'a later line replaces an earlier one',
    ['cpu-map 1/all 0', 'cpu-map 1/odd 1,3'],
    [[1, 3], [0], [1, 3], [0]],
  ],
  ['an open range goes to the last', ['cpu-map auto:1/2- 0-62'], [undefined, [0], [1], [2]]],
  ['other groups do not exist', ['cpu-map 2/all 1'], [undefined, undefined, undefined, undefined]],
];

for (const [name, lines, expected] of MAPS)
  test(`cpu-map: ${name}`, () => {
    assert.deepEqual(mapProcessors(linesOf(...lines), 4).slice(1), expected);
  });

test('cpu-map auto with as many processors as threads only', () => {
  assert.throws(() => linesOf('cpu-map auto:1/1-4 0'), /as many processors as threads/);
});

test('cpu-set keeps to some processors and off others', () => {
  assert.deepEqual(allowedProcessors(linesOf('cpu-set only-cpu 0-3 drop-cpu 1'), [0, 1, 2, 4]), [0, 2]);
  assert.deepEqual(allowedProcessors(linesOf('cpu-set drop-cpu 0'), [0, 1]), [1]);
});
