/** Pattern lists: every match method against a plain model, and changes at run time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp } from '../../src/base/ip-address.ts';
import type { MatchMethod } from '../../src/acl/match/method.ts';
import { PatternRegistry } from '../../src/acl/pattern-registry.ts';
import { eachPatternLine } from '../../src/acl/pattern-file.ts';
import type { PatternList } from '../../src/acl/pattern-list.ts';
import type { PatternSet } from '../../src/acl/pattern-set.ts';

function listOf(keys: readonly string[]): PatternList {
  const registry = new PatternRegistry({ readFile: () => ({ error: 'none' }) });
  const list = registry.createLine('test', undefined);
  assert.ok(typeof list !== 'string');
  for (const key of keys) assert.equal(list.add(key), undefined);
  return list;
}

function linesOf(content: string, isMap: boolean): [string, string | undefined, number][] {
  const lines: [string, string | undefined, number][] = [];
  eachPatternLine(content, isMap, (...line) => lines.push(line));
  return lines;
}

function setOf(list: PatternList, method: MatchMethod, ignoreCase = false): PatternSet {
  const set = list.setFor(method, ignoreCase);
  assert.ok(typeof set !== 'string');
  return set;
}

/** Repeatable random numbers. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
}

function words(
  random: (below: number) => number,
  count: number,
  alphabet: string,
  longest: number,
): string[] {
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random(longest) }, () => alphabet.charAt(random(alphabet.length))).join(''),
  );
}

const trimmedBy = (text: string, delimiters: RegExp): string =>
  text.replace(new RegExp(`^(?:${delimiters.source})+|(?:${delimiters.source})+$`, 'g'), '');

/** The word stands between delimiters, at a start or at an end. */
function hasWord(subject: string, pattern: string, delimiters: RegExp): boolean {
  const bare = trimmedBy(pattern, delimiters);
  if (bare === '') return false;
  const isEdge = (char: string): boolean => char === '' || delimiters.test(char);
  for (let at = subject.indexOf(bare); at >= 0; at = subject.indexOf(bare, at + 1))
    if (isEdge(subject.charAt(at - 1)) && isEdge(subject.charAt(at + bare.length))) return true;
  return false;
}

const MODELS: Partial<Record<MatchMethod, (subject: string, pattern: string) => boolean>> = {
  str: (subject, pattern) => subject === pattern,
  beg: (subject, pattern) => subject.startsWith(pattern),
  end: (subject, pattern) => subject.endsWith(pattern),
  sub: (subject, pattern) => subject.includes(pattern),
  dir: (subject, pattern) => hasWord(subject, pattern, /[/?]/),
  dom: (subject, pattern) => hasWord(subject, pattern, /[/?.:]/),
};

for (const [name, model] of Object.entries(MODELS))
  test(`-m ${name} agrees with a plain search, for few and for many patterns, while they come and go`, () => {
    const method = name as MatchMethod;
    const random = randomSource(42);
    for (const count of [1, 3, 8, 60]) {
      const keys = words(random, count, 'ab/.?', 5);
      const list = listOf(keys);
      const set = setOf(list, method);
      const folded = setOf(list, method, true);
      for (const [round, subject] of words(random, 150, 'ab/.?', 12).entries()) {
        const left = list.entries().map(entry => entry.key);
        assert.equal(
          set.test(subject),
          left.some(key => model(subject, key)),
          `${method} ${subject} in ${left.join(' ')}`,
        );
        assert.equal(
          folded.test(subject.toUpperCase()),
          left.some(key => model(subject, key)),
        );
        if (round % 10 === 5) list.remove(left[random(left.length)] ?? '');
        if (round % 10 === 9) list.add(words(random, 1, 'ab/.?', 5)[0] ?? 'a');
      }
    }
  });

test('where several patterns match, maps take the longest prefix and otherwise the first of the list', () => {
  const keys = ['/b', '/a', '/a/b/c', '/a/b'];
  const list = listOf(keys);
  const found = (method: MatchMethod, subject: string) => setOf(list, method).find(subject)?.entry.key;
  assert.equal(found('beg', '/a/b/c/d'), '/a/b/c');
  assert.equal(setOf(list, 'beg', true).find('/a/b/c/d')?.entry.key, '/a');
  assert.equal(found('sub', 'x/a/b/c'), '/b');
  assert.equal(found('dir', '/a/b/c'), '/b');
  assert.equal(setOf(listOf(['c', '/b/c', 'b/c']), 'end').find('/a/b/c')?.entry.key, 'c');
});

test('numbers match alone, in ranges and beyond 53 bits', () => {
  const set = setOf(listOf(['5', '10:20', ':2', '9007199254740993', '100-']), 'int');
  for (const [value, expected] of [
    [5, true],
    [6, false],
    [10, true],
    [20, true],
    [21, false],
    [0, true],
    [2, true],
    [3, false],
    [9007199254740993n, true],
    [99, false],
  ] as const)
    assert.equal(set.test(value), expected, String(value));
  const below = (pattern: string): number[] =>
    [-10, -5, -4, 0, 1].filter(value => setOf(listOf([pattern]), 'int').test(value));
  assert.deepEqual(below(':-5'), [-10, -5]);
  assert.deepEqual(below('--5'), [-10, -5]);
  assert.deepEqual(below('--'), [-10, -5, -4, 0]);
  for (const bad of ['-', '---', '5--', '10--20', ':-x'])
    assert.throws(() => setOf(listOf([bad]), 'int'), bad);
  assert.equal(setOf(listOf(['3:5']), 'len').test('abcd'), true);
  assert.equal(setOf(listOf(['3.1:3.3']), 'dotted').test(3 * 65536 + 2), true);
  assert.equal(setOf(listOf(['3.1']), 'dotted').test(3 * 65536), false);
});

test('networks of both families match, the most specific one first', () => {
  const list = listOf([
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.1.2.3',
    '2001:db8::/32',
    '192.0.2.0/255.255.255.240',
    '172.16/12',
    '127.1',
    '192.168.9/24',
    '10.0.9.0/255.0.255.0',
    '::ffff:203.0.113.0/120',
  ]);
  const set = setOf(list, 'ip');
  const found = (text: string) => set.find(parseIp(text) as never)?.entry.key;
  assert.equal(found('10.1.2.3'), '10.1.2.3');
  assert.equal(found('10.1.2.4'), '10.1.0.0/16');
  assert.equal(found('10.9.2.4'), '10.0.0.0/8');
  assert.equal(found('2001:db8:1::1'), '2001:db8::/32');
  assert.equal(found('2001:db9::1'), undefined);
  assert.equal(found('192.0.2.15'), '192.0.2.0/255.255.255.240');
  assert.equal(found('192.0.2.16'), undefined);
  assert.equal(found('172.0.9.9'), '172.16/12');
  assert.equal(found('172.16.9.9'), undefined);
  assert.equal(found('127.0.0.1'), '127.1');
  assert.equal(found('192.168.0.77'), '192.168.9/24');
  assert.equal(found('192.168.9.77'), undefined);
  assert.equal(found('::ffff:10.1.9.9'), '10.1.0.0/16');
  assert.equal(found('203.0.113.9'), '::ffff:203.0.113.0/120');
  list.remove('10.1.0.0/16');
  list.remove('10.0.0.0/8');
  assert.equal(found('10.77.9.1'), '10.0.9.0/255.0.255.0');
  assert.equal(found('10.77.8.1'), undefined);
});

test('regular expressions match in order and remembered verdicts follow changes', () => {
  const list = listOf(['^/a', 'b$', 'c+', 'd', 'e', 'f']);
  const set = setOf(list, 'reg');
  assert.equal(set.find('/ab')?.entry.key, '^/a');
  assert.equal(set.find('xyz'), undefined);
  assert.equal(list.add('xy'), undefined);
  assert.equal(set.find('xyz')?.entry.key, 'xy');
  list.remove('xy');
  assert.equal(set.find('xyz'), undefined);
  assert.match(list.add('(') ?? '', /is invalid/);
});

test('lines of a file: comments, blanks and columns as HAProxy reads them', () => {
  const content = '#comment\n  key1  \n\nkey2 with words\r\n\t# not a comment\n';
  assert.deepEqual(
    linesOf(content, false).map(([key, , line]) => [key, line]),
    [
      ['key1  ', 2],
      ['key2 with words', 4],
      ['# not a comment', 5],
    ],
  );
  assert.deepEqual(
    linesOf('a   b c  \n  x\ty\n', true).map(([key, value]) => [key, value]),
    [
      ['a', 'b c'],
      ['x', 'y'],
    ],
  );
});

test('one file is one list, however often and by whichever name it is used', () => {
  const registry = new PatternRegistry({
    readFile: path => (path === 'a.map' ? { content: 'k v\n' } : { error: 'no such file' }),
  });
  const first = registry.open('a.map', 'map', true, 'x');
  assert.ok(typeof first !== 'string');
  assert.equal(registry.open('file@a.map', 'map', true, 'y'), first);
  assert.equal(registry.open('opt@a.map', 'map', true, 'z'), first);
  assert.deepEqual(first.displays, ['x', 'y', 'z']);
  const refusal = (opened: PatternList | string): string => (typeof opened === 'string' ? opened : '');
  assert.match(refusal(registry.open('a.map', 'acl', false, 'x')), /already used as two column file/);
  assert.match(refusal(registry.open('b.map', 'map', true, 'x')), /failed to open pattern file <b.map>/);
  const optional = registry.open('opt@b.map', 'map', true, 'x');
  const virtual = registry.open('virt@names', 'map', true, 'x');
  assert.ok(typeof optional !== 'string' && typeof virtual !== 'string');
  assert.deepEqual([optional.isFile, virtual.isFile, first.isFile], [false, false, true]);
});

test('numbers are given in order, around those that were asked for', () => {
  const registry = new PatternRegistry({ readFile: () => ({ content: '' }) });
  const lists = [undefined, 1, undefined].map(id => registry.createLine('x', id) as PatternList);
  registry.assignIds();
  assert.deepEqual(
    lists.map(list => list.id),
    [0, 1, 2],
  );
  assert.equal(registry.find('#2'), lists[2]);
  assert.equal(registry.createLine('x', 1), 'the id is already used');
});

test('entries are added, changed and removed at run time in every way of looking', () => {
  const registry = new PatternRegistry({ readFile: () => ({ content: '/a 1\n/b 2\n' }) });
  const list = registry.open('x.map', 'map', true, 'x');
  assert.ok(typeof list !== 'string');
  const text = setOf(list, 'str');
  const number = list.setFor('beg', false, value => (/^[0-9]+$/.test(value) ? Number(value) : undefined));
  assert.ok(typeof number !== 'string');
  const before = registry.revision;
  assert.equal(list.add('/c', '3'), undefined);
  assert.equal(text.find('/c')?.data, '3');
  assert.equal(number.find('/c/x')?.data, 3);
  assert.match(list.add('/d', 'four') ?? '', /unable to parse 'four'/);
  assert.equal(text.find('/d'), undefined);
  assert.equal(list.set('/a', '11'), undefined);
  assert.equal(number.find('/a')?.data, 11);
  assert.match(list.set('/a', 'x') ?? '', /unable to parse/);
  assert.equal(list.set('/zz', '1'), 'entry not found');
  assert.equal(list.remove('/b'), 1);
  assert.equal(text.find('/b'), undefined);
  const entry = list.find('/c');
  assert.ok(entry !== undefined);
  assert.equal(list.setById(entry.id, '33'), undefined);
  assert.equal(text.find('/c')?.data, '33');
  assert.equal(list.removeById(entry.id), true);
  list.clear();
  assert.equal(text.find('/a'), undefined);
  assert.ok(registry.revision > before);
});

test('a version is filled out of sight and becomes visible at once', () => {
  const list = listOf(['old']);
  const set = setOf(list, 'str');
  const version = list.prepare();
  list.add('new', undefined, { version });
  assert.deepEqual([set.test('old'), set.test('new')], [true, false]);
  assert.equal(list.commit(version), undefined);
  assert.deepEqual([set.test('old'), set.test('new')], [false, true]);
  assert.equal(list.version, version);
  assert.equal(list.commit(99), 'Version number out of range.');
  assert.match(list.add('x', undefined, { version: 0 }) ?? '', /version 0 does not exist/);
});
