/** Actions on connections and on how an exchange is handled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp } from '../../src/base/ip-address.ts';
import {
  ACCEPT,
  CLOSE,
  CONTINUE,
  REJECT,
  SERVICE,
  SILENT_DROP,
  SWITCH_TO_HTTP,
  TIMED_OUT,
  YIELD,
} from '../../src/rules/verdict.ts';
import { compileConfig, compileFrontend, complaints, frontendRules } from '../support/compiled-rules.ts';
import { requestContext, type FakeRuleContext } from '../support/rule-context.ts';

function ran(...rules: readonly string[]): FakeRuleContext {
  const ctx = requestContext('GET /p HTTP/1.1', 'X-Port: 8443', 'X-Ip: 2001:db8::1');
  frontendRules(rules.map(rule => `http-request ${rule}`)).httpRequest.run(ctx);
  return ctx;
}

test('addresses and ports of the client are replaced, the rest of them stays', () => {
  const { client } = ran(
    'set-src hdr(x-ip)',
    'set-src-port int(70000)',
    'set-dst src',
    'set-dst-port hdr(x-port)',
    'set-dst hdr(none)',
  );
  assert.deepEqual(client.source, { family: 6, host: '2001:db8::1', port: 70000 & 0xffff });
  assert.deepEqual(client.destination, { family: 6, host: '2001:db8::1', port: 8443 });
});

test('a port given to a unix socket makes it an address', () => {
  const ctx = requestContext('GET / HTTP/1.1');
  ctx.client.source = { family: 0, host: '', port: 0 };
  frontendRules(['http-request set-src-port int(5)']).httpRequest.run(ctx);
  assert.deepEqual(ctx.client.source, { family: 4, host: '0.0.0.0', port: 5 });
});

const CALLS: readonly (readonly [rule: string, call: string])[] = [
  ['set-tos 0x10', 'tos client 16'],
  ['set-fc-tos hdr(x-port)', 'tos client 251'],
  ['set-bc-tos 010', 'tos server 8'],
  ['set-mark 4294967295', 'mark client 4294967295'],
  ['set-fc-mark 7', 'mark client 7'],
  ['set-bc-mark 0x20', 'mark server 32'],
  ['set-log-level silent', 'log level -1'],
  ['set-log-level err', 'log level 3'],
  ['set-timeout client 2s', 'timeout client 2000'],
  ['set-timeout tarpit 1500', 'timeout tarpit 1500'],
  ['set-timeout client hdr(x-port)', 'timeout client 8443'],
  ['set-priority-class int(-9999)', 'priority class -2047'],
  ['set-priority-offset int(70)', 'priority offset 70'],
  ['disable-l7-retry', 'no L7 retry'],
  ['do-log', 'log http-req -'],
  ['do-log profile p1', 'log http-req p1'],
];

for (const [rule, call] of CALLS)
  test(`${rule} does: ${call}`, () => assert.deepEqual(ran(rule).calls, [call]));

test('rules of backends set the timeouts and retries of the server side', () => {
  const text = [
    'backend app',
    '  mode http',
    '  http-request set-timeout server 3s',
    '  http-request set-timeout tunnel 1h',
    '  http-request set-retries 2',
    '',
  ];
  const ctx = requestContext('GET / HTTP/1.1');
  compileConfig(text.join('\n')).rules.get('app')?.httpRequest.run(ctx);
  assert.deepEqual(ctx.calls, ['timeout server 3000', 'timeout tunnel 3600000', 'retries 2']);
});

const ENDINGS: readonly (readonly [ruleset: string, action: string, verdict: number])[] = [
  ['tcp-request connection', 'accept', ACCEPT],
  ['tcp-request connection', 'reject', REJECT],
  ['tcp-request session', 'reject', REJECT],
  ['tcp-request content', 'accept', ACCEPT],
  ['tcp-request content', 'switch-mode http', SWITCH_TO_HTTP],
  ['http-request', 'allow', ACCEPT],
  ['http-request', 'reject', REJECT],
  ['http-request', 'silent-drop', SILENT_DROP],
  ['http-request', 'use-service prometheus-exporter', SERVICE],
  ['http-response', 'allow', ACCEPT],
  ['http-after-response', 'allow', ACCEPT],
];

const FIELD = {
  'tcp-request connection': 'tcpRequestConnection',
  'tcp-request session': 'tcpRequestSession',
  'tcp-request content': 'tcpRequestContent',
  'http-request': 'httpRequest',
  'http-response': 'httpResponse',
  'http-after-response': 'httpAfterResponse',
} as const;

for (const [ruleset, action, verdict] of ENDINGS)
  test(`${ruleset} ${action} ends its ruleset with verdict ${verdict}`, () => {
    const field = FIELD[ruleset as keyof typeof FIELD];
    assert.equal(
      frontendRules([`${ruleset} ${action}`])[field].run(requestContext('GET / HTTP/1.1')),
      verdict,
    );
  });

test('tcp-response content closes or accepts', () => {
  const text =
    'backend app\n  tcp-response content close if { always_false }\n  tcp-response content accept\n';
  const rules = compileConfig(text).rules.get('app') ?? assert.fail();
  assert.equal(rules.tcpResponseContent.run(requestContext('GET / HTTP/1.1')), ACCEPT);
  const closing = compileConfig('backend app\n  tcp-response content close\n').rules.get('app');
  assert.equal(closing?.tcpResponseContent.run(requestContext('GET / HTTP/1.1')), CLOSE);
});

test('silent-drop remembers the TTL of its RST, use-service the service', () => {
  assert.equal(ran('silent-drop rst-ttl 3').rstTtl, 3);
  assert.equal(ran('silent-drop').rstTtl, undefined);
  assert.equal(ran('use-service prometheus-exporter').service, 'prometheus-exporter');
});

test('expect-proxy asks for a PROXY header', () => {
  const ctx = requestContext('GET / HTTP/1.1');
  frontendRules(['tcp-request connection expect-proxy layer4']).tcpRequestConnection.run(ctx);
  assert.deepEqual(ctx.calls, ['expect proxy']);
});

// ── waiting ──

const body = (length: number, complete: boolean): NonNullable<FakeRuleContext['requestBody']> => ({
  buffer: Buffer.alloc(length),
  broken: false,
  offset: 0,
  length,
  complete,
  announced: 100,
});

test('wait-for-body waits until the body is there, or enough of it, or no more fits', () => {
  const { httpRequest } = frontendRules(['http-request wait-for-body time 1s at-least 10']);
  const verdictWith = (waiting: FakeRuleContext['requestBody']): number => {
    const ctx = requestContext('POST / HTTP/1.1');
    ctx.requestBody = waiting;
    return httpRequest.run(ctx);
  };
  assert.equal(verdictWith(undefined), YIELD, 'nobody looked at the body yet');
  assert.equal(verdictWith(body(3, true)), CONTINUE);
  assert.equal(verdictWith(body(10, false)), CONTINUE);
  assert.equal(verdictWith(body(9, false)), YIELD);
});

test('wait-for-body goes on with its time when it is called again, and ends when that is over', () => {
  const { httpRequest } = frontendRules(['http-request wait-for-body time 1s', 'http-request deny']);
  const ctx = requestContext('POST / HTTP/1.1');
  ctx.requestBody = body(3, false);
  assert.equal(httpRequest.run(ctx), YIELD);
  assert.deepEqual([ctx.waitFor, ctx.waitMs], ['request body', 1000]);
  assert.equal(httpRequest.resume(ctx), YIELD);
  ctx.waitOver = true;
  assert.equal(httpRequest.resume(ctx), TIMED_OUT);
});

test('a full buffer ends wait-for-body without an error', () => {
  const { httpRequest } = frontendRules(['http-request wait-for-body time 1s']);
  const ctx = requestContext('POST / HTTP/1.1');
  ctx.bodyRoom = 8;
  ctx.requestBody = body(8, false);
  assert.equal(httpRequest.run(ctx), CONTINUE);
});

test('pause waits for its time, given or computed', () => {
  const { httpRequest } = frontendRules(['http-request pause 20ms', 'http-request pause hdr(none)']);
  const ctx = requestContext('GET / HTTP/1.1');
  assert.equal(httpRequest.run(ctx), YIELD);
  assert.deepEqual([ctx.waitFor, ctx.waitMs], ['time', 20]);
  ctx.waitOver = true;
  assert.equal(httpRequest.resume(ctx), CONTINUE);
});

test('do-resolve waits for the answer and keeps it in its variable', () => {
  const compiled = compileFrontend(['http-request do-resolve(txn.ip,dns,ipv4) hdr(x-name)']);
  const { httpRequest } = compiled.rules.get('web') ?? assert.fail();
  const ctx = requestContext('GET / HTTP/1.1', 'X-Name: example.com');
  ctx.address = 'pending';
  assert.equal(httpRequest.run(ctx), YIELD);
  assert.equal(ctx.waitFor, 'resolution');
  ctx.address = parseIp('192.0.2.9');
  assert.equal(httpRequest.resume(ctx), CONTINUE);
  const slot = compiled.variables.find('txn.ip')?.slot ?? assert.fail();
  assert.deepEqual(ctx.transactionVariables.get(slot), ctx.address);
  assert.deepEqual(ctx.calls, ['resolve example.com dns 4', 'resolve example.com dns 4']);
});

test('wrong arguments are refused in the words of HAProxy', () => {
  const prefix = "alert error detected in frontend 'web' while parsing 'http-request";
  const first = (rule: string): string | undefined => complaints([`http-request ${rule}`])[0];
  assert.equal(
    first('set-log-level loud'),
    `${prefix} set-log-level' rule : expects exactly 1 argument (log level name or 'silent').`,
  );
  assert.equal(
    first('set-timeout connect 1s'),
    `${prefix} set-timeout' rule : 'web' has no backend capability.`,
  );
  assert.equal(
    first('set-timeout other 1s'),
    `${prefix} set-timeout' rule : 'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got 'other').`,
  );
  assert.equal(
    first('set-timeout client 0'),
    `${prefix} set-timeout' rule : null value is not valid for a 'set-timeout client' rule.`,
  );
  assert.equal(
    first('silent-drop rst-ttl 0'),
    `${prefix} silent-drop' rule : valid rst-ttl values are [1-255].`,
  );
  assert.equal(
    first('wait-for-body at-least 3'),
    `${prefix} wait-for-body' rule : expects time <time> [ at-least <bytes> ].`,
  );
  assert.equal(
    first('wait-for-body use-large-buffer time 1s'),
    `${prefix} wait-for-body' rule : 'use-large-buffer' needs 'tune.bufsize.large' in the global section.`,
  );
  assert.equal(first('use-service'), `${prefix} use-service' rule : 'use-service' expects a service name.`);
  assert.equal(
    first('set-retries 5'),
    `${prefix} set-retries' rule : 'set-retries' only available in backend or listen section.`,
  );
  assert.match(first('use-service none') ?? '', /use-service' rule : 'none' unknown service name/);
  assert.equal(
    complaints(['tcp-request connection set-mark'])[0],
    "alert 'tcp-request connection set-mark' : expects an argument.",
  );
});
