/** Where requests go when no balancer chooses: dispatch, transparent, and servers without address or port. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';

const TIMEOUTS = `
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('dispatch sends everything to one address, in both modes, and logs no server', async t => {
  const origin = await startHttpOrigin(t, 'there');
  const logs = await startLogReceiver(t);
  const [http, tcp] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `global
    expose-deprecated-directives
defaults${TIMEOUTS}
listen http
    bind 127.0.0.1:${http}
    mode http
    option httplog
    log 127.0.0.1:${logs.port} local0
    dispatch ${origin.address}
listen tcp
    bind 127.0.0.1:${tcp}
    mode tcp
    dispatch ${origin.address}
`,
  );
  assert.match(await exchangeRaw(http, GET), /^HTTP\/1\.1 200 .*\r\n\r\nthere\n$/s);
  assert.match(await exchangeRaw(tcp, GET), /^HTTP\/1\.1 200 .*\r\n\r\nthere\n$/s);
  await logs.find(/ http http\/<NOSRV> \d+\/\d+\/\d+\/\d+\/\d+ 200 /);
});

test('A server without address takes the address the client asked for, one without port its port', async t => {
  const origin = await startHttpOrigin(t, 'there');
  const [anywhere, transparent, shifted] = (await freePorts(3)) as [number, number, number];
  await startBalancer(
    t,
    `global
    expose-deprecated-directives
defaults${TIMEOUTS}    mode http
listen anywhere
    bind 127.0.0.1:${anywhere}
    http-request set-dst str(127.0.0.1)
    http-request set-dst-port int(${origin.port})
    server s 0.0.0.0:0
listen transparent
    bind 127.0.0.1:${transparent}
    http-request set-dst-port int(${origin.port})
    option transparent
listen shifted
    bind 127.0.0.1:${shifted}
    http-request set-dst-port int(${origin.port - 7})
    server s 127.0.0.1:+7
`,
  );
  for (const port of [anywhere, transparent, shifted])
    assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 200 .*\r\n\r\nthere\n$/s);
});

test('A terminal server that an RDP cookie names gets its client back', async t => {
  const who = (name: string) => startRawOrigin(t, socket => socket.on('data', () => socket.end(name)));
  const [one, two] = [await who('one'), await who('two')];
  const [port] = (await freePorts(1)) as [number];
  await startBalancer(
    t,
    `defaults${TIMEOUTS}
listen l
    bind 127.0.0.1:${port}
    mode tcp
    tcp-request inspect-delay 5s
    tcp-request content accept if RDP_COOKIE
    persist rdp-cookie
    balance roundrobin
    server one ${one.address}
    server two ${two.address}
`,
  );
  const request = (cookie: string): string =>
    `\x03\x00\x00\x2b\x26\xe0\x00\x00\x00\x00\x00Cookie: msts=${cookie}\r\n\x01\x00\x08\x00\x03\x00\x00\x00`;
  const swapped = (number: number): number => ((number & 0xff) << 8) | (number >> 8);
  const host = 127 + (1 << 24);
  for (let turn = 0; turn < 3; turn++)
    assert.equal(
      await exchangeRaw(port, Buffer.from(request(`${host}.${swapped(two.port)}.0000`), 'latin1')),
      'two',
    );
  const others = new Set<string>();
  for (let turn = 0; turn < 2; turn++)
    others.add(await exchangeRaw(port, Buffer.from(request(`${host}.1.0000`), 'latin1')));
  assert.deepEqual([...others].sort(), ['one', 'two']);
});
