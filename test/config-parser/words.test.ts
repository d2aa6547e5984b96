/** Quotes, escapes and variables: the matrix of the manual's section 2.2, and what its parser does beside it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords } from '../../src/config-parser/words.ts';

const VARIABLES: Readonly<Record<string, string>> = {
  NAME: 'value',
  EMPTY: '',
  LIST: 'one two  three',
  PADDED: ' one two ',
  '.LINE': '7',
};

function cut(text: string): readonly string[] {
  const { words, fault } = readWords({ file: 'f.cfg', line: 7, text }, name => VARIABLES[name]);
  assert.equal(fault, undefined, `${text}: ${fault?.message ?? ''}`);
  return words?.map(word => word.text) ?? [];
}

function faultOf(text: string): string {
  const { fault } = readWords({ file: 'f.cfg', line: 7, text }, name => VARIABLES[name]);
  assert.ok(fault, `${text} should be refused`);
  return fault.message;
}

test('blanks of every kind separate words, and hashes end the line', () => {
  assert.deepEqual(cut('  a\tb   c # d'), ['a', 'b', 'c']);
  assert.deepEqual(cut('daemon#daemonize'), ['daemon']);
  assert.deepEqual(cut('# nothing'), []);
  assert.deepEqual(cut(''), []);
  assert.deepEqual(cut('a b\r'), ['a', 'b']);
  assert.deepEqual(cut('a "b c"\r'), ['a', 'b c']);
});

test('the matrix of special characters holds, unquoted, weakly and strongly quoted', () => {
  const matrix: readonly (readonly [string, string])[] = [
    ['x\\ty', 'x\ty'],
    ['"x\ty"', 'x\ty'],
    ["'x\ty'", 'x\ty'],
    ['x\\ny', 'x\ny'],
    ['"x\\x0ay"', 'x\ny'],
    ['x\\ry', 'x\ry'],
    ['x\\ y', 'x y'],
    ['"x\\ y"', 'x y'],
    ["'x y'", 'x y'],
    ['x\\"y', 'x"y'],
    ['"x\\"y"', 'x"y'],
    [`'x"y'`, 'x"y'],
    ['x\\#y', 'x#y'],
    ['"x#y"', 'x#y'],
    ["'x#y'", 'x#y'],
    ['x$y', 'x$y'],
    ['"x\\$y"', 'x$y'],
    ["'x$y'", 'x$y'],
    ["x\\'y", "x'y"],
    [`"x'y"`, "x'y"],
    ['x\\\\y', 'x\\y'],
    ["'x\\y'", 'x\\y'],
    ['x\\x41y', 'xAy'],
  ];
  for (const [written, word] of matrix) assert.deepEqual(cut(`k ${written}`), ['k', word], written);
});

test("the manual's four ways to write a log format are the same", () => {
  const same = '%{+Q}o %t %s %{-Q}r';
  for (const written of [
    '%{+Q}o\\ %t\\ %s\\ %{-Q}r',
    `"${same}"`,
    `'${same}'`,
    `"%{+Q}o %t"' %s %{-Q}r'`,
    `"%{+Q}o %t"' %s'\\ %{-Q}r`,
  ])
    assert.deepEqual(cut(`log-format ${written}`), ['log-format', same]);
});

test('other combinations with a backslash are no escapes', () => {
  assert.deepEqual(cut('k \\1 \\$x a\\'), ['k', '\\1', '\\$x', 'a\\']);
});

test('variables count inside double quotes only', () => {
  assert.deepEqual(cut('k "$NAME" "${NAME}s" $NAME \'$NAME\''), ['k', 'value', 'values', '$NAME', '$NAME']);
  assert.deepEqual(cut('k "${GONE-a b}" "${NAME-other}" "${EMPTY-x}y"'), ['k', 'a b', 'value', 'y']);
  assert.deepEqual(cut('k "line ${.LINE}"'), ['k', 'line 7']);
});

test('a list variable becomes several words', () => {
  assert.deepEqual(cut('k "${LIST[*]}"'), ['k', 'one', 'two', 'three']);
  assert.deepEqual(cut('k "a${LIST[*]}b"'), ['k', 'aone', 'two', 'threeb']);
  assert.deepEqual(cut('k "a${PADDED[*]}b"'), ['k', 'a', 'one', 'two', 'b']);
  assert.deepEqual(cut('k "${EMPTY[*]}" x'), ['k', 'x']);
  assert.deepEqual(cut('k "${GONE[*]}" x'), ['k', 'x']);
  assert.deepEqual(cut('k "${GONE[*]-p q}"'), ['k', 'p', 'q']);
});

test('a word that becomes empty is an error, at the place it comes from', () => {
  assert.equal(
    faultOf('  k "" x'),
    'argument number 1 at position 5 is empty and marks the end of the argument list:\n  k "" x\n    ^',
  );
  assert.match(faultOf('k "$GONE"'), /^argument number 1 at position 5 is empty.*\n {2}k "\$GONE"\n {6}\^$/s);
  assert.deepEqual(cut('"" k'), []);
});

test('what cannot be cut is shown with a caret under the place', () => {
  assert.equal(faultOf(' balance "round'), 'unmatched quote at position 10:\n  balance "round\n          ^');
  assert.match(faultOf("k 'x"), /^unmatched quote at position 3:/);
  assert.match(faultOf('k \\xZZ'), /^truncated or invalid hexadecimal sequence at position 3:/);
  assert.match(faultOf('k "${NAME"'), /^unmatched brace in environment variable name at position 5:/);
  assert.match(faultOf('k "$1"'), /^forbidden first char in environment variable name at position 5:/);
  assert.match(faultOf('k "${.WHAT}"'), /^forbidden first char in environment variable name at position 6:/);
  assert.match(faultOf('k "${NAME[}"'), /^truncated or invalid word expansion sequence at position 10:/);
  assert.match(faultOf(`k "${'x'.repeat(200)}`), /^unmatched quote.*\n {2}k "x{60,}\.\.\.\n {4}\^$/s);
});

test('a line has 64 words at most', () => {
  assert.equal(cut(Array.from({ length: 64 }, () => 'w').join(' ')).length, 64);
  assert.match(
    faultOf(Array.from({ length: 65 }, () => 'w').join(' ')),
    /^too many words, truncating after word 64/,
  );
});

test('words know the column they stand at', () => {
  const { words } = readWords({ file: 'f.cfg', line: 3, text: '  a "b c"  d' }, () => undefined);
  assert.deepEqual(
    words?.map(word => word.position.column),
    [3, 5, 12],
  );
});
