/** Converters that the differential test cannot ask HAProxy 2.6 about, and published test vectors. */
import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { TransactionFacts } from '../../src/acl/context.ts';
import { testEnvironment } from './compile-environment.ts';
import { compiled, complaint, exampleContext, textOf } from './evaluate.ts';

function check(cases: readonly (readonly [string, string | undefined])[]): void {
  for (const [text, expected] of cases) assert.equal(textOf(text), expected, text);
}

test('hashes of the bytes 0 to 255 are those of HAProxy', () => {
  const all = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');
  const expected: Record<string, string> = {
    length: '0',
    'bytes(1),length': '255',
    'sha1,hex': '4916D6BDB7F78E6803698CAB32D1586EA457DFC8',
    crc32: '688229491',
    'crc32(1)': '4230317029',
    crc32c: '2621708363',
    'crc32c(1)': '2242979626',
    djb2: '2589693061',
    'djb2(1)': '600622701',
    sdbm: '905707648',
    'sdbm(1)': '3103804144',
    wt6: '4090277559',
    'wt6(1)': '1192658767',
    xxh3: '-7779787747613135503',
    'xxh3(1)': '5930632130106562027',
    xxh32: '1497633363',
    'xxh32(1)': '1070421674',
    xxh64: '2282408585429094475',
    'xxh64(1)': '-4689339368900765961',
  };
  for (const [converter, value] of Object.entries(expected))
    assert.equal(textOf(`bin(${all}),${converter}`), value, converter);
});

test('XXH3 agrees with its published sanity values at every length class', () => {
  const vectors: readonly (readonly [number, bigint])[] = [
    [0, 0x2d06800538d394c2n],
    [1, 0xc44bdff4074eecdbn],
    [6, 0x27b56a84cd2d7325n],
    [12, 0xa713daf0dfbb77e7n],
    [24, 0xa3fe70bf9d3510ebn],
    [48, 0x397da259ecba1f11n],
    [80, 0xbcdefbbb2c47c90an],
    [195, 0xcd94217ee362ec3an],
    [403, 0xcdeb804d65c6dea4n],
  ];
  for (const [length, expected] of vectors)
    assert.equal(
      BigInt.asUintN(
        64,
        BigInt(textOf(`${length === 0 ? 'str("")' : `bin(${sanityBytes(length)})`},xxh3`) ?? '0'),
      ),
      expected,
      `length ${length}`,
    );
});

/** The byte sequence of xxHash's own sanity check. */
function sanityBytes(length: number): string {
  let generator = 2654435761n;
  let hex = '';
  for (let index = 0; index < length; index++) {
    hex += Number(generator >> 56n)
      .toString(16)
      .padStart(2, '0');
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
  }
  return hex;
}

test('text converters of newer versions', () => {
  check([
    ['str(example.com),reverse', 'moc.elpmaxe'],
    ['str(MaIl.EXAMPLE.com),reverse_dom', 'com.EXAMPLE.MaIl'],
    ['str(example.com.),reverse_dom', 'com.example'],
    ['str(foo..bar),reverse_dom', undefined],
    ['str(.example.com),reverse_dom', undefined],
    ['str(.),reverse_dom', undefined],
    ['str("a=1&b=2&c"),param(b)', '2'],
    ['str("a=1&b=2&c"),param(c)', ''],
    ['str("a=1;b=2"),param(b,;)', '2'],
    ['str("a=1"),param(z)', undefined],
    ['str("aAbB"),upper', 'AABB'],
    ['bin(0102030405),le2dec(":",2)', '513:1027:5'],
    ['bin(0102030405),le2dec("",2,1)', '5131027'],
    ['bin(01),base2', '00000001'],
    ['str("Sun, 06 Nov 1994 08:49:37 GMT"),date', '784111777'],
    ['str("Sunday, 06-Nov-94 08:49:37 GMT"),date', '784111777'],
    ['str("Sun Nov  6 08:49:37 1994"),date', '784111777'],
    ['str("yesterday"),date', undefined],
    ['int(1700000000123),ms_utime("%S.%3N")', '20.123'],
    ['int(1700000000123),ms_utime("%S.%3N",2900)', '23.023'],
    ['int(1700000000000001),us_utime("%S.%6N",-2)', '19.999999'],
    ['int(1700000000123456),us_utime("%S.%N")', '20.123456000'],
    ['int(1700000000123456),us_utime("%6N")', '123456'],
    ['int(10),x509_v_err_str', 'X509_V_ERR_CERT_HAS_EXPIRED'],
    ['str(be1),nbsrv', '1'],
    ['str(be1/s1),srv_is_up', '1'],
    ['str(be1/s2),srv_is_up', '0'],
    ['str(be1/s1),srv_queue', '2'],
    ['str(fe1),fe_exists', '1'],
    ['str(fe9),fe_exists', '0'],
  ]);
});

test('add_item puts a delimiter only between things', () => {
  const env = testEnvironment();
  const ctx = exampleContext();
  compiled('str(var_content),set-var(txn.v)', env).string(ctx);
  const add = (text: string) => textOf(text, ctx, env);
  assert.equal(add(`str(""),add_item(',',txn.v,_suff_)`), 'var_content_suff_');
  assert.equal(add(`str(in),add_item(',',txn.v,_suff_)`), 'in,var_content_suff_');
  assert.equal(add(`str(in),add_item(',',txn.v)`), 'in,var_content');
  assert.equal(add(`str(in),add_item(',',,_suff_)`), 'in,_suff_');
  assert.equal(add(`str(in),add_item(',',txn.nothing)`), 'in');
  assert.match(complaint(`str(in),add_item(',')`), /at least one of variable name and suffix/);
});

test('set-var stores under conditions', () => {
  const env = testEnvironment();
  const ctx = exampleContext();
  const run = (text: string) => compiled(text, env).sample(ctx);
  const read = (name: string) => textOf(`var(${name})`, ctx, env);
  run('int(5),set-var(txn.i)');
  // what is not stored is not passed on either, as in HAProxy
  assert.equal(run('int(55),set-var(txn.i,ifgt)'), undefined);
  assert.equal(read('txn.i'), '5');
  run('int(2),set-var(txn.i,ifgt)');
  assert.equal(read('txn.i'), '2');
  run('int(9),set-var(txn.i,iflt)');
  assert.equal(read('txn.i'), '9');
  run('str(text),set-var(txn.i,ifgt)');
  assert.equal(read('txn.i'), 'text');
  run('str(a),set-var(txn.s,ifexists)');
  assert.equal(read('txn.s'), undefined);
  run('str(a),set-var(txn.s,ifnotexists)');
  run('str(b),set-var(txn.s,ifnotset)');
  assert.equal(read('txn.s'), 'a');
  run('int(7),set-var(txn.s,ifempty)');
  assert.equal(read('txn.s'), 'a');
  run('str(""),set-var(txn.s,ifnotempty)');
  assert.equal(read('txn.s'), 'a');
  run('str(""),set-var(txn.s,ifempty)');
  assert.equal(read('txn.s'), '');
  run('int(1),set-var(proc.p,ifexists)');
  assert.equal(read('proc.p'), '1');
  run('int(2),set-var(proc.p,ifnotexists)');
  assert.equal(read('proc.p'), '1');
  run('str(x),unset-var(txn.s)');
  assert.equal(read('txn.s'), undefined);
  assert.equal(read('txn.s,length'.replace(',length', '')), undefined);
  assert.equal(textOf('var(txn.s,fallback)', ctx, env), 'fallback');
  assert.match(
    complaint('str(a),set-var(txn.s,ifmaybe)'),
    /invalid condition 'ifmaybe'. Possible conditions are: ifexists/,
  );
});

test('a variable keeps the type of what was stored', () => {
  const env = testEnvironment();
  const ctx = exampleContext();
  compiled('src,set-var(txn.a)', env).sample(ctx);
  compiled('bin(00ff),set-var(txn.b)', env).sample(ctx);
  compiled('always_true,set-var(txn.c)', env).sample(ctx);
  assert.equal(textOf('var(txn.a),ipmask(8)', ctx, env), '192.0.0.0');
  assert.equal(textOf('var(txn.b),hex', ctx, env), '00FF');
  assert.equal(textOf('var(txn.c),iif(yes,no)', ctx, env), 'yes');
  compiled('int(-3),set-var(txn.d)', env).sample(ctx);
  compiled(
    String.raw`str('a"b\c
'),set-var(txn.e)`,
    env,
  ).sample(ctx);
  assert.equal(
    textOf('dump_all_vars(txn)', ctx, env),
    String.raw`txn.a=192.0.2.7, txn.b=x00ff, txn.c=true, txn.d=-3, txn.e="a\"b\\c\n"`,
  );
  compiled('str("x\0y"),set-var(txn.e)', env).sample(ctx);
  compiled('method,set-var(txn.f)', env).sample(ctx);
  assert.equal(textOf('dump_all_vars(txn,f,;)', ctx, env), 'txn.f="GET"');
});

test('when lets samples pass under a condition', () => {
  const env = testEnvironment({ acls: ['is_get method GET'] });
  const ctx = exampleContext();
  assert.equal(textOf('str(x),when(stopping)', ctx, env), undefined);
  assert.equal(textOf('str(x),when(!stopping)', ctx, env), 'x');
  assert.equal(textOf('str(x),when(normal)', ctx, env), undefined);
  assert.equal(textOf('str(x),when(error)', ctx, env), 'x');
  assert.equal(textOf('str(x),when(forwarded)', ctx, env), 'x');
  assert.equal(textOf('str(x),when(acl,is_get)', ctx, env), 'x');
  assert.equal(textOf('str(x),when(processed)', ctx, env), 'x');
  assert.equal(textOf('str(x),when(toapplet)', ctx, env), undefined);
  const transaction = { ...ctx.transaction, servedBy: '<STATS>' } as TransactionFacts;
  const served = { ...ctx, server: undefined, transaction };
  assert.equal(textOf('str(x),when(toapplet)', served, env), 'x');
  assert.equal(textOf('str(x),when(processed)', served, env), 'x');
  assert.equal(textOf('str(x),when(forwarded)', served, env), undefined);
  assert.match(complaint('str(x),when(rarely)'), /expects a supported keyword among/);
});

test('AES encrypts and decrypts with keys from text and variables', () => {
  const env = testEnvironment();
  const ctx = exampleContext();
  const key = 'Zm9vb2Zvb29mb29vb29vbw==';
  compiled(`str(${key}),set-var(txn.key)`, env).sample(ctx);
  assert.equal(
    textOf(
      `str(Hello),aes_cbc_enc(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,txn.key),aes_cbc_dec(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,${key})`,
      ctx,
      env,
    ),
    'Hello',
  );
  assert.equal(
    textOf(
      `str(Hello),aes_cbc_enc(128,MTIzNDU2Nzg5MDEy,${key}),aes_cbc_dec(128,MTIzNDU2Nzg5MDEy,txn.key)`,
      ctx,
      env,
    ),
    'Hello',
  );
  const gcm = `str(Hello),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,txn.key,txn.tag,dGVzdAo=)`;
  assert.equal(textOf(`${gcm},aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,${key},txn.tag,dGVzdAo=)`, ctx, env), 'Hello');
  assert.equal(
    textOf(`${gcm},aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,${key},txn.tag,b3RoZXI=)`, ctx, env),
    undefined,
  );
  assert.match(complaint('str(x),aes_cbc_enc(100,a,b)'), /key size must be 128, 192 or 256/);
});

test('JSON: numbers beyond all bounds, and codes that are no characters', () => {
  check([
    ['bin(7b2261223a31653430307d),json_query("$.a")', 'inf'],
    ['bin(7b2261223a2d31653430307d),json_query("$.a")', '-inf'],
    ['bin(efbfbd),json(utf8)', '\\ufffd'],
    ['bin(efbfbe),json(utf8)', undefined],
    ['bin(61efbfbf62),json(utf8ps)', 'ab'],
  ]);
});

test('JSON Web Tokens are verified with secrets and public keys', () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256' })}.${part({ sub: 'joe', n: 3 })}`;
  const token = `${body}.${createHmac('sha256', 'secret').update(body).digest('base64url')}`;
  check([
    [`str(${token}),jwt_verify(HS256,secret)`, '1'],
    [`str(${token}),jwt_verify(HS256,other)`, '0'],
    [`str(${token}x.y),jwt_verify(HS256,secret)`, '-3'],
    [`str(a.b.c),jwt_verify(HS256,secret)`, '-3'],
    [`str(${token}),jwt_payload_query("$.sub")`, 'joe'],
    [`str(${token}),jwt_payload_query("$.n","int"),add(1)`, '4'],
    [`str(${token}),jwt_header_query`, '{"alg":"HS256"}'],
  ]);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
  const signedBody = `${part({ alg: 'ES256' })}.${part({ sub: 'ann' })}`;
  const signature = createSign('sha256')
    .update(signedBody)
    .sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
  const env = testEnvironment({ files: { 'key.pem': pem } });
  const verify = `jwt_verify(ES256,key.pem)`;
  assert.equal(
    textOf(`str(${signedBody}.${signature.toString('base64url')}),${verify}`, exampleContext(), env),
    '1',
  );
  assert.equal(
    textOf(`str(${signedBody}.${Buffer.alloc(64).toString('base64url')}),${verify}`, exampleContext(), env),
    '0',
  );
  assert.equal(textOf(`str(${signedBody}.AAAA),${verify}`, exampleContext(), env), '-3');
  assert.match(complaint('str(x),jwt_verify(XX256,key)'), /unknown JWT algorithm: XX256/);
});

test('the Forwarded header is checked and taken apart (RFC 7239)', () => {
  const header = String.raw`for=\"127.0.0.1:9999\";by=10.0.0.5;proto=https;host=example.com`;
  check([
    [`str("${header}"),rfc7239_is_valid`, '1'],
    [`str("${header}"),rfc7239_field(for)`, '127.0.0.1:9999'],
    [`str("${header}"),rfc7239_field(proto)`, 'https'],
    [`str("${header}"),rfc7239_field(host)`, 'example.com'],
    [`str("${header}"),rfc7239_field(for),rfc7239_n2nn`, '127.0.0.1'],
    [`str("${header}"),rfc7239_field(for),rfc7239_n2np`, '9999'],
    ['str("for=127.0.0.1;for=127.0.0.2"),rfc7239_is_valid', '0'],
    ['str("for=127.0.0.1:8"),rfc7239_is_valid', '0'],
    [`str(host=""),rfc7239_is_valid`, '0'],
    ['bin(686f73743d2222),rfc7239_is_valid', '1'],
    ['str("proto=ftp"),rfc7239_is_valid', '0'],
    [String.raw`str("for=\"[2001:db8::1]:_port\""),rfc7239_field(for),rfc7239_n2np`, '_port'],
    [String.raw`str("for=\"[2001:db8::1]\""),rfc7239_field(for),rfc7239_n2nn`, '2001:db8::1'],
    ['str("unknown"),rfc7239_n2nn', 'unknown'],
    ['str("_name"),rfc7239_n2nn', '_name'],
    ['str("name"),rfc7239_nn', '_name'],
    ['str(""),rfc7239_nn', 'unknown'],
    ['str("na me"),rfc7239_nn', undefined],
    ['ipv6(::1),rfc7239_nn', '[::1]'],
    ['int(80),rfc7239_np', '80'],
    ['str(web),rfc7239_np', '_web'],
  ]);
});

test('headers of a captured SYN packet are read', () => {
  const ethernet = '00112233445566778899aabb810000640800';
  const ip = '450000340000400040060000c0000201c6336401';
  const tcp = '9c4001bb01020304000000008002faf000000000020405b40103030704020000';
  const packet = `bin(${ethernet}${ip}${tcp})`;
  check([
    [`${packet},eth.dst,hex`, '001122334455'],
    [`${packet},eth.src,hex`, '66778899AABB'],
    [`${packet},eth.vlan`, '100'],
    [`${packet},eth.proto`, '2048'],
    [`${packet},eth.data,ip.ver`, '4'],
    [`${packet},eth.data,ip.src`, '192.0.2.1'],
    [`${packet},eth.data,ip.dst`, '198.51.100.1'],
    [`${packet},eth.data,ip.df`, '1'],
    [`${packet},eth.data,ip.ttl`, '64'],
    [`${packet},eth.data,ip.tos`, '0'],
    [`${packet},eth.data,ip.proto`, '6'],
    [`${packet},eth.data,ip.data,tcp.src`, '40000'],
    [`${packet},eth.data,ip.data,tcp.dst`, '443'],
    [`${packet},eth.data,ip.data,tcp.seq`, '16909060'],
    [`${packet},eth.data,ip.data,tcp.flags`, '2'],
    [`${packet},eth.data,ip.data,tcp.win`, '64240'],
    [`${packet},eth.data,ip.data,tcp.options.mss`, '1460'],
    [`${packet},eth.data,ip.data,tcp.options.wscale`, '7'],
    [`${packet},eth.data,ip.data,tcp.options.wsopt`, '1'],
    [`${packet},eth.data,ip.data,tcp.options.sack`, '1'],
    [`${packet},eth.data,ip.data,tcp.options.tsopt`, '0'],
    [`${packet},eth.data,ip.data,tcp.options_list,hex`, '02010304'],
    [`${packet},eth.data,ip.fp,hex`, '005088FAF005B407'],
    [`${packet},eth.data,ip.fp(7),hex`, '005088FAF005B4074002010304C0000201'],
    [`${packet},eth.data,bytes(0,40),ip.fp`, undefined],
    [`${packet},ip.fp`, undefined],
    ['bin(4500),ip.src', undefined],
    ['str(""),eth.dst', undefined],
  ]);
});

test('captures are written by converters', () => {
  const ctx = exampleContext({ requestCaptures: [undefined, undefined] });
  assert.equal(textOf('str(a),capture-req(1)', ctx), 'a');
  assert.deepEqual(ctx.requestCaptures, [undefined, 'a']);
  assert.equal(textOf('str(a),capture-req(2)', ctx), undefined);
});

test('what HAProxy 3.4 refuses and 2.6 did not', () => {
  assert.match(complaint('str(abc),bytes(-1)'), /expects a non-negative integer/);
  assert.match(complaint('str(abc),bytes(0,0)'), /expects a positive integer/);
  assert.match(
    complaint('str(abc),hmac(shake128,YQ==)'),
    /algorithm must be a valid OpenSSL message digest name/,
  );
  assert.match(complaint('str(abc),hmac(sha1,!!!)'), /failed to parse key : argument needs to be base64/);
  assert.match(complaint('str(abc),aes_cbc_dec(128,x,a2V5)'), /failed to parse nonce : argument needs/);
});

test('debug tells its sink the type and the printable text of a sample, which goes on unchanged', () => {
  const events: string[] = [];
  const context = exampleContext();
  context.process.writeEvent = (sink, line) => void events.push(`${sink} ${line}`);
  assert.equal(textOf('int(3),debug,add(4)', context), '7');
  assert.equal(textOf('str(a\tb),debug(pre)', context), 'a\tb');
  assert.equal(textOf('str(a),sha1,debug(,stderr),length', context), '20');
  assert.equal(textOf('req.hdr(nope),debug', context), undefined);
  assert.deepEqual(events, [
    'buf0 [debug] : type=sint <3>',
    'buf0 [debug] pre: type=str <a.b>',
    'stderr [debug] : type=bin <...7.....]......7vg.>',
  ]);
  assert.equal(
    complaint('src,debug(a,nowhere)'),
    "invalid args in converter 'debug' : there is no event sink 'nowhere'",
  );
});
