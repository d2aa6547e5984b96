import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition } from '../../src/acl/condition.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import { compileRegex, expandReplacement, isRegexMistake, limitWarning } from '../../src/acl/regex/regex.ts';
import type { CompiledRegex } from '../../src/acl/regex/regex.ts';
import { parseRegex } from '../../src/acl/regex/parse.ts';
import { riskOf } from '../../src/acl/regex/risk.ts';
import { AT, testEnvironment } from './compile-environment.ts';
import { processorMs } from '../support/processor-time.ts';

function regex(pattern: string, ignoreCase = false): CompiledRegex {
  const compiled = compileRegex(pattern, ignoreCase);
  assert.ok(!isRegexMistake(compiled), JSON.stringify(compiled));
  return compiled;
}

function risk(pattern: string): number {
  const parsed = parseRegex(pattern, false);
  assert.ok(!('error' in parsed), pattern);
  return riskOf(parsed.root);
}

/** Pattern, subjects that match, subjects that do not. */
const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['^/api/v[0-9]+/', ['/api/v2/x'], ['/api/vx/']],
  [String.raw`\.(jpg|png|gif)$`, ['/a.jpg', '/a.png\n'], ['/a.jpgx', '/a.jpg\n\n']],
  [String.raw`\.php\z`, ['a.php'], ['a.php\n']],
  ['(?i)abc', ['xABCx', 'aBc'], ['ab']],
  ['a(?i:b)c', ['abc', 'aBc'], ['Abc', 'abC']],
  ['(?i)a(?-i)b', ['Ab', 'ab'], ['aB']],
  ['a.c', ['abc', 'a\rc', 'a\u00e9c'], ['a\nc']],
  ['(?s)a.c', ['a\nc'], []],
  ['(?m)^b$', ['a\nb\nc'], ['ab']],
  ['(?x) a b # comment\n c', ['abc'], ['a b c']],
  [String.raw`\d+\s\w+\S`, ['12 ab!'], ['x']],
  [String.raw`[^\d\s]`, ['a'], ['1 2']],
  [String.raw`\bfoo\b`, ['a foo b'], ['afoob']],
  ['[[:alpha:]_]+[[:digit:]]', ['ab1', '_9'], ['-1']],
  ['[[:^alpha:]]', ['1'], ['a']],
  ['[]a]+', [']a'], ['b']],
  ['[a-]', ['-'], ['b']],
  [String.raw`\x41\x{42}\103`, ['ABC'], ['abc']],
  [String.raw`\Qa.b*\E+c`, ['a.b*c'], ['axb*c']],
  ['(?:ab){2,3}', ['abab'], ['ab']],
  ['a{,2}b', ['b', 'ab', 'aab'], ['c']],
  ['x{2', ['x{2'], ['xx']],
  ['a|b|', ['', 'x'], []],
  ['(a)(b)\\2\\1', ['abba'], ['abab']],
  ['(?<n>a)\\k<n>', ['aa'], ['ab']],
  ['(?P<n>a)(?P=n)', ['aa'], ['ab']],
  ['^(?!.*forbidden).*$', ['fine'], ['is forbidden']],
  ['(?<=/)admin(?=/)', ['/admin/'], ['admin']],
  ['(?>a+)b', ['aab'], ['ac']],
  ['(?>a+)ab', [], ['aaab']],
  ['a++b', ['aab'], ['ac']],
  ['a++ab', [], ['aaab']],
  ['a+?b', ['aab'], ['c']],
  [String.raw`\h\R\N`, [' \r\nx', '\t\nx'], ['x']],
  [String.raw`\Aabc\Z`, ['abc', 'abc\n'], ['xabc']],
  ['(?#comment)a', ['a'], ['b']],
  ['\\/\\-\\.', ['/-.'], ['/x.']],
  ['caf\u00e9', ['caf\u00e9'], ['cafe']],
];

test('PCRE patterns match what PCRE matches', () => {
  for (const [pattern, matches, others] of CASES) {
    const compiled = regex(pattern);
    for (const subject of matches)
      assert.equal(compiled.test(subject), true, `${pattern} on ${JSON.stringify(subject)}`);
    for (const subject of others)
      assert.equal(compiled.test(subject), false, `${pattern} on ${JSON.stringify(subject)}`);
  }
});

test('ignoring case concerns ASCII letters only', () => {
  assert.equal(regex('h[\u00c9]llo', true).test('H\u00c9LLO'), true);
  assert.equal(regex('\u00c9', true).test('\u00e9'), false);
  assert.equal(regex('[^a]', true).test('A'), false);
});

test('groups are numbered as in the pattern, whatever it is translated to', () => {
  assert.deepEqual(regex('(?>x(a))(?:b)(c)?(d)').match('-xabd-')?.groups, ['xabd', 'a', undefined, 'd']);
  const hostile = regex('((a|ab)(b|c))+(d)').match(`${'ab'.repeat(400)}d`);
  assert.equal(hostile?.groups[4], 'd');
  assert.equal(hostile?.start, 0);
});

test('what a group caught in an earlier turn of a loop is kept, as PCRE does', () => {
  const groups = (pattern: string, subject: string) => regex(pattern).match(subject)?.groups;
  assert.deepEqual(groups('((a)|b)+', 'aab'), ['aab', 'b', 'a']);
  assert.deepEqual(groups('(?:(a)|b)*', 'ab'), ['ab', 'a']);
  assert.deepEqual(groups('(?:/(\\d+)?x)+', '/1x/x'), ['/1x/x', '1']);
  assert.deepEqual(groups('(?:(a)b)+', 'abab'), ['abab', 'a']);
});

test('what PCRE has and this does not is named', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['(a', /missing '\)'/],
    ['a)', /unmatched '\)'/],
    ['[a', /missing '\]' of a character class/],
    ['*a', /nothing to repeat/],
    ['a**', /nothing to repeat/],
    ['a{3,2}', /numbers out of order/],
    ['[b-a]', /range out of order/],
    ['\\', /\\ at the end of the pattern/],
    ['\\y', /unknown escape \\y/],
    ['(?R)', /recursion, conditionals and callouts are not supported/],
    ['(*FAIL)', /backtracking verbs are not supported/],
    ['\\p{L}', /\\p is not supported/],
    ['(a)\\3', /reference to a group that does not exist/],
    ['[[.a.]]', /POSIX collating elements are not supported/],
    ['[[:nope:]]', /unknown class name 'nope'/],
    ['\\x{1F600}', /character codes above 255/],
    [`${'('.repeat(300)}${')'.repeat(300)}`, /nested too deep/],
  ];
  for (const [pattern, expected] of cases) {
    const compiled = compileRegex(pattern);
    assert.ok(isRegexMistake(compiled), pattern);
    assert.match(compiled.error, expected);
  }
});

test('the risk of a pattern is never told too low', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['^/api/', 1],
    ['abc', 1],
    ['^[^/]*/[^/]*/x$', 1],
    ['^.*foo', 1],
    ['foo.*bar', 2],
    ['^a+a+b', 2],
    ['.+\\w++]', 3],
    [`^${'a?'.repeat(20)}a{20}$`, 2],
    ['^.*a.*b$', 2],
    ['[a-z]+[0-9]+x', 2],
    ['^(a+)+$', Infinity],
    ['^(a|a)*$', Infinity],
    ['^(a|ab)*c', Infinity],
    ['(x+x+)+y', Infinity],
    ['^(\\w+\\s?)*$', Infinity],
    ['^(a?){30}a{30}$', 30],
    ['^(?:[^/]+/)*$', 1],
    ['^(?!.*forbidden).*$', 1],
    ['^(?=.*a)(?=.*b).*$', 1],
    ['(?=.*a)(?=.*b)x', 2],
  ];
  for (const [pattern, least] of cases) {
    const told = risk(pattern);
    if (least === Infinity || least === 1) assert.equal(told, least, pattern);
    else assert.ok(told >= Math.min(least, 2), `${pattern}: ${told}`);
  }
});

const HOSTILE: readonly (readonly [string, string])[] = [
  ['^(a+)+$', `${'a'.repeat(16000)}b`],
  ['^(a|aa)+$', `${'a'.repeat(16000)}b`],
  ['(x+x+)+y', 'x'.repeat(16000)],
  ['^([a-zA-Z0-9])(([.-]|_+)?([a-zA-Z0-9]+))*@', `${'a'.repeat(16000)}!`],
  ['(.*)(.*)(.*)(.*)(.*)[0-9]', 'a'.repeat(16000)],
  ['a.*b.*c.*d', 'abc'.repeat(5000)],
  ['[a-z]+[a-z]+[a-z]+[0-9]', 'a'.repeat(16000)],
  ['^(?:a?){64}a{64}$', 'a'.repeat(64)],
  ['(a*)*b', 'a'.repeat(16000)],
  ['(?:union|select|insert).*(?:from|into).*x', 'union from '.repeat(1500)],
  ['^(?!.*a.*b.*c).*$', 'ab'.repeat(8000)],
  ['(?=.*a)(?=.*b)x', 'a'.repeat(16000)],
  ['(a+)\\1b', 'a'.repeat(16000)],
];

test('no subject keeps a pattern busy for long', () => {
  for (const [pattern, subject] of HOSTILE) {
    const compiled = compileRegex(pattern);
    if (isRegexMistake(compiled)) continue;
    compiled.test(subject.slice(0, 10));
    const spent = processorMs(() => void compiled.test(subject), 100);
    assert.ok(spent < 100, `${pattern}: ${spent.toFixed(0)} ms`);
  }
});

test('a pattern that nothing can bound is refused at load', () => {
  const compiled = compileRegex('^(a+)+(?!x)\\1$');
  assert.ok(isRegexMistake(compiled));
  assert.match(compiled.error, /can take unlimited time on long subjects/);
});

test('a pattern that gives up on long subjects warns at load', () => {
  const limited = regex('foo.*bar(?!x)');
  assert.equal(limited.test(`foo${'-'.repeat(1900)}bar`), true);
  assert.equal(limited.test(`foo${'-'.repeat(2000)}bar`), false);
  assert.match(limitWarning(limited) ?? '', /will not match anything longer than 2000 bytes/);
  assert.equal(limitWarning(regex('foo.*bar')), undefined);
  const env = testEnvironment();
  const words = ['path', '-m', 'reg', 'foo.*bar(?!x)'].map(text => ({ text, position: AT }));
  compileCondition(
    { kind: 'if', position: AT, alternatives: [[{ negated: false, position: AT, words }]] },
    phaseBit('frontend http-request header rule'),
    env,
  );
  assert.deepEqual(
    env.diagnostics.map(({ severity }) => severity),
    ['warning'],
  );
});

test('both engines agree on random patterns and subjects', () => {
  let state = 11;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const pieces = [
    'a',
    'b',
    '[ab]',
    '[^a]',
    '.',
    '(a|b)',
    '(?:ab|a)',
    'a*',
    'b+',
    'a?',
    '(ab)+',
    '^',
    '$',
    '\\b',
    'c{1,2}',
    '(a|ab)*',
  ];
  for (let round = 0; round < 600; round++) {
    const pattern = Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]).join('');
    const compiled = compileRegex(pattern);
    if (isRegexMistake(compiled)) continue;
    // the translation written by hand: these pieces mean the same in JavaScript but for the end of the subject
    const reference = new RegExp(pattern.replaceAll('$', '(?=\\n?$)').replaceAll('.', '[^\\n]'));
    for (let index = 0; index < 12; index++) {
      const subject = Array.from({ length: random(8) }, () => 'abc\n'.charAt(random(4))).join('');
      assert.equal(
        compiled.test(subject),
        reference.test(subject),
        `${pattern} on ${JSON.stringify(subject)}`,
      );
      assert.equal(compiled.match(subject)?.groups[0] === undefined, !reference.test(subject));
    }
  }
});

test('replacements take groups and bytes', () => {
  assert.equal(expandReplacement(String.raw`<\1\2\9>`, ['', 'a', undefined]), '<a>');
  assert.equal(expandReplacement(String.raw`\x41\\`, []), 'A\\');
  assert.equal(expandReplacement('\\', []), undefined);
  assert.equal(expandReplacement(String.raw`\x4`, []), undefined);
});

test('a pattern that no engine compiles is a mistake, not an error when it is first used', () => {
  for (const pattern of ['x'.repeat(40_000), 'a?'.repeat(12_000), '(a|b)'.repeat(6000)]) {
    const compiled = compileRegex(pattern);
    assert.ok(isRegexMistake(compiled));
    assert.match(compiled.error, /^regex '.{200}\.\.\.' is too large$/);
  }
  const long = regex('x'.repeat(30_000), true);
  assert.equal(long.test('X'.repeat(30_000)), true);
  assert.equal(long.test('y'), false);
});
