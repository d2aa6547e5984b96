/** Fetches on what the context holds, each against the facts it was given. */
import assert from 'node:assert/strict';
import type { TlsFacts } from '../../src/net/tls/tls-facts.ts';
import { NO_TLS } from '../support/tls-facts.ts';
import { test } from 'node:test';
import type { SampleContext } from '../../src/acl/context.ts';
import { testEnvironment } from './compile-environment.ts';
import {
  compiled,
  compiledCondition,
  exampleContext,
  EXAMPLE_REQUEST,
  holds,
  LOG_PHASE,
  textOf,
} from './evaluate.ts';
import {
  bodyOf,
  CLIENT,
  requestHead,
  responseHead,
  sampleContext,
  SERVER,
  TRANSACTION,
} from './sample-context.ts';

const CTX = exampleContext({
  response: responseHead(404, [['Server', 'x']]),
  requestCaptures: ['cap0', undefined],
  responseCaptures: ['rcap'],
  uniqueId: 'id-1',
});

function check(cases: readonly (readonly [string, string | undefined])[], ctx: SampleContext = CTX): void {
  const env = testEnvironment();
  for (const [text, expected] of cases) {
    const phase = text.startsWith('res.') ? 'backend http-response header rule' : LOG_PHASE;
    const inRequest = /^(url|path|base|query|req\.|http_auth|hdr|cook)/.test(text);
    assert.equal(
      textOf(text, ctx, env, inRequest ? 'backend http-request header rule' : phase),
      expected,
      text,
    );
  }
}

test('addresses and ports of both connections', () => {
  check([
    ['src', '192.0.2.7'],
    ['src_port', '51234'],
    ['src_is_local', '0'],
    ['dst', '198.51.100.1'],
    ['dst_port', '443'],
    ['dst_is_local', '1'],
    ['fc_src', '10.0.0.1'],
    ['fc_src_port', '4000'],
    ['fc_src_is_local', '0'],
    ['fc_dst', '10.0.0.2'],
    ['fc_dst_port', '8443'],
    ['fc_dst_is_local', '0'],
    ['bc_src', '10.1.0.254'],
    ['bc_src_port', '40001'],
    ['bc_dst', '10.1.0.1'],
    ['bc_dst_port', '8080'],
    ['fc_http_major', '1'],
    ['bc_http_major', '1'],
    ['bc_reused', '1'],
    ['fc_err', '0'],
    ['fc_err_str', 'Success'],
    ['fc_err_name', ''],
    ['fc_rcvd_proxy', '0'],
    ['ssl_fc', '0'],
    ['ssl_bc', '0'],
    ['ssl_fc_sni', undefined],
  ]);
});

test('a unix socket has neither address nor port', () => {
  const ctx = sampleContext({ client: { ...CLIENT, source: { family: 0, host: '', port: 0 } } });
  check(
    [
      ['src', undefined],
      ['src_port', undefined],
    ],
    ctx,
  );
});

test('port 0 of a PROXY header is no port', () => {
  const ctx = sampleContext({ client: { ...CLIENT, source: { family: 4, host: '192.0.2.7', port: 0 } } });
  check(
    [
      ['src', '192.0.2.7'],
      ['src_port', undefined],
    ],
    ctx,
  );
});

test('fields of the PROXY header', () => {
  const proxyProtocol = {
    authority: 'a.example',
    uniqueId: 'u1',
    tlv: (type: number) => (type === 2 ? 'a.example' : type === 0xe1 ? 'own' : undefined),
  };
  const ctx = sampleContext({ client: { ...CLIENT, proxyProtocol } });
  check(
    [
      ['fc_rcvd_proxy', '1'],
      ['fc_pp_authority', 'a.example'],
      ['fc_pp_unique_id', 'u1'],
      ['fc_pp_tlv(0xE1)', 'own'],
      ['fc_pp_tlv(AUTHORITY)', 'a.example'],
      ['fc_pp_tlv(225)', 'own'],
      ['fc_pp_tlv(1)', undefined],
    ],
    ctx,
  );
});

test('a handshake that has failed says nothing of the verification that was under way', () => {
  const tls: TlsFacts = { ...NO_TLS, verifyResult: 18, certificateError: 18, presentedCertificate: true };
  const of = (isUnsecured: boolean): SampleContext =>
    sampleContext({ client: { ...CLIENT, transport: 'tls', tls, isUnsecured } });
  const words = ['ssl_fc_has_crt', 'ssl_c_verify', 'ssl_c_err'];
  assert.deepEqual(
    words.map(word => textOf(word, of(true))),
    [undefined, undefined, '18'],
  );
  assert.deepEqual(
    words.map(word => textOf(word, of(false))),
    ['1', '18', '18'],
  );
});

test('a TLS connection shows what its handshake agreed on', () => {
  const tls: TlsFacts = {
    ...NO_TLS,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    sni: 'a.example',
    alpn: 'h2',
    resumed: true,
    sessionId: 'ab',
    keySize: 128,
  };
  const ctx = sampleContext({ client: { ...CLIENT, transport: 'tls', tls } });
  check(
    [
      ['ssl_fc', '1'],
      ['ssl_fc_protocol', 'TLSv1.3'],
      ['ssl_fc_cipher', 'TLS_AES_128_GCM_SHA256'],
      ['ssl_fc_sni', 'a.example'],
      ['ssl_fc_has_sni', '1'],
      ['ssl_fc_alpn', 'h2'],
      ['ssl_fc_is_resumed', '1'],
      ['ssl_fc_session_id,hex', '6162'],
      ['ssl_fc_alg_keysize', '128'],
      ['ssl_fc_has_crt', '0'],
      ['ssl_c_verify', '0'],
      ['ssl_f_der', undefined],
      ['ssl_c_err', '0'],
      ['ssl_fc_err', '0'],
      ['ssl_fc_err_str', undefined],
      ['ssl_fc_has_early', '0'],
    ],
    ctx,
  );
});

test('names, numbers and load of proxies and servers', () => {
  check([
    ['fe_name', 'fe1'],
    ['fe_id', '2'],
    ['fe_defbe', 'be1'],
    ['be_name', 'be1'],
    ['be_id', '3'],
    ['srv_name', 's1'],
    ['srv_id', '1'],
    ['so_id', '1'],
    ['so_name', 'https-in'],
    ['dst_conn', '21'],
    ['act_conn', '11'],
    ['fe_conn(fe1)', '12'],
    ['fe_sess_rate(fe1)', '13'],
    ['fe_req_rate(fe1)', '14'],
    ['be_conn', '15'],
    ['be_sess_rate(be1)', '16'],
    ['queue', '17'],
    ['avg_queue', '17'],
    ['be_conn_free', '7'],
    ['connslots', '25'],
    ['nbsrv(be1)', '1'],
    ['srv_conn(s1)', '3'],
    ['srv_conn_free(be1/s1)', '7'],
    ['srv_is_up(s2)', '0'],
    ['srv_queue(s1)', '2'],
    ['srv_sess_rate(s1)', '6'],
    ['srv_weight(s1)', '50'],
    ['srv_uweight(s1)', '60'],
    ['srv_iweight(s1)', '100'],
    ['fe_client_timeout', '30000'],
    ['be_server_timeout', '40000'],
    ['cur_server_timeout', '12345'],
    ['be_connect_timeout', '5000'],
    ['be_queue_timeout', '6000'],
    ['be_tunnel_timeout', '0'],
    ['fe_tarpit_timeout', '7000'],
  ]);
});

test('timers, counters and the outcome of the exchange', () => {
  check([
    ['accept_date', '1714117271'],
    ['accept_date(ms)', '1714117271774'],
    ['accept_date(us)', '1714117271774123'],
    ['request_date(ms)', '1714117272005'],
    ['fc.timer.handshake', '0'],
    ['fc.timer.total', '210'],
    ['bc.timer.connect', '40'],
    ['req.timer.idle', '10'],
    ['req.timer.hdr', '20'],
    ['req.timer.tq', '30'],
    ['res.timer.hdr', '50'],
    ['res.timer.data', '60'],
    ['txn.timer.total', '200'],
    ['txn.timer.user', '200'],
    ['bc_srv_queue', '4'],
    ['bc_be_queue', '5'],
    ['bytes_in', '100'],
    ['bytes_out', '2000'],
    ['res.bytes_in', '2000'],
    ['txn.status', '200'],
    ['server_status', '200'],
    ['txn.conn_retries', '1'],
    ['txn.redispatched', '0'],
    ['txn.sess_term_state', '--'],
    ['txn.id32', '77'],
    ['last_rule_line', '12'],
    ['last_rule_file', 'a.cfg'],
    ['last_entity', 'a.cfg:12'],
    ['waiting_entity', undefined],
    ['unique-id', 'id-1'],
    ['res.cache_hit', '0'],
    ['res.comp', '0'],
  ]);
});

test('the process itself', () => {
  check([
    ['pid', '4242'],
    ['hostname', 'host1'],
    ['date', '1714117320'],
    ['date(-20)', '1714117300'],
    ['date(0,ms)', '1714117320250'],
    ['date(0,us)', '1714117320250111'],
    ['date_us', '250111'],
    ['uptime', '2520'],
    ['thread', '0'],
    ['tgroup', '0'],
    ['stopping', '0'],
    ['env(HOME_TOWN)', 'Ulm'],
    ['env(NOTHING)', undefined],
    ['rand(10)', '5'],
    ['rand(0)', '0'],
    ['rand', '2147483648'],
    ['uuid', '80000000-8000-4000-8000-000080000000'],
    ['uuid(7),length', '36'],
  ]);
});

test('parts of the request', () => {
  check([
    ['query', 'id=7&q=a%20b'],
    ['query(with_qm)', '?id=7&q=a%20b'],
    ['baseq', 'Shop.example.com:8080/shop/cart?id=7&q=a%20b'],
    ['capture.req.hdr(0)', 'cap0'],
    ['capture.req.hdr(1)', undefined],
    ['capture.res.hdr(0)', 'rcap'],
    ['capture.req.uri', '/shop/cart?id=7&q=a%20b'],
    ['http_first_req', '1'],
    ['url_param(ID,,i)', '7'],
    ['cook_cnt', '2'],
    ['req.cook_names', 'sid,lang'],
    ['req.cook_names(;)', 'sid;lang'],
  ]);
});

test('bodies that are held', () => {
  const request = requestHead('POST', '/', [['Host', 'h']]);
  const ctx = exampleContext({ request, requestBody: bodyOf('a=1&b=two&A=3') });
  check(
    [
      ['req.body', 'a=1&b=two&A=3'],
      ['req.body_len', '13'],
      ['req.body_size', '13'],
      ['req.body_param(b)', 'two'],
      ['req.body_param(a)', '1'],
      ['req.body_param(B,i)', 'two'],
      ['req.body_param(z)', undefined],
    ],
    ctx,
  );
});

test('words with several occurrences match when one of them does', () => {
  assert.equal(holds('if { req.hdr(x-list) two }'), true);
  assert.equal(holds('if { req.hdr(x-list,1) two }'), false);
  assert.equal(holds('if { req.cook lang sid de }'), true);
  assert.equal(holds('if { url_param 7 }'), true);
  assert.equal(holds('if { req.hdr(x-list),upper TWO }'), true);
});

test('credentials are compared with plain and hashed passwords', () => {
  const withUser = (user: string, password: string) =>
    exampleContext({
      request: requestHead('GET', '/', [
        ['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`],
      ]),
    });
  const verdict = (user: string, password: string) => textOf('http_auth(admins)', withUser(user, password));
  assert.equal(verdict('root', 'secret'), '1');
  assert.equal(verdict('root', 'Secret'), '0');
  assert.equal(verdict('nobody', 'secret'), '0');
  assert.equal(textOf('http_auth(admins)'), undefined);
  assert.equal(holds('if { http_auth_group(admins) ops }', withUser('root', 'secret')), true);
  assert.equal(holds('if { http_auth_group(admins) dev }', withUser('root', 'secret')), false);
  const env = testEnvironment();
  compiled('always_true', env);
  assert.throws(() => compiledCondition('if { http_auth_group(admins) nogroup }', env));
  assert.match(env.diagnostics[0]?.message ?? '', /invalid group 'nogroup'/);
});

test('a crypt(3) hash is verified by the C library', () => {
  const request = requestHead('GET', '/', [
    ['Authorization', `Basic ${Buffer.from('joe:password').toString('base64')}`],
  ]);
  assert.equal(textOf('http_auth(admins)', exampleContext({ request })), '1');
});

test('facts that are absent give no sample', () => {
  const bare = sampleContext({
    client: undefined,
    server: undefined,
    backend: undefined,
    frontend: undefined,
    transaction: undefined,
    listener: undefined,
    request: EXAMPLE_REQUEST,
  });
  check(
    [
      ['src', undefined],
      ['bc_dst', undefined],
      ['be_name', undefined],
      ['srv_name', undefined],
      ['txn.status', undefined],
      ['so_name', undefined],
    ],
    bare,
  );
  assert.equal(SERVER.name, 's1');
  assert.equal(TRANSACTION.status, 200);
});
