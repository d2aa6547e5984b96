/** How long addresses hold that rules and the PROXY protocol set, and which of them is the original (manual, section 7.3.3). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ADDRESSES = '%[src] %[dst]:%[dst_port] %[fc_src] %[fc_dst]';

function request(field: string): string {
  return `GET / HTTP/1.1\r\nHost: h\r\n${field}\r\n`;
}

function told(received: string): string[] {
  return [...received.matchAll(/x-told: (.*)\r\n/g)].map(match => match[1] as string);
}

test('what http-request rules say of addresses holds for their request, what came before it for all', async t => {
  const port = await freePort();
  const behindRules = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:${port} accept-proxy
  http-request set-src req.hdr(s) if { req.hdr(s) -m found }
  http-request set-dst-port int(66) if { req.hdr(s) -m found }
  http-request return status 200 hdr x-told "${ADDRESSES}"
frontend g
  bind 127.0.0.1:${behindRules}
  tcp-request connection set-src ipv4(192.0.2.9)
  tcp-request session set-dst ipv4(192.0.2.3)
  http-request return status 200 hdr x-told "${ADDRESSES}"
`,
    { ports: [port, behindRules] },
  );
  const header = 'PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n';
  const proxied = await exchange(port, header + request('s: 198.51.100.7\r\n') + request(''), 300);
  assert.deepEqual(told(proxied.received), [
    '198.51.100.7 192.0.2.2:66 127.0.0.1 127.0.0.1',
    '192.0.2.1 192.0.2.2:80 127.0.0.1 127.0.0.1',
  ]);
  const ruled = await exchange(behindRules, request('') + request(''), 300);
  const both = `192.0.2.9 192.0.2.3:${behindRules} 192.0.2.9 127.0.0.1`;
  assert.deepEqual(told(ruled.received), [both, both]);
});

test('X-Original-To tells the destination of the PROXY header, unless it is excepted by either side', async t => {
  const origin = await startHttpOrigin(t, 'o', (request, response) => {
    response.end(`[${String(request.headers['x-original-to'])} ${String(request.headers['x-to'])}]`);
  });
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:${port} accept-proxy
  option originalto except 192.0.2.0/24
  default_backend b
backend b
  option originalto except 2001:db8::1 header X-To
  server s ${origin.address}
`,
    { ports: [port] },
  );
  const ask = async (header: string): Promise<string | undefined> => {
    const { received } = await exchange(port, `PROXY ${header} 1 2\r\n${request('')}`, 300);
    return /\[.*\]/.exec(received)?.[0];
  };
  assert.equal(await ask('TCP6 2001:db8::9 2001:db8::2'), '[undefined 2001:db8::2]');
  assert.equal(await ask('TCP6 2001:db8::9 2001:db8::1'), '[undefined undefined]');
  assert.equal(await ask('TCP4 192.0.2.1 192.0.2.2'), '[undefined undefined]');
});

test('names of hosts among addresses are looked up when the configuration is loaded', async t => {
  const file = join(temporaryFolder(t), 'hosts');
  writeFileSync(file, 'localhost/8\n');
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:${port} accept-proxy
  acl here src localhost
  acl around src -f ${file}
  http-request return status 200 hdr x-told here if here
  http-request return status 200 hdr x-told around if around
  http-request return status 200 hdr x-told elsewhere
`,
    { ports: [port] },
  );
  const from = async (address: string): Promise<string[]> => {
    const header = `PROXY TCP4 ${address} 192.0.2.2 1000 80\r\n`;
    return told((await exchange(port, header + request(''), 500)).received);
  };
  assert.deepEqual(await from('127.0.0.1'), ['here']);
  assert.deepEqual(await from('127.0.0.9'), ['around']);
  assert.deepEqual(await from('192.0.2.1'), ['elsewhere']);
});

test('with -n, in maps and where there is none of that name, names of hosts are no addresses', async t => {
  const folder = temporaryFolder(t);
  const [map, file] = [join(folder, 'map'), join(folder, 'haproxy.cfg')];
  writeFileSync(map, 'localhost here\n');
  const refused = [
    ['{ src -n localhost }', "'localhost' is not a valid IPv4 or IPv6 address"],
    [`{ src,map_ip(${map}) -m found }`, "'localhost' is not a valid IPv4 or IPv6 address at line 1 of file"],
    ['{ src nobody.invalid }', "'nobody.invalid' is not a valid IPv4 or IPv6 address"],
  ] as const;
  for (const [condition, mistake] of refused) {
    writeFileSync(file, `frontend f\n  mode http\n  http-request deny if ${condition}\n`);
    const { stderr } = spawnSync(LB, ['-c', '-f', file], { encoding: 'utf8' });
    assert.ok(stderr.includes(mistake), stderr);
  }
});
