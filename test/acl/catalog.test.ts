/** Properties that hold for every row of the tables. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findAclKeyword, ACL_KEYWORDS, PREDEFINED_ACLS } from '../../src/acl/acl-keywords.ts';
import { parseSpec } from '../../src/acl/arguments.ts';
import type { ArgumentSpec, ArgumentType } from '../../src/acl/arguments.ts';
import { fetchRow } from '../../src/acl/catalog.ts';
import { compileChain } from '../../src/acl/expression.ts';
import { compileCondition } from '../../src/acl/condition.ts';
import { bindChain } from '../../src/acl/expression.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import { allConverters, allFetches, renderSamplesPage } from '../../src/acl/samples-page.ts';
import type { SampleType } from '../../src/acl/sample.ts';
import { conditionOf, testEnvironment } from './compile-environment.ts';
import { REQUEST_PHASE } from './evaluate.ts';
import { bodyOf, bytes, requestHead, responseHead, sampleContext } from './sample-context.ts';

const AT = { file: 'test', line: 1, column: 1 };

const EXAMPLES: Readonly<Record<ArgumentType, string>> = {
  int: '1',
  str: 's',
  ipv4: '192.0.2.1',
  ipv6: '::1',
  mask4: '24',
  mask6: '64',
  frontend: 'fe1',
  backend: 'be1',
  server: 'be1/s1',
  table: 't',
  userlist: 'admins',
  operand: '3',
  variable: 'txn.x',
};

/** Arguments that have to be one of a few words. */
const SPECIAL: Readonly<Record<string, string>> = {
  add_item: '(-,txn.x,+)',
  concat: '(-,txn.x,+)',
  bool: '(true)',
  bin: '(00ff)',
  fc_pp_tlv: '(1)',
  fc_rtt: '(us)',
  fc_rttvar: '(ms)',
  bc_rtt: '(us)',
  bc_rttvar: '(ms)',
  distcc_body: '(ARGV)',
  distcc_param: '(DIST)',
  fix_tag_value: '(35)',
  mqtt_field_value: '(connect,flags)',
  protobuf: '(1.2,int32)',
  ungrpc: '(1.2)',
  jwt_decrypt_secret: '(a2V5a2V5a2V5a2V5a2V5aw==)',
  jwt_decrypt_jwk: '(txn.jwk)',
  jwt_decrypt_cert: '(key.pem)',
  query: '(with_qm)',
  acl: '(TRUE)',
  date: '(1,ms)',
  accept_date: '(ms)',
  request_date: '(us)',
  uuid: '(4)',
  ssl_c_i_dn: '(CN,-1,rfc2253)',
  ssl_c_s_dn: '(CN,-1,rfc2253)',
  ssl_c_r_dn: '(CN,-1,rfc2253)',
  ssl_f_i_dn: '(CN,-1,rfc2253)',
  ssl_f_s_dn: '(CN,-1,rfc2253)',
  ssl_s_i_dn: '(CN,-1,rfc2253)',
  ssl_s_s_dn: '(CN,-1,rfc2253)',
  dump_all_vars: '(txn)',
  debug: '(here,buf0)',
  payload_lv: '(0,2)',
  'req.payload_lv': '(0,2)',
  'res.payload_lv': '(0,2)',
  http_date: '(1,ms)',
  sha2: '(256)',
  digest: '(sha256)',
  hmac: '(sha256,a2V5)',
  aes_gcm_enc: '(128,bm9uY2Vub25jZQ==,a2V5a2V5a2V5a2V5a2V5aw==,txn.tag)',
  aes_gcm_dec: '(128,bm9uY2Vub25jZQ==,a2V5a2V5a2V5a2V5a2V5aw==,txn.tag)',
  aes_cbc_enc: '(128,bm9uY2Vub25jZQ==,a2V5a2V5a2V5a2V5a2V5aw==)',
  aes_cbc_dec: '(128,bm9uY2Vub25jZQ==,a2V5a2V5a2V5a2V5a2V5aw==)',
  json: '(utf8)',
  json_query: '("$.a",int)',
  jwt_header_query: '("$.alg")',
  jwt_payload_query: '("$.sub")',
  jwt_verify: '(HS256,key)',
  jwt_verify_cert: '(RS256,key.pem)',
  url_enc: '(query)',
  when: '(stopping)',
  'set-var': '(txn.x,ifnotset)',
  regsub: '(s,t,g)',
  rfc7239_field: '(for)',
  be2dec: '(:,2)',
  le2dec: '(:,2)',
};

function argumentsFor(name: string, specs: readonly ArgumentSpec[]): string {
  if (specs.length > 0 && SPECIAL[name] !== undefined) return SPECIAL[name];
  if (name.startsWith('internal.htx_blk.')) return '(first)';
  if (name.startsWith('map'))
    return `(${name.startsWith('map_ip') ? 'ip' : 'text'}${name.slice(6).endsWith('_ip') ? '-ip' : ''}.map)`;
  return specs.length === 0 ? '' : `(${specs.map(spec => EXAMPLES[parseSpec(spec).type]).join(',')})`;
}

const INPUTS: Readonly<Record<SampleType, string>> = {
  any: 'str(text)',
  bool: 'always_true',
  int: 'int(1700000000)',
  addr: 'src',
  ipv4: 'src',
  ipv6: 'src',
  str: 'str("some text")',
  bin: 'bin(45000014000000004006000001020304)',
  meth: 'method',
};

/** Keys that are text, number and network at once are not to be had: one file a key type. */
const FILES = {
  'text.map': '1 2\n',
  'text-ip.map': '1 192.0.2.1\n',
  'ip.map': '10.0.0.0/8 2\n',
  'ip-ip.map': '10.0.0.0/8 192.0.2.1\n',
  key: 'x',
  'key.pem': generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey,
};

function fullContext() {
  return sampleContext({
    request: requestHead('POST', '/a?b=c', [['Host', 'h']]),
    response: responseHead(200, [['X', 'y']]),
    requestBody: bodyOf('a=b'),
    responseBody: bodyOf('c'),
    requestPayload: bytes('160301'),
    responsePayload: bytes('160301'),
    requestCaptures: ['a', 'b'],
    responseCaptures: ['a', 'b'],
  });
}

test('every fetch compiles and evaluates', () => {
  for (const row of allFetches()) {
    const env = testEnvironment({ files: FILES });
    const chain = compileChain(row.name + argumentsFor(row.name, row.args ?? []), 0, env, AT);
    assert.ok(!('error' in chain), `${row.name}: ${JSON.stringify(chain)}`);
    const expression = bindChain(chain);
    for (const accessor of ['sample', 'bool', 'int', 'ip', 'string', 'binary'] as const)
      expression[accessor](fullContext());
    expression.sample(
      sampleContext({
        client: undefined,
        server: undefined,
        transaction: undefined,
        frontend: undefined,
        backend: undefined,
        listener: undefined,
      }),
    );
  }
});

test('every converter compiles and evaluates', () => {
  for (const row of allConverters()) {
    const env = testEnvironment({ files: FILES });
    const text = `${INPUTS[row.in]},${row.name}${argumentsFor(row.name, row.args ?? [])}`;
    const chain = compileChain(text, 0, env, AT);
    assert.ok(!('error' in chain), `${text}: ${JSON.stringify(chain)}`);
    bindChain(chain).string(fullContext());
  }
});

test('every word of ACLs and every predefined ACL compiles', () => {
  const env = testEnvironment();
  for (const { name, fetch, method } of ACL_KEYWORDS) {
    const row = fetchRow(fetch);
    assert.ok(row !== undefined, name);
    const pattern = { int: '1', dotted: '3.1', len: '1', bin: '00', group: 'ops' }[method as string] ?? 'x';
    const text = `${name}${argumentsFor(fetch, row.args ?? [])}`;
    compileCondition(conditionOf(`if { ${text} ${pattern} }`), -1, env);
    assert.equal(findAclKeyword(name)?.fetch, fetch);
  }
  for (const name of Object.keys(PREDEFINED_ACLS))
    compileCondition(conditionOf(`if ${name}`), phaseBit(REQUEST_PHASE), env);
  assert.deepEqual(
    env.diagnostics.filter(({ severity }) => severity === 'alert').map(({ message }) => message),
    [],
  );
});

test('no name stands twice and every row says what it means', () => {
  for (const rows of [allFetches(), allConverters()]) {
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    for (const row of rows) {
      assert.notEqual(row.summary, '', row.name);
    }
  }
});

test('docs/samples.md is what the tables say', () => {
  const advice = 'run node scripts/samples-doc.mjs';
  assert.equal(readFileSync('docs/samples.md', 'utf8') === renderSamplesPage(), true, advice);
});
