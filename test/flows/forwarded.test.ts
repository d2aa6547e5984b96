/** `option forwarded`: what servers are told about the client, through the running program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';

const DEFAULTS = `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`;

/** Gives the Forwarded lines the server sees for a request through a backend with `option`. */
test('A Forwarded header says what was asked for, and continues one that can be trusted', async t => {
  let seen = '';
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', (chunk: Buffer) => {
      seen = chunk.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }),
  );
  const cases: readonly [option: string, fields: string, expected: readonly RegExp[]][] = [
    ['option forwarded', '', [/^proto=http;for=127\.0\.0\.1$/]],
    ['option forwarded', 'X-Src: 2001:db8::1\r\n', [/^proto=http;for="\[2001:db8::1\]"$/]],
    ['option forwarded for', 'Forwarded: for=192.0.2.1\r\n', [/^for=192\.0\.2\.1, for=127\.0\.0\.1$/]],
    ['option forwarded for', 'Forwarded: for=nonsense\r\n', [/^for=nonsense$/, /^for=127\.0\.0\.1$/]],
    [
      'option forwarded for',
      'Forwarded: for=_a, for="[::1]:80"\r\nForwarded: by=unknown\r\n',
      [/^for=_a, for="\[::1\]:80"$/, /^by=unknown, for=127\.0\.0\.1$/],
    ],
    ['option forwarded host for_port', '', [/^host="example\.org"$/]],
    ['option forwarded host by by_port', '', [/^host="example\.org";by="127\.0\.0\.1:\d+"$/]],
    ['option forwarded host-expr str(not/a/host)', '', [/^host=""$/]],
    ['option forwarded for-expr str(secret) for_port', '', [/^for="_secret:\d+"$/]],
    ['option forwarded for-expr str("a b")', '', [/^for=unknown$/]],
    [
      'option forwarded for-expr src for_port-expr str(id) by-expr str(_lb)',
      '',
      [/^by=_lb;for="127\.0\.0\.1:_id"$/],
    ],
    ['option forwarded for-expr str(::1)', '', [/^for=unknown$/]],
    ['no option forwarded', '', []],
  ];
  const ports = await freePorts(cases.length);
  const sections = cases.map(
    ([option], index) => `listen l${index}
    bind 127.0.0.1:${ports[index]}
    http-request set-src req.hdr(x-src) if { req.hdr(x-src) -m found }
    ${option}
    server s ${origin.address}
`,
  );
  await startBalancer(t, DEFAULTS + sections.join(''));
  for (const [index, [option, fields, expected]] of cases.entries()) {
    const request = `GET / HTTP/1.1\r\nHost: example.org\r\n${fields}Connection: close\r\n\r\n`;
    assert.match(await exchangeRaw(ports[index] as number, request), /^HTTP\/1\.1 200 /, option);
    const values = [...seen.matchAll(/^forwarded: (.*)\r$/gim)].map(match => match[1] as string);
    assert.equal(values.length, expected.length, `${option}: ${values.join(' | ')}`);
    for (const [at, pattern] of expected.entries()) assert.match(values[at] as string, pattern, option);
  }
});

test('the headers that settings add are in the order in which HAProxy adds them, behind those of rules', async t => {
  let seen = '';
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', (chunk: Buffer) => {
      seen = chunk.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }),
  );
  const [port] = (await freePorts(1)) as [number];
  await startBalancer(
    t,
    `${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    option originalto
    option forwardfor
    option forwarded
    unique-id-format one
    unique-id-header X-UID
    http-request set-header X-Rule two
    server s ${origin.address}
`,
  );
  await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n');
  const names = [...seen.matchAll(/^([\w-]+): /gm)].map(match => match[1]?.toLowerCase());
  const added = ['x-rule', 'x-uid', 'forwarded', 'x-forwarded-for', 'x-original-to'];
  assert.deepEqual(
    names.filter(name => name !== undefined && added.includes(name)),
    added,
  );
});
