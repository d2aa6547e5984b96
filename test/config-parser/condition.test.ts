import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, readCondition } from '../../src/config-parser/condition.ts';
import type { Word } from '../../src/model/word.ts';

function words(line: string): Word[] {
  return line
    .split(' ')
    .map((text, index) => ({ text, position: { file: 'f', line: 1, column: index + 1 } }));
}

/** Alternatives with `|`, terms with blanks, negation with `!`. */
function shape(line: string): string {
  const { value, error } = readCondition(words(line));
  if (value === undefined) return `error: ${error}`;
  const alternatives = value.alternatives.map(terms =>
    terms
      .map(
        ({ negated, name, words: content }) =>
          `${negated ? '!' : ''}${name ?? `{${content?.map(word => word.text).join(' ')}}`}`,
      )
      .join(' '),
  );
  return `${value.kind}: ${alternatives.join(' | ')}`;
}

test('terms are ANDed, or and || start another alternative, ! negates', () => {
  assert.equal(shape('if a b or c || d'), 'if: a b | c | d');
  assert.equal(shape('unless a OR b'), 'unless: a | b');
  assert.equal(shape('if !a ! b !!c'), 'if: !a !b c');
  assert.equal(shape('if { path -i /x } !{ src 10.0.0.0/8 } y'), 'if: {path -i /x} !{src 10.0.0.0/8} y');
  assert.equal(shape('if or a or'), 'if: a');
  assert.equal(shape('if'), 'if: ');
});

test('braces have to be closed and hold something', () => {
  assert.equal(shape('if { path /x'), `error: missing closing '}' in condition`);
  assert.equal(shape('if { }'), 'error: missing fetch method');
  assert.equal(shape('when a'), `error: conditions must start with either 'if' or 'unless'`);
});

test('the condition begins at the first if or unless', () => {
  assert.equal(findCondition(words('deny status 403 if a')), 3);
  assert.equal(findCondition(words('deny status 403')), 3);
});
