/** What an exchange remembers of the rules it passed, for its log; and that the next one knows nothing of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

interface Running {
  readonly port: number;
  readonly logs: LogReceiver;
  readonly balancer: Balancer;
}

/** The line of the configuration that the first of the rules stands in. */
const FIRST_RULE = 14;

async function start(
  t: TestContext,
  format: string,
  rules: readonly string[],
  { requestTimeout = '300ms' } = {},
): Promise<Running> {
  const origin = await startHttpOrigin(t, 's');
  const logs = await startLogReceiver(t);
  const port = await freePort();
  const config = `global
  nbthread 1
  log 127.0.0.1:${logs.port} local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout http-request ${requestTimeout}
frontend f
  bind 127.0.0.1:${port}
  log-format "${format}"
${rules.map(rule => `  ${rule}\n`).join('')}
  default_backend b
backend b
  server s ${origin.address}
`;
  return { port, logs, balancer: await startBalancer(t, config) };
}

function request(path: string, ...fields: readonly string[]): string {
  return `${['GET', path, 'HTTP/1.1\r\nHost: a'].join(' ')}\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`;
}

const CLOSE = 'Connection: close';

test('The rule that decided stands in the log by file and line, whether it lets pass or not', async t => {
  const { port, logs, balancer } = await start(
    t,
    '%HP [%[last_rule_file] %[last_rule_line] %[last_entity] %[waiting_entity]]',
    [
      'http-request set-header X-Passed 1',
      'http-request deny if { path /deny }',
      'http-request allow if { path /allow }',
      'redirect location /elsewhere if { path /redirect }',
    ],
  );
  const file = `${balancer.folder}/haproxy.cfg`;
  const expected: Record<string, string> = {
    '/deny': `[${file} ${FIRST_RULE + 1} ${file}:${FIRST_RULE + 1} -]`,
    '/allow': `[${file} ${FIRST_RULE + 2} ${file}:${FIRST_RULE + 2} -]`,
    '/redirect': '[- - - -]',
    '/none': '[- - - -]',
  };
  for (const [path, traced] of Object.entries(expected)) {
    await exchangeRaw(port, request(path, CLOSE));
    const [line] = await logs.find(new RegExp(`${path} \\[.*\\]`));
    assert.equal(line, `${path} ${traced}`);
  }
});

test('What a request waited for when it ended stands in the log', async t => {
  const { port, logs, balancer } = await start(t, '%HP [%[waiting_entity]]', [
    'http-request do-log if { path /rule }',
    'http-request wait-for-body time 60s if { path /rule }',
  ]);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST /rule HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel`);
  await logs.find(/\/rule \[-\]/);
  socket.resetAndDestroy();
  await logs.next();
  const [line] = /\/rule \[.*\]/.exec(logs.lines[1] ?? '') ?? [];
  assert.equal(line, `/rule [${balancer.folder}/haproxy.cfg:${FIRST_RULE + 1}]`);
});

test('A request that is buffered in vain is logged as such', async t => {
  const { port, logs } = await start(t, '%HP [%[waiting_entity]]', ['option http-buffer-request']);
  await exchangeRaw(port, 'POST /option HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel');
  const [line] = await logs.find(/\/option \[.*\]/);
  assert.equal(line, '/option [http-buffer-request]');
  await exchangeRaw(port, `POST /whole HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\nContent-Length: 5\r\n\r\nhello`);
  const [whole] = await logs.find(/\/whole \[.*\]/);
  assert.equal(whole, '/whole [-]');
});

test('A request has the priority its own rules gave it, not that of the request before', async t => {
  const { port } = await start(t, '%HP', [
    'http-request set-priority-class int(-5) if { path /urgent }',
    'http-request set-priority-offset int(100) if { path /urgent }',
    'http-response set-header X-Priority "%[prio_class] %[prio_offset]"',
  ]);
  const answers = await exchangeRaw(port, request('/urgent') + request('/usual', CLOSE));
  const priorities = [...answers.matchAll(/x-priority: (.*)\r/gi)].map(match => match[1]);
  assert.deepEqual(priorities, ['-5 100', '0 0']);
});

/** Of the socket that such a connection is for its server, in any state: whether the kernel has it still. */
function isServed(port: number, client: number): boolean {
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(` \\w+:${hex(port)} \\w+:${hex(client)} `).test(readFileSync('/proc/net/tcp', 'latin1'));
}

/** How a connection ended that says one thing and hears nothing. */
async function end({ port, logs }: Running): Promise<'reset' | 'nothing heard'> {
  const socket = connect(port, '127.0.0.1');
  let how: 'reset' | 'nothing heard' = 'nothing heard';
  socket.on('error', () => (how = 'reset'));
  await once(socket, 'connect');
  const client = socket.localPort ?? 0;
  assert.ok(isServed(port, client));
  socket.write(request('/dropped'));
  // in a list that changes while it is read a socket can be missed: its line in the log comes first
  await logs.find(/\/dropped/);
  await until('the drop', () => !isServed(port, client));
  // a reset has reached the socket by now, though nobody has looked
  await sleep(50);
  socket.destroy();
  return how;
}

test('silent-drop says nothing, and with rst-ttl sends a reset', async t => {
  if (!requires(t, 'root')) return;
  for (const [options, how] of [
    ['', 'nothing heard'],
    ['rst-ttl 64', 'reset'],
  ] as const) {
    // on a busy machine a request must not be answered by the timeout instead
    const running = await start(t, '%HP', [`http-request silent-drop ${options}`], { requestTimeout: '60s' });
    assert.equal(await end(running), how, options);
  }
});
