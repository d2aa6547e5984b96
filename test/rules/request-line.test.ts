import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BAD_MESSAGE, CONTINUE, INTERNAL_ERROR } from '../../src/rules/verdict.ts';
import { complaints, frontendRules } from '../support/compiled-rules.ts';
import { headerLines, requestContext } from '../support/rule-context.ts';

function rewritten(rule: string, target: string, method = 'GET'): string {
  const ctx = requestContext(`${method} ${target} HTTP/1.1`, 'Host: old');
  const { httpRequest } = frontendRules([`http-request ${rule}`]);
  assert.equal(httpRequest.run(ctx), CONTINUE);
  return `${ctx.request?.method} ${ctx.request?.target}`;
}

const EDITS: readonly (readonly [rule: string, target: string, expected: string])[] = [
  ['set-method POST', '/a?b', 'POST /a?b'],
  ['set-path /x%[path]', '/a?b', 'GET /x/a?b'],
  ['set-path /x', 'http://h/a?b', 'GET http://h/x?b'],
  ['set-path /x', '*', 'GET /x'],
  ['set-pathq /x?y', '/a?b', 'GET /x?y'],
  ['set-pathq /x?y', 'http://h/a?b', 'GET http://h/x?y'],
  ['set-query c=%[query]', '/a?b', 'GET /a?c=b'],
  ['set-query c', '/a', 'GET /a?c'],
  ['set-query %[url_param(none)]', '/a', 'GET /a'],
  ['set-query %[url_param(none)]', '/a?b', 'GET /a?'],
  ['set-uri /new', '/a?b', 'GET /new'],
  ['replace-path (.*)/old(.*) \\1/new\\2', '/x/old/y?old', 'GET /x/new/y?old'],
  ['replace-pathq (.*)\\?(.*) \\1/\\2', '/x?y', 'GET /x/y'],
  ['replace-uri ^http://[^/]*(.*) \\1', 'http://h/p?q', 'GET /p?q'],
  ['replace-path ^/nothing$ /x', '/a', 'GET /a'],
];

for (const [rule, target, expected] of EDITS)
  test(`${rule} makes ${expected} of ${target}`, () => assert.equal(rewritten(rule, target), expected));

test('set-uri with an authority replaces Host too', () => {
  const ctx = requestContext('GET /a HTTP/1.1', 'Host: old');
  frontendRules(['http-request set-uri http://new:81/b']).httpRequest.run(ctx);
  assert.deepEqual(headerLines(ctx.request ?? assert.fail()), ['Host: new:81']);
});

for (const [target, host] of [
  ['bare', 'bare'],
  ['"two words"', 'two words'],
  ['name:81/path', 'name:81'],
  ['joe@name/path', 'name'],
  ['ftp://joe:pw@name', 'name'],
] as const)
  test(`set-uri ${target} makes Host ${host}`, () => {
    const ctx = requestContext('GET /a HTTP/1.1', 'Host: old');
    assert.equal(frontendRules([`http-request set-uri ${target}`]).httpRequest.run(ctx), CONTINUE);
    assert.deepEqual(headerLines(ctx.request ?? assert.fail()), [`Host: ${host}`]);
    assert.equal(ctx.request?.target, target.replaceAll('"', ''));
  });

test('set-uri of a target that has to have an authority, and has none, is a failed rewrite', () => {
  const ctx = requestContext('GET /a HTTP/1.1', 'Host: old');
  assert.equal(frontendRules(['http-request set-uri http:///a']).httpRequest.run(ctx), INTERNAL_ERROR);
});

test('a replacement that ends in a backslash is a failed rewrite', () => {
  const ctx = requestContext('GET /a HTTP/1.1');
  const { httpRequest } = frontendRules(['http-request replace-path ^/a$ "/%[str(x)]\\\\"']);
  assert.equal(httpRequest.run(ctx), INTERNAL_ERROR);
});

const EXPERIMENTAL = ['global', '  expose-experimental-directives'];

/** normalize-uri needs a word in the global section: rules are compiled with it. */
async function normalized(normalizer: string, target: string): Promise<string | number> {
  const { compileConfig } = await import('../support/compiled-rules.ts');
  const text = [
    ...EXPERIMENTAL,
    'frontend web',
    '  mode http',
    '  bind :80',
    `  http-request normalize-uri ${normalizer}`,
    '',
  ].join('\n');
  const rules = compileConfig(text).rules.get('web') ?? assert.fail('does not compile');
  const ctx = requestContext(`GET ${target} HTTP/1.1`);
  const verdict = rules.httpRequest.run(ctx);
  return verdict === CONTINUE ? (ctx.request?.target ?? '') : verdict;
}

const NORMALIZED: readonly (readonly [normalizer: string, target: string, expected: string | number])[] = [
  ['path-merge-slashes', '//a///b//?x=//', '/a/b/?x=//'],
  ['path-merge-slashes', 'http://h//a//b', 'http://h/a/b'],
  ['path-strip-dot', '/./a/././b/.', '/a/b/'],
  ['path-strip-dot', '/.a/b./..?./', '/.a/b./..?./'],
  ['path-strip-dotdot', '/a/../b', '/b'],
  ['path-strip-dotdot', '/a/b/..', '/a/'],
  ['path-strip-dotdot', '/..', '/../'],
  ['path-strip-dotdot', '/../../a', '/../../a'],
  ['path-strip-dotdot', '/a/../../b?/../', '/../b?/../'],
  ['path-strip-dotdot full', '/a/../../b', '/b'],
  ['path-strip-dotdot full', '/../../', '/'],
  ['path-strip-dotdot', '/a//../b', '/a/b'],
  ['query-sort-by-name', '/p?b=2&a=1&b=1&a', '/p?a=1&a&b=2&b=1'],
  ['query-sort-by-name', '/p?', '/p?'],
  ['query-sort-by-name', '/p', '/p'],
  ['percent-to-uppercase', '/%aa%xx?%bb%', '/%AA%xx?%BB%'],
  ['percent-to-uppercase strict', '/%aa%xx', BAD_MESSAGE],
  ['percent-decode-unreserved', '/%61%2f%7E?%2D', '/a%2f~?-'],
  ['percent-decode-unreserved strict', '/%6', BAD_MESSAGE],
  ['fragment-strip', '/a?b#c#d', '/a?b'],
  ['fragment-encode', '/a#b?c#', '/a%23b?c%23'],
  ['path-strip-dotdot', '*', '*'],
];

for (const [normalizer, target, expected] of NORMALIZED)
  test(`normalize-uri ${normalizer} makes ${expected} of ${target}`, async () =>
    assert.equal(await normalized(normalizer, target), expected));

test('wrong arguments are refused in the words of HAProxy', () => {
  const prefix = "alert error detected in frontend 'web' while parsing 'http-request";
  const first = (rule: string): string | undefined => complaints([`http-request ${rule}`])[0];
  assert.equal(first('set-path'), `${prefix} set-path' rule : expects exactly 1 argument <format>.`);
  assert.equal(
    first('replace-path x'),
    `${prefix} replace-path' rule : expects exactly 2 arguments <match-regex> and <replace-format>.`,
  );
  assert.equal(
    first('normalize-uri path-strip-dot'),
    "alert 'normalize-uri' action is experimental, must be allowed via a global 'expose-experimental-directives'",
  );
});
