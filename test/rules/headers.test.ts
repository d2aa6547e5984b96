import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTINUE, INTERNAL_ERROR } from '../../src/rules/verdict.ts';
import { complaints, frontendRules } from '../support/compiled-rules.ts';
import {
  headerLines,
  requestContext,
  responseContext,
  type FakeRuleContext,
} from '../support/rule-context.ts';

/** Header lines of a request after these http-request rules. */
function edited(rules: readonly string[], ...request: readonly string[]): string[] {
  const ctx = requestContext('GET /p?q=1 HTTP/1.1', ...request);
  assert.equal(runRequest(rules, ctx), CONTINUE);
  return headerLines(ctx.request ?? assert.fail());
}

function runRequest(rules: readonly string[], ctx: FakeRuleContext): number {
  return frontendRules(rules.map(rule => `http-request ${rule}`)).httpRequest.run(ctx);
}

test('add-header adds one more, set-header replaces all', () => {
  const rules = ['add-header X-A two', 'set-header x-b %[method]'];
  assert.deepEqual(edited(rules, 'X-A: one', 'X-B: 1', 'x-b: 2', 'Z: z'), [
    'X-A: one',
    'Z: z',
    'X-A: two',
    'x-b: GET',
  ]);
});

test('del-header deletes by name, beginning, end, part or regex, whatever the case', () => {
  const lines = ['X-One: 1', 'x-two: 2', 'Y-One: 3', 'Cookie: c'];
  assert.deepEqual(edited(['del-header x-ONE'], ...lines), ['x-two: 2', 'Y-One: 3', 'Cookie: c']);
  assert.deepEqual(edited(['del-header x- -m beg'], ...lines), ['Y-One: 3', 'Cookie: c']);
  assert.deepEqual(edited(['del-header -one -m end'], ...lines), ['x-two: 2', 'Cookie: c']);
  assert.deepEqual(edited(['del-header -t -m sub'], ...lines), ['X-One: 1', 'Y-One: 3', 'Cookie: c']);
  assert.deepEqual(edited(['del-header ^[xY]- -m reg'], ...lines), ['Y-One: 3', 'Cookie: c']);
});

test('replace-header rewrites whole values, replace-value each item of a list', () => {
  const lines = ['Accept: a/b, c/d', 'Accept: e/f'];
  assert.deepEqual(edited(['replace-header Accept ^(.)/(.).*$ \\2-\\1'], ...lines), [
    'Accept: b-a',
    'Accept: f-e',
  ]);
  assert.deepEqual(edited(['replace-value Accept ^(c)/(.)$ \\2\\x2f\\1'], ...lines), [
    'Accept: a/b,d/c',
    'Accept: e/f',
  ]);
});

test('a header that does not match the regex stays as it is', () => {
  assert.deepEqual(edited(['replace-header A ^x$ y', 'replace-value A ^x$ y'], 'A:  b ,c'), ['A: b ,c']);
});

test('a rewrite that does not fit fails the request, unless strict-mode is off', () => {
  const long = 'x'.repeat(2000);
  const strict = requestContext('GET / HTTP/1.1');
  assert.equal(runRequest([`set-header A ${long}`], strict), INTERNAL_ERROR);
  assert.deepEqual(strict.calls, ['failed rewrite']);
  const soft = requestContext('GET / HTTP/1.1');
  assert.equal(runRequest(['strict-mode off', `add-header A ${long}`, 'set-header B b'], soft), CONTINUE);
  assert.deepEqual(headerLines(soft.request ?? assert.fail()), ['B: b']);
});

test('response rules edit the response', () => {
  const ctx = responseContext(200, 'Server: x', 'A: 1');
  const rules = frontendRules([
    'http-response del-header Server',
    'http-response set-status 418 reason "Short and stout"',
    'http-after-response set-header Strict-Transport-Security max-age=1',
  ]);
  assert.equal(rules.httpResponse.run(ctx), CONTINUE);
  assert.equal(rules.httpAfterResponse.run(ctx), CONTINUE);
  assert.deepEqual(headerLines(ctx.response ?? assert.fail()), [
    'A: 1',
    'Strict-Transport-Security: max-age=1',
  ]);
  assert.equal(ctx.response?.status, 418);
  assert.equal(ctx.response?.reason, 'Short and stout');
});

test('set-status without a reason takes the usual one', () => {
  const ctx = responseContext(200);
  frontendRules(['http-response set-status 503']).httpResponse.run(ctx);
  assert.equal(ctx.response?.reason, 'Service Unavailable');
});

test('early hints of neighbouring rules go out together, to HTTP/1.1 clients', () => {
  const rules = frontendRules([
    'http-request early-hint Link "</a>; rel=preload"',
    'http-request early-hint Link "</b>; rel=preload"',
    'http-request early-hint Link </c> if { method GET }',
    'http-request set-header A b',
  ]);
  const ctx = requestContext('GET / HTTP/1.1');
  rules.httpRequest.run(ctx);
  assert.deepEqual(ctx.calls, ['103 Link=</a>; rel=preload Link=</b>; rel=preload', '103 Link=</c>']);
  const old = requestContext('GET / HTTP/1.0');
  rules.httpRequest.run(old);
  assert.deepEqual(old.calls, []);
});

test('header lists in binary form are set, added and deleted, but for those that frame the message', () => {
  const list = '01410131064578706563740178000000';
  const names = '014100';
  assert.deepEqual(edited([`set-headers-bin bin(${list})`], 'a: 0'), ['A: 1']);
  assert.deepEqual(edited([`add-headers-bin bin(${list})`], 'a: 0'), ['a: 0', 'A: 1']);
  assert.deepEqual(edited([`set-headers-bin bin(${list}) prefix X`], 'a: 0'), ['a: 0']);
  assert.deepEqual(edited([`del-headers-bin bin(${names})`], 'a: 0', 'ab: 1'), ['ab: 1']);
  assert.deepEqual(edited([`del-headers-bin bin(${names}) -m beg`], 'a: 0', 'ab: 1'), []);
});

test('wrong arguments are refused in the words of HAProxy', () => {
  const prefix = "alert error detected in frontend 'web' while parsing 'http-request";
  const first = (rule: string): string | undefined => complaints([`http-request ${rule}`])[0];
  assert.equal(first('set-header A'), `${prefix} set-header' rule : expects exactly 2 arguments.`);
  assert.equal(first('replace-header A b'), `${prefix} replace-header' rule : expects exactly 3 arguments.`);
  assert.equal(first('del-header'), `${prefix} del-header' rule : expects at least 1 argument.`);
  assert.equal(
    first('del-header a -m dom'),
    `${prefix} del-header' rule : -m with unsupported matching method 'dom'.`,
  );
  assert.equal(
    first('strict-mode maybe'),
    `${prefix} strict-mode' rule : Unexpected value 'maybe'. Only 'on' and 'off' are supported.`,
  );
  assert.equal(
    first('set-header a b c'),
    "alert 'http-request set-header' expects either 'if' or 'unless' followed by a condition but found 'c'.",
  );
  assert.match(first('replace-header A ( b') ?? '', /replace-header' rule : regex '\(' is invalid/);
  assert.equal(first('set-header a: b'), "warning header name 'a:' contains forbidden character ':'");
});
