import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateConditional } from '../../src/config-parser/conditional.ts';

const lookup = (name: string): string | undefined => ({ SET: '1', EMPTY: '' })[name];

test('expressions have the value the manual gives them', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['', false],
    ['0', false],
    ['1', true],
    ['-3', true],
    ['!0', true],
    ['!!0', false],
    ['! 1', false],
    ['defined(SET)', true],
    ['defined(EMPTY)', true],
    ['defined(GONE)', false],
    ['defined()', false],
    ['feature(OPENSSL)', true],
    ['feature(SSL) && feature(TRACE)', true],
    ['feature(LUA) && feature(NS)', true],
    ['feature(QUIC)', false],
    ['feature(NOSUCH)', false],
    ['streq(a,a)', true],
    ['streq("a,b",\'a,b\')', true],
    ['streq(a, a)', false],
    ['streq(,)', true],
    ['strneq(a,b)', true],
    ['strstr(abc,b)', true],
    ['strstr(abc,d)', false],
    ['version_atleast(2.4)', true],
    ['version_atleast(3.4.0)', true],
    ['version_atleast(3.4-dev1)', true],
    ['version_atleast(3.5)', false],
    ['version_before(3.5-dev0)', true],
    ['version_before(3.4)', false],
    ['enabled(POLL)', true],
    ['enabled(KQUEUE)', false],
    ['openssl_version_atleast(1.1.1)', true],
    ['openssl_version_before(1.0.2k)', false],
    ['ssllib_name_startswith(OpenSSL)', true],
    ['ssllib_name_startswith(wolfSSL)', false],
    ['0 || 1 && 0', false],
    ['1 || 0 && 0', true],
    ['(1 || 0) && 0', false],
    ['!(0 || 0) && (1)', true],
    ['ssllib_name_startswith(AWS-LC) && awslc_api_atleast(35)', false],
  ];
  for (const [expression, value] of cases)
    assert.deepEqual(evaluateConditional(expression, lookup), { value }, expression);
});

test('expressions that make no sense are refused at the place where they stop making sense', () => {
  const cases: readonly (readonly [string, RegExp, number])[] = [
    ['foo', /^unparsable conditional expression 'foo'/, 0],
    ['1 1', /^unexpected character '1' at the end of conditional expression '1 1'/, 2],
    ['(1', /^expected '\)' after conditional expression/, 0],
    ['1 &&', /^unparsable conditional expression ''/, 4],
    ['()', /^unparsable conditional expression/, 1],
    ['streq(a)', /^missing arguments \(got 1\/2\)/, 0],
    ['streq(a,b,c)', /^expected '\)' before ','/, 0],
    ['defined(SET', /^expected '\)'/, 7],
    ['0 || nosuch(1)', /^unparsable conditional expression 'nosuch/, 5],
    [
      'awslc_api_atleast(35)',
      /^invalid argument to conditional expression predicate 'awslc_api_atleast': '35'/,
      0,
    ],
    ['openssl_version_atleast(x)', /^invalid argument/, 0],
    ['('.repeat(5000), /parentheses/, 0],
  ];
  for (const [expression, message, offset] of cases) {
    const result = evaluateConditional(expression, lookup);
    assert.ok(result.error !== undefined, expression);
    assert.match(result.error, message, expression);
    assert.equal(result.offset, offset, expression);
  }
});
