/** Variables, captures and maps: what rules remember. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { castSample } from '../../src/acl/cast.ts';
import { CaptureSlots } from '../../src/rules/capture-slots.ts';
import { compileFrontend, complaints, frontendRules } from '../support/compiled-rules.ts';
import { requestContext, responseContext } from '../support/rule-context.ts';

/** Text of txn.v after these rules ran; undefined: not set. */
function variableAfter(...rules: readonly string[]): string | undefined {
  const compiled = compileFrontend(rules.map(rule => `http-request ${rule}`));
  const ctx = requestContext('GET /p HTTP/1.1');
  compiled.rules.get('web')?.httpRequest.run(ctx);
  const slot = compiled.variables.find('txn.v')?.slot ?? assert.fail();
  const value = ctx.transactionVariables.get(slot);
  return value === undefined ? undefined : (castSample(value, 'str') as string);
}

test('set-var keeps a sample, set-var-fmt a text, unset-var forgets it', () => {
  assert.equal(variableAfter('set-var(txn.v) path'), '/p');
  assert.equal(variableAfter('set-var(txn.v) path, upper'), '/P');
  assert.equal(variableAfter('set-var-fmt(txn.v) a%[path]b'), 'a/pb');
  assert.equal(variableAfter('set-var(txn.v) path', 'unset-var(txn.v)'), undefined);
  assert.equal(variableAfter('set-var(txn.v) req.hdr(none)'), undefined);
});

const CONDITIONS: readonly (readonly [rules: readonly string[], expected: string | undefined])[] = [
  [['set-var(txn.v,ifexists) str(a)'], undefined],
  [['set-var(txn.v) str(a)', 'set-var(txn.v,ifexists) str(b)'], 'b'],
  [['set-var(txn.v) str(a)', 'set-var(txn.v,ifnotexists) str(b)'], 'a'],
  [['set-var(txn.v,ifnotset) str(a)', 'set-var(txn.v,ifnotset) str(b)'], 'a'],
  [['set-var(txn.v,ifset) str(a)'], undefined],
  [['set-var(txn.v) str(a)', 'set-var(txn.v,ifnotempty) str()'], 'a'],
  [['set-var(txn.v) str(a)', 'set-var(txn.v,ifempty) str()'], ''],
  [['set-var(txn.v) str(a)', 'set-var(txn.v,ifempty) int(1)'], 'a'],
  [['set-var(txn.v) int(5)', 'set-var(txn.v,ifgt) int(4)'], '4'],
  [['set-var(txn.v) int(5)', 'set-var(txn.v,ifgt) int(6)'], '5'],
  [['set-var(txn.v) int(5)', 'set-var(txn.v,iflt) int(6)'], '6'],
  [['set-var(txn.v) int(5)', 'set-var(txn.v,ifset,iflt) int(2)'], '5'],
];

for (const [rules, expected] of CONDITIONS)
  test(`${rules.join(', ')} leaves ${expected ?? 'nothing'}`, () =>
    assert.equal(variableAfter(...rules), expected));

test('captures go to their slots, cut to their length', () => {
  const { httpRequest, httpResponse, captures } = frontendRules([
    'declare capture request len 3',
    'declare capture response len 20',
    'http-request capture path len 5',
    'http-request capture req.hdr(host) id 0',
    'http-response capture res.hdr(server) id 0',
    'http-response capture res.hdr(none) id 0',
  ]);
  assert.deepEqual(captures.request, [3, 5]);
  const ctx = requestContext('GET /path/longer HTTP/1.1', 'Host: example');
  ctx.captureSlots = captures;
  httpRequest.run(ctx);
  assert.deepEqual(ctx.requestCaptures, ['exa', '/path']);
  const response = responseContext(200, 'Server: origin');
  response.captureSlots = captures;
  httpResponse.run(response);
  assert.deepEqual(response.responseCaptures, ['origin']);
});

test('a slot that the frontend in charge does not have is passed over', () => {
  const { httpRequest } = frontendRules(['declare capture request len 3', 'http-request capture path id 0']);
  const ctx = requestContext('GET /path HTTP/1.1');
  ctx.captureSlots = new CaptureSlots({ request: [], response: [], declared: [] });
  httpRequest.run(ctx);
  assert.deepEqual(ctx.requestCaptures, []);
});

test('maps and ACL files change for the requests that follow, and tell other threads', () => {
  const { httpRequest } = frontendRules([
    'http-request set-map(virt@users) %[path] %[method] if { path /a }',
    'http-request del-map(virt@users) /a if { path /c }',
    'http-request add-acl(virt@seen) %[path] if { path /b }',
    'http-request del-acl(virt@seen) /b if { path /c }',
    'http-request set-header user %[path,map(virt@users,none)]',
    'http-request set-header seen yes if { path -f virt@seen }',
    'http-request set-map(not-there) a b',
  ]);
  const ask = (path: string): string => {
    const ctx = requestContext(`GET ${path} HTTP/1.1`);
    httpRequest.run(ctx);
    const { headers } = ctx.request ?? assert.fail();
    return [headers.get('user'), headers.get('seen') ?? 'no', ...ctx.calls].join(' ');
  };
  assert.equal(ask('/a'), 'GET no set-map virt@users /a GET');
  assert.equal(ask('/a'), 'GET no');
  assert.equal(ask('/b'), 'none yes add-acl virt@seen /b ');
  assert.equal(ask('/c'), 'none no del-map virt@users /a  del-acl virt@seen /b ');
  assert.equal(ask('/a'), 'GET no set-map virt@users /a GET');
});

test('runs of rules on one sample see patterns that a rule adds', () => {
  const { httpRequest } = frontendRules([
    'http-request set-header a 1 if { path -f virt@grown }',
    'http-request set-header b 1 if { path /b }',
    'http-request set-header c 1 if { path /c }',
    'http-request add-acl(virt@grown) /d if { path /c }',
  ]);
  const names = (path: string): string => {
    const ctx = requestContext(`GET ${path} HTTP/1.1`);
    httpRequest.run(ctx);
    return ['a', 'b', 'c'].filter(name => ctx.request?.headers.has(name)).join('');
  };
  assert.deepEqual(['/b', '/d', '/c', '/d'].map(names), ['b', '', 'c', 'a']);
});

test('an ACL that nothing uses is checked as well, once', () => {
  const wrong = complaints([
    'acl unused nonsense(1) -m str a',
    'acl used path /',
    'http-request deny if used',
  ]);
  assert.equal(wrong.filter(message => message.includes('nonsense')).length, 1);
});

test('wrong arguments are refused in the words of HAProxy', () => {
  const prefix = "alert error detected in frontend 'web' while parsing 'http-request";
  const first = (rule: string): string | undefined => complaints([`http-request ${rule}`])[0];
  assert.match(first('set-var path') ?? '', /set-var' rule : invalid or incomplete action 'set-var'/);
  assert.match(first('set-var(v) path') ?? '', /set-var' rule : invalid variable name 'v'/);
  assert.match(first('set-var(txn.v,never) path') ?? '', /set-var' rule : invalid condition 'never'/);
  assert.match(first('unset-var(txn.v,ifset)') ?? '', /unset-var does not expect parameters/);
  assert.match(first('set-var(txn.v) res.hdr(a)') ?? '', /set-var' rule : .*which is not available here/);
  assert.equal(
    first('capture path id 3'),
    `${prefix} capture' rule : unable to find capture id '3' referenced by http-request capture rule.`,
  );
  assert.equal(first('capture path len 0'), `${prefix} capture' rule : length must be > 0.`);
  assert.equal(
    first('capture path'),
    `${prefix} capture' rule : expects <expression> [ 'len' <length> | id <idx> ].`,
  );
  assert.equal(first('set-map(virt@x) a'), `${prefix} set-map' rule : expects exactly 2 arguments.`);
});
