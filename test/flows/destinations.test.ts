/** Where requests go when no balancer chooses: dispatch, transparent, and servers without address or port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

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

/** Says where its client comes from. */
async function startMirror(t: TestContext): ReturnType<typeof startHttpOrigin> {
  return startHttpOrigin(t, 'mirror', ({ socket }, response) =>
    response.end(`${socket.remoteAddress}:${socket.remotePort}`),
  );
}

test('Connections to servers come from the client, from an address in a header, or from a range of ports', async t => {
  if (!requires(t, 'root')) return;
  const mirror = await startMirror(t);
  const [client, header, range, low] = (await freePorts(4)) as [number, number, number, number];
  await startBalancer(
    t,
    `global
    nbthread 1
defaults${TIMEOUTS}    mode http
    http-reuse always
listen client
    bind 127.0.0.1:${client}
    source 0.0.0.0 usesrc clientip
    server s ${mirror.address}
listen header
    bind 127.0.0.1:${header}
    server s ${mirror.address} source 127.0.0.1 usesrc hdr_ip(x-forwarded-for,-2)
listen range
    bind 127.0.0.1:${range}
    option http-server-close
    server s ${mirror.address} source 127.0.0.9:${low}-${low + 1}
`,
  );
  const from = async (port: number, localAddress: string, fields = ''): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.end(`GET / HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    await once(socket, 'close');
    return (
      /(127[\d.]+:\d+)/.exec(Buffer.concat(chunks).toString('latin1').split('\r\n\r\n')[1] ?? '')?.[1] ?? '-'
    );
  };
  assert.match(await from(client, '127.0.0.5'), /^127\.0\.0\.5:/);
  assert.match(await from(client, '127.0.0.6'), /^127\.0\.0\.6:/);
  const forwarded = 'X-Forwarded-For: 127.0.0.7\r\nX-Forwarded-For: 127.0.0.8, 192.0.2.1\r\n';
  assert.match(await from(header, '127.0.0.5', forwarded), /^127\.0\.0\.8:/);
  assert.match(await from(header, '127.0.0.5'), /^127\.0\.0\.1:/);
  const used = [await from(range, '127.0.0.5'), await from(range, '127.0.0.5')];
  assert.deepEqual(used.sort(), [`127.0.0.9:${low}`, `127.0.0.9:${low + 1}`]);
});

test('An idle connection is used again only for the place it goes to', async t => {
  const [one, two] = [await startHttpOrigin(t, 'one'), await startHttpOrigin(t, 'two')];
  const [port] = (await freePorts(1)) as [number];
  await startBalancer(
    t,
    `defaults${TIMEOUTS}    mode http
    http-reuse always
listen l
    bind 127.0.0.1:${port}
    http-request set-dst-port req.hdr(x-port)
    server s 0.0.0.0:0
`,
  );
  const client = await KeepAliveClient.open(port);
  for (const [origin, name] of [
    [one, 'one'],
    [two, 'two'],
    [one, 'one'],
    [two, 'two'],
  ] as const) {
    const answer = await client.request(`GET / HTTP/1.1\r\nHost: a\r\nX-Port: ${origin.port}\r\n\r\n`);
    assert.match(answer.head, new RegExp(`^x-server: ${name}`, 'im'));
  }
  client.close();
});
