import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERSIST_FORCED, PERSIST_IGNORED, PERSIST_NORMALLY } from '../../src/rules/proxy-rules.ts';
import { compileConfig, complaints } from '../support/compiled-rules.ts';
import { requestContext } from '../support/rule-context.ts';

const HOSTS = 300;

function manyHosts(): string {
  const backends = Array.from({ length: HOSTS }, (_, index) => `backend b${index}\n`);
  const rules = Array.from(
    { length: HOSTS },
    (_, index) => `  use_backend b${index} if { hdr(host) -i h${index}.example }`,
  );
  const more = [
    '  use_backend b0 if { hdr(host) -i h7.example }',
    '  use_backend b1 if { path /x }',
    '  use_backend %[path,field(2,/)] if { path_beg /dyn }',
    '  use_backend b2 if { path_beg /dyn }',
  ];
  return ['frontend web', '  bind :80', '  mode http', ...rules, ...more, ...backends].join('\n');
}

test('use_backend takes the first rule that matches, by many hosts, by path, by a computed name', () => {
  const text = `defaults\n  mode http\n${manyHosts()}`;
  const compiled = compileConfig(text);
  assert.deepEqual(
    compiled.messages.filter(message => message.startsWith('alert')),
    [],
  );
  const { backendSwitch } = compiled.rules.get('web') ?? assert.fail();
  const ask = (path: string, host: string): number =>
    backendSwitch.choose(requestContext(`GET ${path} HTTP/1.1`, `Host: ${host}`), () => true);
  const first = ask('/', 'h0.example');
  assert.ok(first >= 0);
  assert.equal(ask('/', 'H7.EXAMPLE') - first, 7);
  assert.equal(ask('/', `h${HOSTS - 1}.example`) - first, HOSTS - 1);
  assert.equal(ask('/x', 'other') - first, 1);
  assert.equal(ask('/', 'other'), -1);
  assert.equal(ask('/dyn', 'other'), -1, 'a computed name that no backend has leaves the default one');
});

test('use_backend passes disabled backends over, unless force-be-switch says otherwise', () => {
  const text = [
    'frontend web',
    '  mode http',
    '  bind :80',
    '  force-be-switch if { hdr(x) 1 }',
    '  use_backend off if { path_beg / }',
    '  use_backend on',
    'backend off',
    '  mode http',
    'backend on',
    '  mode http',
    '',
  ].join('\n');
  const { backendSwitch } = compileConfig(text).rules.get('web') ?? assert.fail();
  const ask = (...headers: readonly string[]): number[] => {
    const asked: number[] = [];
    const chosen = backendSwitch.choose(requestContext('GET / HTTP/1.1', ...headers), backend => {
      asked.push(backend);
      return asked.length > 1;
    });
    return [...asked, chosen];
  };
  const [off, on, chosen] = ask();
  assert.notEqual(off, on);
  assert.equal(chosen, on);
  assert.deepEqual(ask('X: 1'), [off, off]);
});

test('use-server passes servers over that cannot be used', () => {
  const text = [
    'backend app',
    '  mode http',
    '  use-server s1 if { path_beg /a }',
    '  use-server s2 if { path_beg /a }',
    '  use-server s3 unless { path_beg /b }',
    '  server s1 192.0.2.1:80',
    '  server s2 192.0.2.2:80',
    '  server s3 192.0.2.3:80',
    '',
  ].join('\n');
  const { serverSwitch } = compileConfig(text).rules.get('app') ?? assert.fail();
  const ask = (path: string, ...down: readonly number[]): number =>
    serverSwitch.choose(requestContext(`GET ${path} HTTP/1.1`), server => !down.includes(server));
  assert.equal(ask('/a'), 1);
  assert.equal(ask('/a', 1), 2);
  assert.equal(ask('/a', 1, 2), 3);
  assert.equal(ask('/b'), -1);
  assert.equal(ask('/c', 3), -1);
});

test('force-persist and ignore-persist: the first that matches decides', () => {
  const text =
    'backend app\n  mode http\n  force-persist if { path /f }\n  ignore-persist if { path_beg / }\n  force-persist if { always_true }\n';
  const { persistence } = compileConfig(text).rules.get('app') ?? assert.fail();
  assert.equal(persistence.decide(requestContext('GET /f HTTP/1.1')), PERSIST_FORCED);
  assert.equal(persistence.decide(requestContext('GET /g HTTP/1.1')), PERSIST_IGNORED);
  const none = compileConfig('backend app\n').rules.get('app') ?? assert.fail();
  assert.ok(none.persistence.empty);
  assert.equal(none.persistence.decide(requestContext('GET / HTTP/1.1')), PERSIST_NORMALLY);
});

test('monitor fail and stats rules are conditions too', () => {
  const text = [
    'frontend web',
    '  mode http',
    '  bind :80',
    '  monitor-uri /up',
    '  monitor fail if { hdr(x) 1 }',
    '  stats enable',
    '  stats admin if { src 192.0.2.0/24 }',
    '  stats http-request auth realm numbers unless { hdr(x) 2 }',
    '',
  ].join('\n');
  const rules = compileConfig(text).rules.get('web') ?? assert.fail();
  assert.equal(rules.monitorFails(requestContext('GET / HTTP/1.1')), false);
  assert.equal(rules.monitorFails(requestContext('GET / HTTP/1.1', 'X: 1')), true);
  assert.equal(rules.statsAdmin(requestContext('GET / HTTP/1.1')), true);
  const ctx = requestContext('GET / HTTP/1.1');
  rules.statsRequest.run(ctx);
  assert.ok(ctx.reply?.headers.some(([, value]) => value === 'Basic realm="numbers"'));
});

test('names that nothing has are refused', () => {
  const wrong = complaints(['use_backend nowhere if { path / }']);
  assert.ok(
    wrong.some(message => message.includes("use_backend: 'nowhere'")),
    wrong.join('\n'),
  );
});

test('rules of a named defaults section see its ACLs, those of the section its own', () => {
  const compiled = compileConfig(`defaults d
  mode http
  acl there path /there
  acl same path /a
  http-request deny if there
  http-request deny if same
frontend web from d
  bind :80
  acl same path /b
  http-request return status 200 if same
`);
  assert.deepEqual(
    compiled.messages.filter(message => message.startsWith('alert')),
    [],
  );
  const { httpRequest } = compiled.rules.get('web') ?? assert.fail();
  const decides = (path: string): number =>
    httpRequest.rules.findIndex(
      rule => rule.condition?.test(requestContext(`GET ${path} HTTP/1.1`)) === true,
    );
  assert.equal(decides('/there'), 0);
  assert.equal(decides('/a'), 1);
  assert.equal(decides('/b'), 2);
});
