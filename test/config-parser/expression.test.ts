/** Plain expressions are read without the grammar: what comes of them is what the grammar makes of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '../../src/config-parser/expression.ts';
import { parse } from '../../src/config-parser/grammar/generated/expression.js';

const PLAIN = [
  'path',
  'req.hdr',
  'hdr(host)',
  'hdr()',
  'hdr(host,-1)',
  'a.b:c+d-e(,)',
  'hdr( host , 1 )',
  'url_param(a b)',
  'x(%[src])',
];
const OTHERS = [
  'path,lower',
  'hdr(host),lower',
  "hdr('a,b')",
  'hdr("a")',
  'hdr(a\\,b)',
  'hdr(a(b)',
  'path,',
  'path,,',
];

for (const text of [...PLAIN, ...OTHERS])
  test(`${text} is read as by the grammar`, () => {
    assert.deepEqual(parseExpression(text), parse(text));
  });

test('what is no expression is told by its place', () => {
  assert.deepEqual(parseExpression('path)'), { error: 'missing comma after fetch keyword', offset: 4 });
  assert.deepEqual(parseExpression('hdr(host'), {
    error: "expected ')' before the end of 'hdr(host'",
    offset: 8,
  });
});
