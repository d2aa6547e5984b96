import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '../../src/rules/reply.ts';
import {
  AUTHENTICATE,
  CONTINUE,
  DENY,
  INTERNAL_ERROR,
  REDIRECT,
  RETURN,
  TARPIT,
} from '../../src/rules/verdict.ts';
import { complaints, compileConfig, frontendRules } from '../support/compiled-rules.ts';
import { requestContext, responseContext } from '../support/rule-context.ts';

function show(reply: Reply | undefined): string[] {
  if (reply === undefined) return [];
  const body = reply.body.length === 0 ? [] : [reply.body.toString('latin1')];
  return [
    `${reply.status} ${reply.reason}`,
    ...reply.headers.map(([name, value]) => `${name}: ${value}`),
    ...body,
  ];
}

function answer(
  rule: string,
  request: readonly string[] = ['GET /p?q=1 HTTP/1.1', 'Host: example.com:81'],
): [number, ...string[]] {
  const ctx = requestContext(...request);
  const { httpRequest } = frontendRules([`http-request ${rule}`], {
    'page.http': 'HTTP/1.0 404 Gone fishing\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\nbody\n',
    'body.txt': 'hello',
    'format.txt': 'you asked for %[path]\n',
  });
  const verdict = httpRequest.run(ctx);
  return [verdict, ...show(ctx.reply)];
}

test('deny answers the error page of its status', () => {
  const [verdict, status, ...rest] = answer('deny');
  assert.equal(verdict, DENY);
  assert.equal(status, '403 Forbidden');
  assert.match(rest.join('\n'), /content-type: text\/html\n<html>/);
  assert.equal(answer('deny deny_status 429')[1], '429 Too Many Requests');
  assert.match(answer('deny deny_status 429').at(-1) as string, /<html>/);
});

test('deny with a status and nothing else answers without a body', () => {
  assert.deepEqual(answer('deny status 429'), [DENY, '429 Too Many Requests', 'content-length: 0']);
});

test('tarpit holds a 500, a response is denied with 502', () => {
  assert.equal(answer('tarpit')[0], TARPIT);
  assert.equal(answer('tarpit')[1], '500 Internal Server Error');
  const ctx = responseContext(200);
  assert.equal(frontendRules(['http-response deny']).httpResponse.run(ctx), DENY);
  assert.equal(ctx.reply?.status, 502);
});

test('return makes an answer of a string, a file, or a log format of either', () => {
  const head = [RETURN, '200 OK'];
  assert.deepEqual(answer('return'), [...head, 'content-length: 0']);
  const plain = 'content-type text/plain';
  const type = 'content-type: text/plain';
  assert.deepEqual(answer(`return ${plain} string hi`), [...head, 'content-length: 2', type, 'hi']);
  assert.deepEqual(answer(`return ${plain} file body.txt`), [...head, 'content-length: 5', type, 'hello']);
  assert.deepEqual(answer(`return ${plain} lf-string "p=%[path]"`), [
    ...head,
    'content-length: 4',
    type,
    'p=/p',
  ]);
  assert.deepEqual(answer(`return ${plain} lf-file format.txt`), [
    ...head,
    'content-length: 17',
    type,
    'you asked for /p\n',
  ]);
});

test('return puts its own headers first and leaves empty ones out', () => {
  assert.deepEqual(answer('return status 202 hdr X-Path %[path] hdr X-Empty %[req.hdr(none)]'), [
    RETURN,
    '202 Accepted',
    'X-Path: /p',
    'content-length: 0',
  ]);
});

test('return answers a stored message as the file has it, without what belongs to its connection', () => {
  assert.deepEqual(answer('return errorfile page.http'), [
    RETURN,
    '404 Gone fishing',
    'Cache-Control: no-cache',
    'content-length: 5',
    'body\n',
  ]);
});

test('auth asks for credentials of its realm', () => {
  const [verdict, status, ...rest] = answer('auth realm "Secret place"');
  assert.equal(verdict, AUTHENTICATE);
  assert.equal(status, '401 Unauthorized');
  assert.ok(rest.includes('www-authenticate: Basic realm="Secret place"'));
  assert.ok(answer('auth').includes('www-authenticate: Basic realm="web"'));
});

const REDIRECTIONS: readonly (readonly [rule: string, location: string, status?: number])[] = [
  ['location /x', '/x'],
  ['location /x code 301', '/x', 301],
  ['location http://%[req.hdr(host)]/x', 'http://example.com:81/x'],
  ['location /x keep-query', '/x?q=1'],
  ['location /x? keep-query', '/x?q=1'],
  ['location /x?a keep-query', '/x?a&q=1'],
  ['prefix https://other', 'https://other/p?q=1'],
  ['prefix https://other drop-query', 'https://other/p'],
  ['prefix https://other drop-query append-slash', 'https://other/p/'],
  ['prefix /', '/p?q=1'],
  ['scheme https', 'https://example.com:81/p?q=1'],
  ['scheme https code 308 if { method GET }', 'https://example.com:81/p?q=1', 308],
];

for (const [rule, location, status = 302] of REDIRECTIONS)
  test(`redirect ${rule} leads to ${location}`, () => {
    const [verdict, first, ...rest] = answer(`redirect ${rule}`);
    assert.equal(verdict, REDIRECT);
    assert.match(first as string, new RegExp(`^${status} `));
    const cacheControl = status === 302 ? ['cache-control: no-cache'] : [];
    assert.deepEqual(rest, ['content-length: 0', `location: ${location}`, ...cacheControl]);
  });

test('redirect sets and clears cookies', () => {
  assert.equal(answer('redirect location / set-cookie a=b').at(-1), 'set-cookie: a=b; path=/;');
  assert.equal(answer('redirect location / set-cookie-fmt a=%[path]').at(-1), 'set-cookie: a=/p; path=/;');
  assert.equal(answer('redirect location / clear-cookie a=').at(-1), 'set-cookie: a=; path=/; Max-Age=0;');
});

test('a location that comes out empty is passed over with ignore-empty', () => {
  assert.deepEqual(answer('redirect location %[req.hdr(none)] ignore-empty'), [CONTINUE]);
  assert.equal(answer('redirect location %[req.hdr(none)]')[0], REDIRECT);
});

test('redirect lines take their text as it is', () => {
  const ctx = requestContext('GET /p HTTP/1.1', 'Host: h');
  const { redirects } = frontendRules(['redirect prefix http://%[path] code 301']);
  assert.equal(redirects.run(ctx), REDIRECT);
  assert.deepEqual(show(ctx.reply), [
    '301 Moved Permanently',
    'content-length: 0',
    'location: http://%[path]/p',
  ]);
});

test('error pages come from errorfile, errorloc, http-error and http-errors sections, later lines first', () => {
  const text = [
    'http-errors shared',
    '  errorfile 403 stored.http',
    '  errorfile 404 stored.http',
    'frontend web',
    '  mode http',
    '  bind :80',
    '  errorloc 403 http://elsewhere/',
    '  errorfiles shared 403',
    '  errorloc303 500 /sorry',
    '  http-error status 503 content-type text/plain lf-string "no %[path]" hdr X-Y z',
    '  http-request deny if { path /deny }',
    '  http-request deny errorfiles shared status 404 if { path /section }',
    '  http-request return status 503 default-errorfiles if { path /default }',
    '  http-request tarpit',
    '',
  ].join('\n');
  const compiled = compileConfig(text, { 'stored.http': 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno' });
  assert.deepEqual(
    compiled.messages.filter(message => message.startsWith('alert')),
    [],
  );
  const rules = compiled.rules.get('web') ?? assert.fail();
  const ask = (path: string): string[] => {
    const ctx = requestContext(`GET ${path} HTTP/1.1`);
    ctx.frontendErrorPages = rules.errorPages;
    rules.httpRequest.run(ctx);
    return show(ctx.reply);
  };
  assert.deepEqual(ask('/deny'), ['403 No', 'Content-Length: 2', 'no']);
  assert.deepEqual(ask('/section'), ['403 No', 'Content-Length: 2', 'no']);
  assert.deepEqual(ask('/default'), [
    '503 Service Unavailable',
    'X-Y: z',
    'content-length: 11',
    'content-type: text/plain',
    'no /default',
  ]);
  assert.deepEqual(ask('/'), [
    '303 See Other',
    'cache-control: no-cache',
    'content-length: 0',
    'location: /sorry',
  ]);
});

test('a page that cannot be made is an internal error', () => {
  const ctx = requestContext('GET / HTTP/1.1');
  ctx.frontendErrorPages = new Map([[403, () => undefined]]);
  assert.equal(frontendRules(['http-request deny']).httpRequest.run(ctx), INTERNAL_ERROR);
});

test('wrong arguments are refused in the words of HAProxy', () => {
  const prefix = "alert error detected in frontend 'web' while parsing 'http-request";
  const first = (rule: string): string | undefined =>
    complaints([`http-request ${rule}`], { 'bad.http': 'x' })[0];
  assert.equal(first('return status 99'), `${prefix} return' rule : Unexpected status code '99'.`);
  assert.equal(
    first('return string x'),
    `${prefix} return' rule : a content type must be defined when non-empty payload is configured.`,
  );
  assert.equal(
    first('return lf-string x'),
    `${prefix} return' rule : a content type must be defined with a log-format payload.`,
  );
  assert.equal(
    first('return status 204 content-type a string x'),
    `${prefix} return' rule : No body expected for 204 responses.`,
  );
  assert.equal(
    first('return status 418 default-errorfiles'),
    `${prefix} return' rule : status code '418' not handled by default with 'default-errorfiles' argument.`,
  );
  assert.equal(
    first('return string a string b'),
    `${prefix} return' rule : unexpected 'string' argument, 'string' already defined.`,
  );
  assert.equal(first('return file none'), `${prefix} return' rule : error opening file 'none'.`);
  assert.match(first('return errorfile bad.http') ?? '', /'bad.http': unable to parse headers/);
  assert.equal(
    first('return errorfiles none'),
    `${prefix} return' rule : unknown http-errors section 'none' referenced by an http reply.`,
  );
  assert.equal(
    first('redirect location / code 304'),
    `${prefix} redirect' rule : 'code': unsupported HTTP code '304' (must be one of 301, 302, 303, 307 or 308).`,
  );
  assert.equal(
    complaints(['http-response redirect prefix /x'])[0],
    "alert error detected in frontend 'web' while parsing 'http-response redirect' rule : response only supports redirect type 'location'.",
  );
  assert.match(first('deny hdr content-type x') ?? '', /^warning header 'content-type' always ignored/);
});
