import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testEnvironment } from './compile-environment.ts';
import { CONTENT_PHASE, complaint, compiled, exampleContext, textOf } from './evaluate.ts';
import { requestHead } from './sample-context.ts';

test('mistakes are answered in the words of HAProxy, with a hint where a name was mistyped', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'missing fetch method'],
    ['(x)', 'missing fetch method'],
    ['pathh', "unknown fetch method 'pathh' (did you mean 'path' maybe ?)"],
    ['path,lowre', "unknown converter 'lowre' (did you mean 'lower' maybe ?)"],
    ['path(1)', "fetch method 'path' : does not support any args"],
    ['path lower', 'missing comma after fetch keyword'],
    ['path,lower upper', "missing comma after converter 'lower'"],
    ['str(abc', "expected ')' before the end of 'str(abc'"],
    ['int(x)', "fetch method 'int' : failed to parse 'x' as type 'integer' in arg 1 (integer)"],
    ['path,field(1)', "invalid args in converter 'field' : missing string in arg 2 (delimiters)"],
    ['path,field(0,x)', "invalid args in converter 'field' : Unexpected value 0 for index"],
    [
      'path,ipmask(33)',
      "invalid args in converter 'ipmask' : failed to parse '33' as type 'IPv4 mask' in arg 1 (mask4)",
    ],
    ['bin(4142),add(1)', "converter 'add' cannot be applied"],
    ['method,ipmask(8)', "converter 'ipmask' cannot be applied"],
    ['nbsrv(nope)', "fetch method 'nbsrv' : unable to find backend 'nope' in arg 1 (backend)"],
    [
      'srv_is_up(be1/s9)',
      "fetch method 'srv_is_up' : unable to find server 's9' in proxy 'be1' in arg 1 (server)",
    ],
    ['http_auth(nope)', "fetch method 'http_auth' : unable to find userlist 'nope' in arg 1 (userlist)"],
    ['path,regsub("(","x")', "invalid args in converter 'regsub' : regex '(' is invalid (missing ')')"],
    ['path,map(nofile)', "invalid args in converter 'map' : failed to open pattern file <nofile>"],
    [
      'internal.htx_blk.type(last)',
      "invalid args in fetch method 'internal.htx_blk.type' : a block position is expected: a number from 0, head, tail or first",
    ],
    [
      'sc_conn_rate(3)',
      "invalid args in fetch method 'sc_conn_rate' : invalid counter number 3: tune.stick-counters allows 0..2",
    ],
    ['src_conn_rate(nix)', "fetch method 'src_conn_rate' : unable to find table 'nix' in arg 1 (table)"],
    [
      'path,in_table(nix)',
      "invalid args in converter 'in_table' : unable to find table 'nix' in arg 1 (table)",
    ],
  ];
  for (const [text, expected] of cases) assert.equal(complaint(text), expected, text);
});

test('a variable name needs a scope', () => {
  assert.match(complaint('var(x)'), /invalid variable name 'x'. A variable name must start with its scope/);
  assert.match(complaint('var(txn.a-b)'), /invalid syntax at char '-'/);
  assert.match(complaint('var(nowhere.a)'), /invalid variable name 'nowhere.a'/);
});

test('variables of a parent stream can be named, and have no value where there is none', () => {
  const ctx = exampleContext();
  assert.equal(compiled('int(1),set-var(ptxn.a)').int(ctx), undefined);
  assert.equal(compiled('var(ptxn.a,none)').string(ctx), 'none');
  assert.equal(compiled('var(preq.a)').string(ctx), undefined);
});

test('a fetch is refused where its source does not exist', () => {
  assert.equal(
    complaint('status'),
    "sample fetch <status> may not be reliably used in a frontend http-request header rule because it needs 'HTTP response' which is not available here",
  );
  assert.match(
    complaint('path', testEnvironment(), 'frontend tcp-request connection rule'),
    /needs 'HTTP request headers'/,
  );
  assert.match(complaint('path', testEnvironment(), 'logs'), /used in a logs because/);
});

test('samples take every type that HAProxy casts them to, and no other', () => {
  const ctx = exampleContext();
  const of = (text: string) => compiled(text);
  assert.equal(of('int(5)').bool(ctx), true);
  assert.equal(of('int(5)').ip(ctx)?.toString(), '0.0.0.5');
  assert.equal(of('int(258)').binary(ctx), '\0\0\0\0\0\0\x01\x02');
  assert.equal(of('always_true').int(ctx), 1);
  assert.equal(of('always_true').string(ctx), '1');
  assert.equal(of('always_true').ip(ctx), undefined);
  assert.equal(of('src').int(ctx), 0xc0000207);
  assert.equal(of('src').string(ctx), '192.0.2.7');
  assert.equal(of('src').binary(ctx), '\xc0\0\x02\x07');
  assert.equal(of('src').bool(ctx), undefined);
  assert.equal(of('str(12abc)').int(ctx), 12);
  assert.equal(of('str("")').int(ctx), undefined);
  assert.equal(of('str(::1)').ip(ctx)?.toString(), '::1');
  assert.equal(of('bin(410042)').string(ctx), 'A');
  assert.equal(of('bin(41)').int(ctx), undefined);
  assert.equal(of('method').string(ctx), 'GET');
});

test('integers keep 64 bits and saturate', () => {
  const value = (text: string) => compiled(text).int(exampleContext());
  assert.equal(value('int(9007199254740993),add(0)'), 9007199254740993n);
  assert.equal(value('int(9223372036854775807),add(1)'), 9223372036854775807n);
  assert.equal(value('int(-9223372036854775807),sub(5)'), -9223372036854775808n);
  assert.equal(value('int(4294967296),mul(4294967296)'), 9223372036854775807n);
  assert.equal(value('int(-7),sub(9)'), -16);
  assert.equal(value('int(-7),div(2)'), -3);
  assert.equal(value('int(-7),mod(2)'), -1);
  assert.equal(value('int(-1),and(255)'), 255);
  assert.equal(value('str(99999999999999999999),add(0)'), 9223372036854775807n);
});

test('a chain of constants is computed at load', () => {
  const expression = compiled('str(Abc),lower,sha1,hex');
  assert.equal(expression.constant, true);
  assert.equal(expression.string(undefined as never), 'A9993E364706816ABA3E25717850C26C9CD0D89D');
  assert.equal(compiled('path,lower').constant, false);
  assert.equal(compiled('str(a),set-var(txn.x)').constant, false);
});

test('quotes, escapes and blanks stand in arguments as in HAProxy', () => {
  assert.equal(textOf('str("a,b")'), 'a,b');
  assert.equal(textOf(`str('a"b')`), 'a"b');
  assert.equal(textOf(String.raw`str(a\ b)`), 'a b');
  assert.equal(textOf(String.raw`str("\x")`), String.raw`\x`);
  assert.equal(textOf(String.raw`str("tab\tend")`), 'tab\tend');
  assert.equal(textOf('str(")")'), ')');
  assert.equal(textOf('path,,lower,'), '/shop/cart');
});

test('arguments may be variables where HAProxy allows it', () => {
  const env = testEnvironment();
  const ctx = exampleContext();
  compiled('int(10),set-var(txn.ten)', env).int(ctx);
  compiled('str(x),set-var(txn.x)', env).string(ctx);
  assert.equal(textOf('int(5),add(txn.ten)', ctx, env), '15');
  assert.equal(textOf('int(5),add(txn.none)', ctx, env), undefined);
  assert.equal(textOf('str(abcdefghijklm),bytes(txn.ten)', ctx, env), 'klm');
  assert.equal(textOf('str(a),concat(-,txn.x,+)', ctx, env), 'a-x+');
});

test('what has not come yet raises needMoreData, and nothing when it is final', () => {
  const expression = compiled('path', testEnvironment(), CONTENT_PHASE);
  const waiting = { ...exampleContext({ request: undefined }), final: false };
  assert.equal(expression.string(waiting), undefined);
  assert.equal(waiting.needMoreData, true);
  const over = exampleContext({ request: undefined });
  assert.equal(expression.string(over), undefined);
  assert.equal(over.needMoreData, false);
});

test('a changed request shows in the next evaluation', () => {
  const request = requestHead('GET', '/a?x=1', [['Host', 'one']]);
  const ctx = exampleContext({ request });
  const path = compiled('path,lower');
  const host = compiled('req.hdr(host),lower');
  assert.deepEqual([path.string(ctx), host.string(ctx)], ['/a', 'one']);
  request.target = '/B?x=1';
  request.headers.set('Host', 'Two');
  assert.deepEqual([path.string(ctx), host.string(ctx)], ['/b', 'two']);
});
