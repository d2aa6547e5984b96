/** `option checkcache`: the same responses are held back as by HAProxy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

/** Method, status, fields of the response. */
const CASES: readonly [method: string, status: number, fields: readonly string[]][] = [
  ['GET', 200, ['Cache-Control: max-age=60']],
  ['GET', 200, ['Set-Cookie: a=1']],
  ['GET', 200, ['Set-Cookie: a=1', 'Cache-Control: max-age=60']],
  ['GET', 200, ['Set-Cookie: a=1', 'Cache-Control: max-age=0']],
  ['GET', 200, ['Set-Cookie: a=1', 'Cache-Control: s-maxage=0', 'ETag: "x"']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"']],
  ['GET', 200, ['Set-Cookie: a=1', 'Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Pragma: no-cache']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: Private']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: no-store']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: no-cache']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: no-cache="set-cookie"']],
  ['GET', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: private, public']],
  ['GET', 503, ['Set-Cookie: a=1', 'ETag: "x"']],
  ['GET', 503, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: public']],
  ['GET', 404, ['Set-Cookie: a=1', 'ETag: "x"']],
  ['POST', 200, ['Set-Cookie: a=1', 'ETag: "x"']],
  ['POST', 200, ['Set-Cookie: a=1', 'ETag: "x"', 'Cache-Control: public']],
];

test('A cookie that a cache would keep is held back, in exactly the cases in which HAProxy does it', async t => {
  if (!requires(t, 'haproxy')) return;
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', (chunk: Buffer) => {
      const [, , fields] = CASES[Number(/ \/(\d+) /.exec(chunk.toString('latin1'))?.[1])] ?? ['', 0, []];
      const status = CASES[Number(/ \/(\d+) /.exec(chunk.toString('latin1'))?.[1])]?.[1] ?? 500;
      const head = [`HTTP/1.1 ${status} Told`, ...fields, 'Content-Length: 0', 'Connection: close'];
      socket.end(`${head.join('\r\n')}\r\n\r\n`);
    }),
  );
  const port = await freePort();
  const config = `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen l
    bind 127.0.0.1:${port}
    option checkcache
    server s ${origin.address}
`;
  const answers: string[][] = [];
  for (const options of [{ program: 'haproxy' }, {}] as readonly { readonly program?: string }[]) {
    const balancer = await startBalancer(t, config, options);
    const statuses: string[] = [];
    for (const [index, [method]] of CASES.entries()) {
      const request = `${method} /${index} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      const line = (await exchangeRaw(port, request)).split('\r\n')[0] ?? '';
      // a response of the server has its own words; HAProxy 2.6 blocks with the status that was blocked
      statuses.push(line.endsWith(' Told') ? 'passed' : options.program === undefined ? line : 'blocked');
    }
    answers.push(statuses);
    await balancer.stop();
  }
  const [theirs = [], ours = []] = answers;
  assert.deepEqual(
    ours.map((status, index) => `${CASES[index]?.[2].join(' ')}: ${status}`),
    theirs.map((status, index) => {
      const ourWay = status === 'blocked' ? 'HTTP/1.1 502 Bad Gateway' : status;
      return `${CASES[index]?.[2].join(' ')}: ${ourWay}`;
    }),
  );
  assert.ok(theirs.includes('blocked') && theirs.includes('passed'));
});
