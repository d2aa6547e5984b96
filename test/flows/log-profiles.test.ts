/** Log profiles, steps and `do-log`: when lines are written, and how each target has them. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';

type Receiver = Awaited<ReturnType<typeof startLogReceiver>>;

const GOOD = 'GET /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

interface Setting {
  readonly sections?: string;
  readonly logs: (port: number) => string;
}

async function start(
  t: TestContext,
  { sections = '', logs }: Setting,
): Promise<{ port: number; receiver: Receiver }> {
  const receiver = await startLogReceiver(t);
  const origin = await startHttpOrigin(t, 'one');
  const port = await freePort();
  await startBalancer(
    t,
    // several threads would not wait for each other's lines
    `global
  nbthread 1
${sections}
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
${logs(receiver.port)}
  default_backend app
backend app
  server one ${origin.address}
`,
    { ports: [port] },
  );
  return { port, receiver };
}

/** What was received until the line that ends with `last` came. */
async function linesUntil(receiver: Receiver, last: string): Promise<string[]> {
  await receiver.find(new RegExp(`${last}\\n$`));
  return receiver.lines.map(line => line.trimEnd());
}

test('a target with a profile has its own tag, formats and structured data, beside one without', async t => {
  const { port, receiver } = await start(t, {
    sections: `log-profile mine
  log-tag custom
  on error format "%ci: error, %OG"
  on any sd "custom-sd"
`,
    logs: at => `  log-format "plain %HU %OG"
  log-tag normal
  log 127.0.0.1:${at} format rfc5424 local0
  log 127.0.0.1:${at} format rfc5424 profile mine local0`,
  });
  await exchangeRaw(port, GOOD);
  await exchangeRaw(port, 'nonsense\r\n\r\n');
  const lines = await linesUntil(receiver, 'error, sess_error');
  assert.equal(lines.length, 4);
  assert.match(lines[0] as string, /^<134>1 \S+ - normal \d+ - - plain \/good txn_close$/);
  assert.match(lines[1] as string, /^<134>1 \S+ - custom \d+ - custom-sd plain \/good txn_close$/);
  assert.match(lines[2] as string, /^<134>1 \S+ - normal \d+ - - plain <BADREQ> sess_error$/);
  assert.match(lines[3] as string, /^<134>1 \S+ - custom \d+ - - 127\.0\.0\.1: error, sess_error$/);
});

test('what a profile drops is not logged', async t => {
  const { port, receiver } = await start(t, {
    sections: 'log-profile quiet\n  on close drop\n  on http-req format "asked %HU"\n',
    logs: at => `  log-format "plain %HU"
  log 127.0.0.1:${at} format raw profile quiet local0
  http-request do-log`,
  });
  await exchangeRaw(port, GOOD);
  await exchangeRaw(port, GOOD.replace('good', 'last'));
  assert.deepEqual(await linesUntil(receiver, 'asked /last'), ['asked /good', 'asked /last']);
});

test('log-steps logs at each step of a request, and only there', async t => {
  const each = await start(t, {
    logs: at => `  log-format "%OG"\n  log 127.0.0.1:${at} format raw local0\n  log-steps all`,
  });
  await exchangeRaw(each.port, GOOD);
  const steps = ['accept', 'request', 'connect', 'response', 'close'].map(step => `txn_${step}`);
  assert.deepEqual(await linesUntil(each.receiver, 'txn_close'), steps);
  const some = await start(t, {
    logs: at =>
      `  log-format "%OG %HU"\n  log 127.0.0.1:${at} format raw local0\n  log-steps request,response`,
  });
  await exchangeRaw(some.port, GOOD);
  await exchangeRaw(some.port, GOOD.replace('good', 'last'));
  assert.deepEqual(await linesUntil(some.receiver, 'txn_response /last'), [
    'txn_request /good',
    'txn_response /good',
    'txn_request /last',
    'txn_response /last',
  ]);
});

test('the step of a request comes before its rules, times are those so far, and what is no request is always told', async t => {
  const { port, receiver } = await start(t, {
    logs: at => `  log-format "%OG %b/%s %TR/%Tc/%Tr/%Ta %ST"
  log 127.0.0.1:${at} format raw local0
  log-steps accept,request,response
  http-request deny if { path /deny }`,
  });
  await exchangeRaw(port, GOOD.replace('good', 'deny'));
  await exchangeRaw(port, 'nonsense\r\n\r\n');
  await exchangeRaw(port, GOOD);
  const lines = await linesUntil(receiver, 'txn_response .*');
  const shapes = lines.map(line => line.replace(/(?<=[ /])\d+(?=[/ ])(?! *$)/g, 'N'));
  assert.deepEqual(shapes, [
    'txn_accept web/<NOSRV> -1/-1/-1/N 0',
    'txn_request web/<NOSRV> N/-1/-1/N -1',
    'sess_error web/<NOSRV> -1/-1/-1/N 400',
    'txn_accept web/<NOSRV> -1/-1/-1/N 0',
    'txn_request web/<NOSRV> N/-1/-1/N -1',
    'txn_response app/one N/N/N/N 200',
  ]);
});

test('do-log writes a line where the rule stands, by the profile it names', async t => {
  const { port, receiver } = await start(t, {
    sections: 'log-profile other\n  on http-res format "answered %ST"\n',
    logs: at => `  log-format "%OG %HU"
  log 127.0.0.1:${at} format raw local0
  http-request do-log
  http-response do-log profile other
  http-after-response do-log`,
  });
  await exchangeRaw(port, GOOD);
  assert.deepEqual(await linesUntil(receiver, 'txn_close /good'), [
    'http-req /good',
    'answered 200',
    'http-after-res /good',
    'txn_close /good',
  ]);
});
