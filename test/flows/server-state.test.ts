/** Server state files: what HAProxy saved is restored, beside HAProxy itself where that is installed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function folderOf(t: TestContext): string {
  const folder = temporaryFolder(t);
  return folder;
}

async function command(path: string, line: string): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.end(`${line}\n`);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** Who answers `count` requests, in order. */
async function answers(port: number, count: number): Promise<string> {
  const names: string[] = [];
  for (let index = 0; index < count; index++)
    names.push(/\r\n\r\n(\w+)\n$/.exec(await exchangeRaw(port, GET))?.[1] ?? '-');
  return names.join(' ');
}

test('Weight, maintenance, drain and port of a state file are applied, wrong lines are told', async t => {
  const [a, b, c] = [
    await startHttpOrigin(t, 'a'),
    await startHttpOrigin(t, 'b'),
    await startHttpOrigin(t, 'c'),
  ];
  const folder = folderOf(t);
  const [port] = (await freePorts(1)) as [number];
  const line = (id: number, name: string, admin: number, weight: number, at: number): string =>
    `2 l ${id} ${name} 127.0.0.1 2 ${admin} ${weight} 1 5 6 3 2 6 0 0 0 - ${at} - 0 0 - - 0\n`;
  writeFileSync(
    join(folder, 'l'),
    `1\n# head\n${line(1, 'a', 0, 2, a.port)}${line(2, 'b', 0, 1, b.port)}${line(3, 'c', 1, 1, c.port)}${line(4, 'd', 8, 1, c.port)}${line(5, 'e', 0, 900, 1)}${line(6, 'gone', 0, 1, 1)}`,
  );
  const balancer = await startBalancer(
    t,
    `global
    nbthread 1
    server-state-base ${folder}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen l
    bind 127.0.0.1:${port}
    load-server-state-from-file local
    balance roundrobin
    server a 127.0.0.1:1
    server b 127.0.0.1:1
    server c 127.0.0.1:1
    server d 127.0.0.1:1
    server e 127.0.0.1:1 disabled
`,
  );
  assert.match(await answers(port, 6), /^(?:a b a|a a b|b a a)( (?:a b a|a a b|b a a))$/);
  const said = balancer.output();
  assert.match(said, /server-state application failed for server 'l\/e', invalid srv_uweight value '900'/);
  assert.match(said, /Proxy 'l': can't find server 'gone' in backend 'l'/);
});

function beginning(folder: string, state: string): string {
  return `global
    nbthread 1
    stats socket ${folder}/socket level admin
    server-state-file ${state}
defaults
    mode http
    load-server-state-from-file global
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`;
}

test('TLS to a server is on or off as it was ordered at run time, whatever the configuration says', async t => {
  const origin = await startHttpOrigin(t, 'plain');
  const folder = folderOf(t);
  const [port] = (await freePorts(1)) as [number];
  const config = `${beginning(folder, `${folder}/state`)}listen l
    bind 127.0.0.1:${port}
    server s ${origin.address} ssl verify none
`;
  const first = await startBalancer(t, config);
  assert.equal(await answers(port, 1), '-');
  await command(`${folder}/socket`, 'set server l/s ssl off');
  assert.equal(await answers(port, 1), 'plain');
  const state = await command(`${folder}/socket`, 'show servers state');
  await first.stop();
  writeFileSync(join(folder, 'state'), state);
  const second = await startBalancer(t, config);
  assert.equal(await answers(port, 1), 'plain');
  await command(`${folder}/socket`, 'set server l/s ssl on');
  writeFileSync(join(folder, 'state'), await command(`${folder}/socket`, 'show servers state'));
  await second.stop();
  await startBalancer(t, config);
  assert.equal(await answers(port, 1), '-');
});

test('What HAProxy writes is restored here, and what is written here HAProxy restores', async t => {
  if (!requires(t, 'haproxy')) return;
  const folder = folderOf(t);
  const [a, b, c] = [
    await startHttpOrigin(t, 'a'),
    await startHttpOrigin(t, 'b'),
    await startHttpOrigin(t, 'c'),
  ];
  const [port] = (await freePorts(1)) as [number];
  const config = (state: string): string => `${beginning(folder, state)}listen l
    bind 127.0.0.1:${port}
    balance roundrobin
    server a ${a.address} weight 10
    server b ${b.address} weight 10
    server c ${c.address} weight 10
`;
  const haproxy = { program: 'haproxy' };
  const shares = (text: string): string => text.split(' ').sort().join(' ');
  for (const [writer, reader] of [
    [haproxy, haproxy],
    [haproxy, {}],
    [{}, haproxy],
    [{}, {}],
  ] as const) {
    const first = await startBalancer(t, config(`${folder}/none`), writer);
    await command(`${folder}/socket`, 'set server l/b state maint');
    await command(`${folder}/socket`, 'set server l/a weight 20');
    writeFileSync(join(folder, 'state'), await command(`${folder}/socket`, 'show servers state'));
    await first.stop();
    const second = await startBalancer(t, config(`${folder}/state`), reader);
    assert.equal(shares(await answers(port, 6)), 'a a a a c c', JSON.stringify([writer, reader]));
    await second.stop();
  }
});

test('init-addr says where a server with a name begins', async t => {
  const a = await startHttpOrigin(t, 'a');
  const [written, none, libc] = (await freePorts(3)) as [number, number, number];
  const section = (name: string, port: number, host: string, methods: string): string => `listen ${name}
    bind 127.0.0.1:${port}
    server s ${host}:${a.port} init-addr ${methods}
`;
  const defaults = `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`;
  const balancer = await startBalancer(
    t,
    `${defaults}${section('written', written, 'unknown.invalid', 'last,127.0.0.1')}${section('none', none, 'unknown.invalid', 'libc,none')}${section('libc', libc, 'localhost', 'last,libc')}`,
  );
  assert.equal(await answers(written, 1), 'a');
  assert.match(await exchangeRaw(none, GET), /^HTTP\/1\.1 503 /);
  assert.match(balancer.output(), /could not resolve address 'unknown\.invalid', disabling server/);
  assert.equal(await answers(libc, 1), 'a');
  const refused = startBalancer(t, `${defaults}${section('bad', 1, 'unknown.invalid', 'libc')}`, {
    ports: [1],
  });
  await assert.rejects(refused, /could not resolve address 'unknown\.invalid'\./);
});
