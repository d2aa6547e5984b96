/** Connections whose PROXY or NetScaler header does not come: what is logged of them (manual, section 8.2.5). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

type Case = readonly [bytes: string, code: number, name: string, text: string];

const PROXY: readonly Case[] = [
  ['', 11, 'PRX_EMPTY', 'Connection closed while waiting for PROXY protocol header'],
  ['PROX', 14, 'PRX_TRUNCATED', 'Truncated PROXY protocol header received'],
  ['GET / ', 15, 'PRX_NOT_HDR', 'Received something which does not look like a PROXY protocol header'],
  [
    `${SIGNATURE}\x2f\x11\0\x0c${'\0'.repeat(12)}`,
    16,
    'PRX_BAD_HDR',
    'Received an invalid PROXY protocol header',
  ],
  ['PROXY X\r\n', 17, 'PRX_BAD_PROTO', 'Received an unhandled protocol in the PROXY protocol header'],
];

const NETSCALER: readonly Case[] = [
  ['', 18, 'CIP_EMPTY', 'Connection closed while waiting for NetScaler Client IP header'],
  ['\0\0', 21, 'CIP_TRUNCATED', 'Truncated NetScaler Client IP header received'],
  ['nonsense', 22, 'CIP_BAD_MAGIC', 'Received an invalid NetScaler Client IP magic number'],
];

const TIMEOUT: Case = ['wait', 13, 'PRX_TIMEOUT', 'Timeout while waiting for PROXY protocol header'];

test('a connection without its header is logged with the reason, unless it said nothing and nobody wants to know', async t => {
  const logs = await startLogReceiver(t);
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
  const [proxy, netscaler, plain, quiet] = ports;
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 300ms
  log 127.0.0.1:${logs.port} format raw local0
frontend proxy
  bind 127.0.0.1:${proxy} accept-proxy
  error-log-format "%f %ST %tsc %Ti/%TR/%Ta %[fc_err] %[fc_err_name] %[fc_err_str]"
frontend netscaler
  bind 127.0.0.1:${netscaler} accept-netscaler-cip 7
  error-log-format "%f %ST %[fc_err] %[fc_err_name] %[fc_err_str]"
frontend plain
  bind 127.0.0.1:${plain} accept-proxy name here
  option httplog
frontend quiet
  bind 127.0.0.1:${quiet} accept-proxy
  option dontlognull
  option httplog
`,
    { ports: [quiet] },
  );
  const send = async (port: number, bytes: string): Promise<void> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    if (bytes === 'wait') socket.write('P');
    else socket.end(bytes, 'latin1');
    socket.resume();
    await once(socket, 'close');
  };
  for (const [bytes, code, name, text] of [...PROXY, TIMEOUT]) {
    await send(proxy, bytes);
    await logs.find(new RegExp(`^proxy 0 PR-- 0/-1/0 ${code} ${name} ${text}`));
  }
  for (const [bytes, code, name, text] of NETSCALER) {
    await send(netscaler, bytes);
    await logs.find(new RegExp(`^netscaler .* ${code} ${name} ${text}`));
  }
  await send(quiet, '');
  await send(quiet, 'GET');
  // threads tell of their connections in any order
  await logs.find(/ quiet\//);
  await send(plain, '');
  await logs.find(
    /^127\.0\.0\.1:\d+ \[.*\] plain\/here: Connection closed while waiting for PROXY protocol header/,
  );
  const quietLines = logs.lines.filter(line => line.includes(' quiet/'));
  assert.equal(quietLines.length, 1);
  assert.match(quietLines[0] ?? '', /does not look like/);
});
