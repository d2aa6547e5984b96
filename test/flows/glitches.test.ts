/** Violations of HTTP/1 that are accepted: counted, kept for `show errors`, and not accepted without end. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GOOD = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const BAD = 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok';

interface Started {
  readonly port: number;
  readonly admin: string;
}

async function start(t: TestContext, global: string, frontend: string, more = ''): Promise<Started> {
  const port = await freePort();
  const admin = join(temporaryFolder(t), 'admin');
  await startBalancer(
    t,
    `global
  stats socket ${admin} level admin
  nbthread 1
  ${global}
defaults
  mode http
  option accept-unsafe-violations-in-http-request
  option accept-unsafe-violations-in-http-response
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port}
  ${frontend}
${more}`,
  );
  return { port, admin };
}

/** One request after the other on one connection: what `x-told` says, or the status; and whether it was closed then. */
async function converse(port: number, requests: readonly string[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const told: string[] = [];
  let received = '';
  const left = [...requests];
  const next = (): unknown => (left.length > 0 ? socket.write(left.shift() as string) : socket.end());
  socket.on('data', chunk => {
    received += chunk.toString('latin1');
    if (!/\r\n\r\n.*(ok|Gateway)/s.test(received)) return;
    told.push(/^x-told: (.*)\r$/m.exec(received)?.[1] ?? received.slice(9, 12));
    received = '';
    next();
  });
  next();
  await bounded('the end', new Promise(closed => socket.once('close', closed)));
  return left.length > 0 || requests.length > told.length ? [...told, 'closed'] : told;
}

const TOLD = `stick-table type ip size 10 store glitch_cnt,glitch_rate(1h)
  tcp-request connection track-sc0 src
  http-request return status 200 content-type text/plain string ok hdr x-told "%[fc_glitches] %[sc0_glitch_cnt] %[sc0_glitch_rate]"`;

test('requests that are accepted only by the option are glitches, and kept', async t => {
  const { port, admin } = await start(t, '', TOLD);
  assert.deepEqual(await converse(port, [GOOD, BAD, GOOD, BAD]), ['0 0 0', '1 1 1', '1 1 1', '2 2 2']);
  assert.deepEqual(await converse(port, [GOOD, BAD]), ['0 2 2', '1 3 3']);
  assert.match(await ask(admin, 'show errors'), /frontend f \(#\d+\)[^]*accepted: invalid header value/);
});

for (const [what, global, expected] of [
  ['three quarters of the threshold', '4', ['1 1 1', '2 2 2', '3 3 3', 'closed']],
  ['the threshold', '2', ['1 1 1', 'closed']],
  [
    'the threshold, while there is nothing to do',
    '2\n  tune.glitches.kill.cpu-usage 100',
    ['1 1 1', '2 2 2', 'closed'],
  ],
] as const)
  test(`a client's connection ends at ${what}`, async t => {
    const { port } = await start(t, `tune.h1.fe.glitches-threshold ${global}`, TOLD);
    assert.deepEqual(await converse(port, [BAD, BAD, BAD, BAD, BAD]), expected);
  });

for (const [threshold, expected] of [
  ['0', ['1', '2', '3', '4']],
  ['4', ['1', '2', '3', '1']],
  ['2', ['1', '502', '1', '502']],
] as const)
  test(`with a threshold of ${threshold} connections to servers end`, async t => {
    const { address } = await startRawOrigin(t, socket => {
      socket.on('data', () => socket.write(ANSWER));
      socket.on('end', () => socket.end());
    });
    const { port } = await start(
      t,
      `tune.h1.be.glitches-threshold ${threshold}`,
      'default_backend b\n  http-after-response set-header x-told %[bc_glitches] if { status 200 }',
      `backend b
  http-reuse always
  server s ${address}
`,
    );
    assert.deepEqual(await converse(port, [GOOD, GOOD, GOOD, GOOD]), expected);
  });
