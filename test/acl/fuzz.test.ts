/**
 * Random and mangled texts through the compilers of expressions, log formats, ACL lines and regular expressions,
 * and through what they compiled: nothing throws, nothing takes long. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition } from '../../src/acl/condition.ts';
import { compileExpression } from '../../src/acl/expression.ts';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { compileRegex, isRegexMistake } from '../../src/acl/regex/regex.ts';
import { allConverters, allFetches } from '../../src/acl/samples-page.ts';
import { AT, testEnvironment } from './compile-environment.ts';
import type { TestEnvironment } from './compile-environment.ts';
import { exampleContext } from './evaluate.ts';
import { processorMs } from '../support/processor-time.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? '5');
const LONGEST_MS = 100;
const ANY_PHASE = -1;

let state = Number(process.env['LB_FUZZ_SEED'] ?? '1');
function random(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >> 8) % below;
}
const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
const several = (make: () => string, most: number): string =>
  Array.from({ length: random(most + 1) }, make).join('');

const NAMES = [...allFetches(), ...allConverters()].map(({ name }) => name);
const SCRAPS = [
  '(',
  ')',
  ',',
  '"',
  "'",
  '\\',
  ' ',
  '%',
  '[',
  ']',
  '{',
  '}',
  '+Q',
  '%%',
  '%ci',
  '%[',
  'txn.a',
  '-1',
  '9'.repeat(25),
  '\0',
  '\xff',
  'x'.repeat(300),
  '/',
  '24',
  ':',
  '$.a',
  '$.[',
  'be1/s1',
  'int',
  '\n',
];

const scrap = (): string => (random(4) === 0 ? String.fromCharCode(random(256)) : pick(SCRAPS));
const call = (): string =>
  pick(NAMES) +
  (random(2) === 0
    ? ''
    : `(${several(() => pick([scrap(), ',', pick(['a', '1', 'txn.v', '0', '-3', 's'])]), 6)})`);
const expression = (): string =>
  [call(), ...Array.from({ length: random(4) }, call)].join(',') + (random(6) === 0 ? scrap() : '');
const logFormat = (): string =>
  several(
    () =>
      pick([
        scrap(),
        `%[${expression()}]`,
        `%{${several(scrap, 2)}}${pick(['ci', 'r', 'hr', 'o', '(n)B'])}`,
        ' ',
        'text',
      ]),
    8,
  );
const PIECES = [
  'a',
  'b',
  '.',
  '\\d',
  '\\w',
  '[a-z]',
  '[^x]',
  '(',
  ')',
  '(?:',
  '(?=',
  '(?!',
  '(?<=',
  '(?>',
  '*',
  '+',
  '?',
  '{2}',
  '{1,}',
  '{,3}',
  '|',
  '^',
  '$',
  '\\b',
  '\\1',
  '\\',
  '[',
  ']',
  '(?i)',
  '\\x',
  '\\Q',
  '\\E',
  '++',
  '*?',
  '[[:alpha:]]',
  '\xe9',
];
const pattern = (): string => several(() => pick(PIECES), 14);
const condition = (): string[] => [
  random(3) === 0 ? call() : expression(),
  ...Array.from({ length: random(6) }, () =>
    pick([
      '-i',
      '-m',
      'reg',
      'beg',
      'int',
      'ip',
      '-f',
      'x.map',
      '--',
      'gt',
      '5',
      '1:9',
      '10/8',
      '::/0',
      pattern(),
      scrap(),
    ]),
  ),
];

function timed(label: string, run: () => void): void {
  const spent = processorMs(run, LONGEST_MS);
  assert.ok(spent < LONGEST_MS, `${spent.toFixed(0)} ms: ${JSON.stringify(label)}`);
}

function forSomeTime(round: (env: TestEnvironment) => void): void {
  const end = performance.now() + (SECONDS * 1000) / 4;
  // a fresh environment now and then, so that pattern lists and variable names do not pile up
  for (
    let env = testEnvironment();
    performance.now() < end;
    env = testEnvironment({ files: { 'x.map': 'a b\n' } })
  )
    for (let index = 0; index < 50; index++) round(env);
}

const ctx = exampleContext();

test('any text through the expression compiler', () => {
  forSomeTime(env => {
    const text = expression();
    timed(text, () => void compileExpression(text, AT, ANY_PHASE, env)?.string(ctx));
  });
});

test('any text through the log-format compiler', () => {
  forSomeTime(env => {
    const text = logFormat();
    timed(
      text,
      () =>
        void compileLogFormat(text, AT, ANY_PHASE, env, {
          style: pick(['log', 'http', 'plain', 'id']),
        })?.render(ctx),
    );
  });
});

test('any words through the ACL compiler', () => {
  forSomeTime(env => {
    const words = condition().map(text => ({ text, position: AT }));
    const term = { negated: random(2) === 0, position: AT, words };
    const whole = { kind: 'if' as const, position: AT, alternatives: [[term]] };
    timed(
      JSON.stringify(words.map(({ text }) => text)),
      () => void compileCondition(whole, ANY_PHASE, env)?.test(ctx),
    );
  });
});

test('any pattern through the regex compiler, over short and long subjects', () => {
  const subjects = [
    '',
    'abab',
    'a'.repeat(5000),
    'ab'.repeat(4000),
    `${'a'.repeat(3000)}!`,
    '\xe9x'.repeat(500),
  ];
  forSomeTime(() => {
    const text = pattern();
    const compiled = compileRegex(text, random(2) === 0);
    if (isRegexMistake(compiled)) return;
    const subject = pick(subjects);
    timed(`${text} on ${subject.length} bytes`, () => {
      compiled.test(subject);
      compiled.match(subject, random(2) === 0);
    });
  });
});
