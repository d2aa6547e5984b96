import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition } from '../../src/acl/condition.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import type { Phase } from '../../src/acl/phase.ts';
import { conditionOf, testEnvironment } from './compile-environment.ts';
import { compiledCondition, CONTENT_PHASE, exampleContext, holds, REQUEST_PHASE } from './evaluate.ts';
import { bytes, requestHead, sampleContext } from './sample-context.ts';

const ACLS = ['shop path_beg /shop', 'shop path_beg /store', 'lan src 10.0.0.0/8', 'post method POST'];

function check(cases: readonly (readonly [string, boolean])[]): void {
  for (const [text, expected] of cases)
    assert.equal(holds(text, exampleContext(), testEnvironment({ acls: ACLS })), expected, text);
}

test('terms side by side are ANDed, or ORs them, ! negates, unless inverts all', () => {
  check([
    ['if shop', true],
    ['if shop lan', false],
    ['if shop !lan', true],
    ['if lan or shop', true],
    ['if lan || post', false],
    ['if lan post or shop !post', true],
    ['unless lan', true],
    ['unless lan or shop', false],
    ['if { path_beg /shop } !{ src 10.0.0.0/8 }', true],
    ['if shop !lan !post', true],
    ['if lan or post or shop', true],
  ]);
});

test('constant terms fold, and with them whole conditions', () => {
  const constant = (text: string) => compiledCondition(text, testEnvironment({ acls: ACLS })).constant;
  assert.equal(constant('if TRUE'), true);
  assert.equal(constant('unless TRUE'), false);
  assert.equal(constant('if FALSE shop'), false);
  assert.equal(constant('if TRUE or shop'), true);
  assert.equal(constant('if TRUE shop'), undefined);
  assert.equal(constant('if { always_true }'), true);
  assert.equal(constant('if { int(0) -m bool }'), false);
  assert.equal(constant('if { str(x) -m found }'), true);
});

function complaints(text: string, phase: Phase = REQUEST_PHASE): string[] {
  const env = testEnvironment({ acls: ACLS, files: { 'list.txt': 'a\n' } });
  compileCondition(conditionOf(text), phaseBit(phase), env);
  return env.diagnostics.map(
    ({ severity, message, hint }) => `${severity}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

test('mistakes in ACLs are answered in the words of HAProxy', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['if shpo', /no such ACL : 'shpo'. \(did you mean 'shop' maybe \?\)/],
    [
      'if { pathh /x }',
      /unknown fetch method 'pathh' in ACL expression 'pathh' \(did you mean 'path' maybe \?\)/,
    ],
    ['if { path_begg /x }', /unknown fetch method 'path_begg' .*\(did you mean 'path_beg' maybe \?\)/],
    ['if { path -m nope x }', /unknown matching method 'nope' when parsing ACL expression/],
    [
      'if { path -z x }',
      /'-z' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'/,
    ],
    ['if { path -m beg -m end x }', /only one explicit matching method can be defined/],
    ['if { path -f list.txt -m beg x }', /'-m' must only be specified before patterns and files/],
    ['if { path -f nofile }', /failed to open pattern file <nofile>/],
    ['if { path -u x y }', /the argument of -u must be an integer/],
    [
      'if { var(txn.x) y }',
      /matching method must be specified first \(using '-m'\) when using a sample fetch of this type \('var'\)/,
    ],
    ['if { bin(41) -m int 1 }', /matching method 'int' cannot be used with fetch keyword 'bin'/],
    ['if { src not-an-ip }', /'not-an-ip' is not a valid IPv4 or IPv6 address/],
    ['if { path_len x }', /'x' is not a valid number range/],
    ['if { path_len gt x }', /'x' is neither a number nor a supported operator/],
    ['if { path_len 9:5 }', /'9:5' is not a valid number range/],
    ['if { path_reg ( }', /regex '\(' is invalid/],
    ['if { path -m bin 4 }', /an even number of hexadecimal digits is expected/],
    ['if { path }', /warning: parsing acl keyword 'path' : no pattern to match against were provided/],
    ['if { acl(nope) }', /ACL 'nope' not found/],
  ];
  for (const [text, expected] of cases) assert.match(complaints(text)[0] ?? '', expected, text);
});

test('an ACL that cannot hold where it stands only warns', () => {
  assert.match(
    complaints('if { status 200 }')[0] ?? '',
    /warning: anonymous acl will never match because it only involves keywords/,
  );
  assert.match(
    complaints('if shop', 'frontend tcp-request connection rule')[0] ?? '',
    /warning: acl 'shop' will never match/,
  );
});

test('an ACL that contains itself is refused', () => {
  const env = testEnvironment({ acls: ['a acl(b)', 'b acl(a)'] });
  compileCondition(conditionOf('if a'), phaseBit(REQUEST_PHASE), env);
  assert.ok(env.diagnostics.some(({ message }) => message.includes('have a recursive loop')));
});

test('while bytes still come a condition may be undecided', () => {
  const run = (text: string, hex: string, final = false) => {
    const ctx = { ...sampleContext({ requestPayload: bytes(hex) }), final };
    const env = testEnvironment({ acls: ['short req.len lt 3'] });
    const verdict = compileCondition(conditionOf(text), phaseBit(CONTENT_PHASE), env)?.test(ctx);
    return ctx.needMoreData ? 'undecided' : verdict;
  };
  assert.equal(run('if { req.payload(0,3) -m bin 414243 }', '4142'), 'undecided');
  assert.equal(run('if { req.payload(0,3) -m bin 414243 }', '414243'), true);
  assert.equal(run('if { req.payload(0,3) -m bin 414243 }', '414244'), false);
  assert.equal(run('if { req.payload(0,3) -m bin 414243 }', '4142', true), false);
  assert.equal(run('unless { req.payload(0,3) -m bin 414243 }', '4142'), 'undecided');
  assert.equal(run('unless { req.payload(0,3) -m bin 414243 }', '4142', true), true);
  assert.equal(run('if !{ req.payload(0,3) -m bin 414243 }', '4142'), 'undecided');
  assert.equal(run('if { req.payload(0,9) -m found } or TRUE', '41'), true);
  assert.equal(run('if { req.payload(0,9) -m found } FALSE', '41'), false);
  assert.equal(run('if FALSE { req.payload(0,9) -m found }', '41'), false);
  assert.equal(run('if WAIT_END', '41'), 'undecided');
  assert.equal(run('if WAIT_END', '41', true), true);
  assert.equal(run('if short', '41'), true);
  assert.equal(run('if { req.len gt 5 }', '41'), 'undecided');
  assert.equal(run('if { req.len gt 5 }', '41', true), false);
  assert.equal(run('if { path /a }', '41'), 'undecided');
});

test('conditions over exact strings tell rules what they look up', () => {
  const keyed = (text: string) =>
    compiledCondition(text, testEnvironment({ acls: ['h hdr(host) -i A b', 'h hdr(host) -i C'] })).keyed;
  const one = keyed('if { hdr(host) -i Www.Example.com other }');
  assert.deepEqual(one?.values(), ['www.example.com', 'other']);
  assert.equal(one?.ignoreCase, true);
  assert.deepEqual(keyed('if h')?.values(), ['a', 'b', 'c']);
  assert.equal(keyed('if h')?.key, one?.key);
  assert.notEqual(keyed('if { hdr(host) x }')?.key, one?.key);
  assert.equal(keyed('unless { hdr(host) x }'), undefined);
  assert.equal(keyed('if !{ hdr(host) x }'), undefined);
  assert.equal(keyed('if { hdr(host) x } { path /a }'), undefined);
  assert.equal(keyed('if { path_beg /a }'), undefined);
  const seen: string[] = [];
  const ctx = exampleContext({ request: requestHead('GET', '/', [['Host', 'ONE, Two']]) });
  one?.each(ctx, value => {
    seen.push(value);
    return false;
  });
  assert.deepEqual(seen, ['one', 'two']);
});
