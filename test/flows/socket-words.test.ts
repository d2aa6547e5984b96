/** Words about sockets and what stands in front of the first byte, through the running program. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

const DEFAULTS = `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
`;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** The client's IPv4 and TCP headers behind a magic number (legacy form). */
function clientIpHeader(magic: number): Buffer {
  const header = Buffer.alloc(48);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(40, 4);
  header[8] = 0x45;
  header[17] = 6;
  header.set([192, 0, 2, 7], 20);
  header.set([192, 0, 2, 9], 24);
  header.writeUInt16BE(1234, 28);
  header.writeUInt16BE(80, 30);
  return header;
}

test('a NetScaler header tells who the client is, behind its magic number only', async t => {
  const [said, ruled] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `${DEFAULTS}frontend f
  bind 127.0.0.1:${said} accept-netscaler-cip 1234
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]"
frontend g
  bind 127.0.0.1:${ruled}
  tcp-request connection expect-netscaler-cip layer4
  http-request return status 200 content-type text/plain lf-string "%[dst]:%[dst_port]"
`,
  );
  const behind = (magic: number): Buffer => Buffer.concat([clientIpHeader(magic), Buffer.from(GET)]);
  assert.match(await exchangeRaw(said, behind(1234)), /\r\n\r\n192\.0\.2\.7:1234$/);
  assert.equal(await exchangeRaw(said, behind(1235)), '');
  assert.match(await exchangeRaw(ruled, behind(0)), /\r\n\r\n192\.0\.2\.9:80$/);
});

test('unix-bind says where unix sockets are and who may use them', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-unix-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const port = await freePort();
  await startBalancer(
    t,
    `global\n  unix-bind prefix ${folder}/ mode 604\n${DEFAULTS}frontend f
  bind unix@first.sock
  bind unix@second.sock mode 600
  bind 127.0.0.1:${port}
  http-request return status 200
`,
  );
  assert.equal(existsSync(join(folder, 'first.sock')), true);
  assert.equal(statSync(join(folder, 'first.sock')).mode & 0o777, 0o604);
  assert.equal(statSync(join(folder, 'second.sock')).mode & 0o777, 0o600);
});

test('congestion control is that of the lines, and requests reach servers with tfo', async t => {
  const origin = await startHttpOrigin(t, 's');
  const port = await freePort();
  await startBalancer(
    t,
    `global\n  tune.sndbuf.client 40000\n  tune.rcvbuf.client 50000\n  tune.notsent-lowat.client 20000\n${DEFAULTS}listen l
  bind 127.0.0.1:${port} cc reno
  server s ${origin.address} cc reno tfo
`,
  );
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 200 [^]*\r\n\r\ns\n$/);
  if (!existsSync('/usr/bin/ss') && !existsSync('/bin/ss')) return;
  const shown = execFileSync('ss', ['-ltnmi', `sport = :${port}`], { encoding: 'utf8', timeout: 5000 });
  assert.match(shown, /reno/);
  assert.match(shown, /rb100000/);
});
