import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { ALIASES } from '../../src/acl/log-format/aliases.ts';
import { DEFAULT_FORMATS } from '../../src/acl/log-format/formats.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import { AT, testEnvironment } from './compile-environment.ts';
import { exampleContext, LOG_PHASE, rendered } from './evaluate.ts';
import { CLIENT, requestHead, sampleContext, TRANSACTION } from './sample-context.ts';

const CTX = exampleContext({
  requestCaptures: ['Mozilla {x}|"', undefined],
  responseCaptures: ['text/html'],
  requestCookieCapture: 'sid=1',
  uniqueId: 'uid"1',
});

test('the named formats give the lines of HAProxy', () => {
  assert.equal(
    rendered(DEFAULT_FORMATS.httplog, CTX),
    '192.0.2.7:51234 [26/Apr/2024:07:41:12.005] fe1 be1/s1 20/30/40/50/200 200 2000 sid=1 - --NI 11/12/15/9/1 4/5 {Mozilla #7Bx#7D#7C#22|} {text/html} "GET /shop/cart?id=7&q=a%20b HTTP/1.1"',
  );
  assert.equal(
    rendered(DEFAULT_FORMATS.tcplog, CTX),
    '192.0.2.7:51234 [26/Apr/2024:07:41:11.774] fe1 be1/s1 30/40/210 2000 -- 11/12/15/9/1 4/5',
  );
  assert.equal(
    rendered(DEFAULT_FORMATS['httplog clf'], CTX),
    '192.0.2.7 - - [26/Apr/2024:07:41:12 +0000] "GET /shop/cart?id=7&q=a%20b HTTP/1.1" 200 2000 "" "" 51234 774 "fe1" "be1" "s1" 20 30 40 50 200 --NI 11 12 15 9 1 4 5 "sid=1" "" "Mozilla #7Bx#7D#7C#22" "" "text/html"',
  );
  assert.equal(
    rendered(DEFAULT_FORMATS['tcplog clf'], CTX),
    '192.0.2.7 - - [26/Apr/2024:07:41:11 +0000] "TCP " 000 2000 "" "" 51234 774 "fe1" "be1" "s1" 0 30 40 210 100 ---- 11 12 15 9 1 4 5 "" "" ',
  );
});

test('without captures their place leaves one blank only', () => {
  const line = rendered(DEFAULT_FORMATS.httplog, exampleContext());
  assert.match(line, /4\/5 "GET/);
});

test('every alias says what it is for', () => {
  const cases: Record<string, string> = {
    '%T': '26/Apr/2024:07:41:11 +0000',
    '%Ts': '1714117271',
    '%{+X}Ts': '662B5A97',
    '%ms': '774',
    '%{+X}ms': '306',
    '%trg': '26/Apr/2024:07:41:12 +0000',
    '%Ta/%Tc/%Td/%Th/%Ti/%Tq/%TR/%Tr/%Tt/%Tu/%Tw': '200/40/60/0/10/30/20/50/210/200/30',
    '%B %U %ST': '2000 100 200',
    '%CC %CS': 'sid=1 -',
    '%H %pid': 'host1 4242',
    '%{+X}pid': '1092',
    '%HM %HP %HPO %HQ %HU %HV': 'GET /shop/cart /shop/cart ?id=7&q=a%20b /shop/cart?id=7&q=a%20b HTTP/1.1',
    '%ID': 'uid"1',
    '%{+E}ID': 'uid\\"1',
    '%ac %fc %bc %sc': '11 12 15 9',
    '%b %s %f %ft': 'be1 s1 fe1 fe1',
    '%bi %bp %si %sp': '10.1.0.254 40001 10.1.0.1 8080',
    '%ci %cp %fi %fp': '192.0.2.7 51234 198.51.100.1 443',
    '%{+X}ci:%{+X}cp': 'C0000207:C822',
    '%bq %sq %rc': '5 4 1',
    '%lc %rt': '8 77',
    '%{+X}rt': '004D',
    '%hr': '{Mozilla #7Bx#7D#7C#22|}',
    '%hrl': 'Mozilla #7Bx#7D#7C#22 -',
    '%{+Q}hrl': '"Mozilla #7Bx#7D#7C#22" ""',
    '%hs %hsl': '{text/html} text/html',
    '%ts %tsc': '-- --NI',
    '%OG': 'txn_close',
    '%{+Q}s %{+Q}CS': '"s1" ""',
    '%sslc %sslv': '- -',
    '100%%': '100%',
  };
  for (const [format, expected] of Object.entries(cases))
    assert.equal(rendered(format, CTX), expected, format);
});

test('a query or a path that is not there leaves one blank only', () => {
  const star = sampleContext({ requestLine: { method: 'OPTIONS', target: '*', version: 11 } });
  assert.equal(rendered('%HM %HPO %HV', star), 'OPTIONS HTTP/1.1');
  const ctx = sampleContext({ requestLine: { method: 'GET', target: '/x', version: 11 } });
  assert.equal(rendered('%HM %HQ %HU', ctx), 'GET /x');
  assert.equal(rendered('%HM %{+Q}HQ %HU', ctx), 'GET "" /x');
});

test('aliases that lack their facts still write something', () => {
  const bare = sampleContext({
    client: undefined,
    server: undefined,
    backend: undefined,
    transaction: undefined,
    requestLine: undefined,
  });
  assert.equal(rendered('%ci %cp %s %b %r %ST %Tt %tsc', bare), '- - <NOSRV> fe1 <BADREQ> 0 -1 ----');
});

test('TLS, redispatch and early lines leave their marks', () => {
  const ctx = exampleContext({
    client: { ...CLIENT, transport: 'tls' },
    transaction: { ...TRANSACTION, redispatched: true, badRequest: true },
  });
  assert.equal(rendered('%ft %rc %r', ctx), 'fe1~ +1 <BADREQ>');
  assert.equal(rendered('%Tt %B %ST', ctx, { style: 'log', isEarly: true }), '+210 +2000 200');
});

test('a unix client is shown by its listener', () => {
  const ctx = sampleContext({ client: { ...CLIENT, source: { family: 0, host: '/run/x', port: 0 } } });
  assert.equal(rendered('%ci:%cp', ctx), 'unix:1');
});

test('a long request line is cut', () => {
  const request = requestHead('GET', `/${'x'.repeat(2000)}`, []);
  assert.equal(rendered('%r', exampleContext({ request })).length, 1023);
});

test('expressions take the flags of the place they stand in', () => {
  const plain = { style: 'plain' } as const;
  assert.equal(rendered('%[str("ab")]', CTX, plain), 'ab');
  assert.equal(rendered(String.raw`%{+Q}[str(a\"b)]`, CTX, plain), '"a"b"');
  assert.equal(rendered(String.raw`%{+Q,+E}[str(a\"b])]`, CTX, plain), String.raw`"a\"b\]"`);
  assert.equal(rendered('<%[var(txn.none)]>', CTX, plain), '<>');
  assert.equal(rendered('<%[var(txn.none)]>', CTX), '<->');
  assert.equal(rendered('%[bin(410042)]', CTX, plain), 'A');
  assert.equal(rendered('%{+bin}o%[bin(410042)]', CTX, plain), 'A\0B');
  assert.equal(rendered('%[ src ]', CTX, plain), '192.0.2.7');
});

test('in headers, bytes that HTTP forbids are percent-encoded and nothing is quoted', () => {
  const http = { style: 'http' } as const;
  assert.equal(rendered('%{+Q}[bin(0a410d42097f)]', CTX, http), '%0AA%0DB\t%7F');
  assert.equal(rendered('a  b %[var(txn.none)]', CTX, http), 'a  b ');
  assert.equal(rendered('a  b', CTX, { style: 'id' }), 'a b');
});

test('JSON holds the named items with their types', () => {
  assert.equal(
    rendered(
      "%{+json}o %(ip)ci %(port)cp text %(n)[int(5)] %(s:str)[int(5)] %(b)[always_true] %(i:sint)[str(7)] %(none)[var(txn.no)] %(x)[str('a\"b')] %ST %(hrl)hrl %(rc)rc %(t:bool)[int(2)]",
      CTX,
      { style: 'log' },
    ),
    '{"ip": "192.0.2.7", "port": 51234, "n": 5, "s": "5", "b": true, "i": 7, "none": "", "x": "a\\"b", "hrl": ["Mozilla #7Bx#7D#7C#22", "-"], "rc": 1, "t": true}',
  );
});

test('one item alone can be JSON', () => {
  assert.equal(rendered('a=%{+json}ci b=%cp', CTX), 'a="192.0.2.7" b=51234');
});

test('CBOR is written as hexadecimal or as bytes', () => {
  assert.equal(
    rendered('%{+cbor}o %(a)[int(500)] %(b)[always_false] %(c)[str(hi)] %(d)CS', CTX),
    'BF61611901F46162F461636268696164F6FF',
  );
  assert.equal(rendered('%{+cbor,+bin}o %(n)[int(-1)]', CTX), '\xbf\x61n\x20\xff');
});

test('mistakes are named', () => {
  const complaint = (text: string): string => {
    const env = testEnvironment();
    assert.equal(compileLogFormat(text, AT, phaseBit(LOG_PHASE), env), undefined, text);
    return env.diagnostics
      .map(({ message, hint }) => `${message}${hint === undefined ? '' : ` (${hint})`}`)
      .join();
  };
  assert.equal(
    complaint('%zzzzz'),
    "no such format alias 'zzzzz'. If you wanted to emit the '%' character verbatim, you need to use '%%'",
  );
  assert.match(complaint('%hsx'), /did you mean '%h/);
  assert.equal(complaint('a %'), "truncated line after '%'");
  assert.match(complaint('50% off'), /unexpected alias name near ' '/);
  assert.match(complaint('%[str(a)'), /missing '\]' after 'str\(a\)'/);
  assert.match(
    complaint('%[pathh]'),
    /failed to parse sample expression <pathh\]> : unknown fetch method 'pathh' \(did you mean 'path' maybe \?\)/,
  );
  assert.match(complaint('%(x:float)ci'), /unexpected output type 'float'/);
  assert.match(complaint('%[path]'), /may not be reliably used in a logs/);
});

test('every alias compiles under every flag', () => {
  for (const { name } of ALIASES)
    for (const flags of ['', '{+Q}', '{+X}', '{+E}', '{+json}', '{+cbor}', '{+Q,+X,+E,+M}'])
      assert.equal(typeof rendered(`%${flags}${name}`, CTX), 'string');
});
