import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiteralFinder, type WantedLiteral } from '../../src/acl/match/literal-finder.ts';
import { literalOf } from '../../src/acl/match/literal.ts';
import { randomSource } from '../support/random-source.ts';

function wanted(text: string, ends = ''): WantedLiteral {
  return { id: 0, text, atStart: ends.includes('^'), atEnd: ends.includes('$') };
}

function found(literals: readonly WantedLiteral[], text: string): number[] {
  const numbered = literals.map((literal, id) => ({ ...literal, id }));
  const marks = new Uint8Array(literals.length);
  const isFound = LiteralFinder.build(numbered)?.find(text, marks);
  const ids = numbered.filter(({ id }) => marks[id] === 1).map(({ id }) => id);
  assert.equal(isFound, ids.length > 0);
  return ids;
}

/** One literal after the other. */
function expected(literals: readonly WantedLiteral[], text: string): number[] {
  const lower = text.toLowerCase();
  return literals.flatMap(({ text: literal, atStart, atEnd }, id) => {
    const part = literal.toLowerCase();
    if (atStart && atEnd) return lower === part ? [id] : [];
    if (atStart) return lower.startsWith(part) ? [id] : [];
    if (atEnd) return lower.endsWith(part) ? [id] : [];
    return lower.includes(part) ? [id] : [];
  });
}

test('literals are found where they stand, in either case', () => {
  const literals = [wanted('/api/', '^'), wanted('robot'), wanted('.PHP', '$'), wanted('/', '^$')];
  assert.deepEqual(found(literals, '/api/x'), [0]);
  assert.deepEqual(found(literals, '/x/api/'), []);
  assert.deepEqual(found(literals, '/API/roROBOT.php'), [0, 1, 2]);
  assert.deepEqual(found(literals, '/a.php/b'), []);
  assert.deepEqual(found(literals, '/'), [3]);
  assert.deepEqual(found(literals, ''), []);
});

test('literals within one another are all found', () => {
  const literals = [wanted('he'), wanted('she'), wanted('hers'), wanted('ushers', '$'), wanted('he', '^')];
  assert.deepEqual(found(literals, 'ushers'), [0, 1, 2, 3]);
  assert.deepEqual(found(literals, 'hers'), [0, 2, 4]);
});

test('what is found is what searching literal by literal finds', () => {
  for (let round = 0; round < 2000; round++) {
    const random = randomSource(round);
    const word = (longest: number): string =>
      Array.from({ length: 1 + random(longest) }, () => 'abAé'.charAt(random(round % 2 === 0 ? 3 : 4))).join(
        '',
      );
    const onlyAnchored = round % 3 === 0;
    const literals = Array.from({ length: 1 + random(6) }, () =>
      wanted(word(4), onlyAnchored ? ['^', '^$'][random(2)] : ['', '^', '$', '^$'][random(4)]),
    );
    const text = random(10) === 0 ? '' : word(12);
    assert.deepEqual(found(literals, text), expected(literals, text), `round ${round}: ${text}`);
  }
});

test('too many literals are not searched for', () => {
  const literals = Array.from({ length: 20_000 }, (_, id) => ({ ...wanted(`/service-${id}-of-many/`), id }));
  assert.equal(LiteralFinder.build(literals), undefined);
});

test('a literal is what the match method wants of a sample', () => {
  assert.deepEqual(literalOf('str', 'a', false), { text: 'a', atStart: true, atEnd: true });
  assert.deepEqual(literalOf('beg', 'A', true), { text: 'a', atStart: true, atEnd: false });
  assert.deepEqual(literalOf('end', 'a', false), { text: 'a', atStart: false, atEnd: true });
  assert.deepEqual(literalOf('sub', 'a', false), { text: 'a', atStart: false, atEnd: false });
  assert.deepEqual(literalOf('dir', '/a/b/', false), { text: 'a/b', atStart: false, atEnd: false });
  assert.deepEqual(literalOf('dom', '.a.b.', false), { text: 'a.b', atStart: false, atEnd: false });
  assert.equal(literalOf('reg', 'a', false), undefined);
  assert.equal(literalOf('sub', '', false), undefined);
  assert.equal(literalOf('dir', '/', false), undefined);
});
