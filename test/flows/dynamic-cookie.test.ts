/** `dynamic-cookie-key`: the same cookies as HAProxy's, so that a fleet can be moved one balancer at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

test('The cookie HAProxy makes of a server and a secret is made here too, and leads back to the server', async t => {
  if (!requires(t, 'haproxy')) return;
  const origins = await Promise.all(['one', 'two'].map(name => startHttpOrigin(t, name)));
  const port = await freePort();
  const config = `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen l
    bind 127.0.0.1:${port}
    balance roundrobin
    cookie SRV insert dynamic
    dynamic-cookie-key secret
    server one ${origins[0]?.address}
    server two ${origins[1]?.address}
`;
  const cookies = new Map<string, string>();
  for (const program of ['haproxy', undefined]) {
    const balancer = await startBalancer(t, config, program === undefined ? {} : { program });
    const ask = async (fields: string): Promise<string> =>
      exchangeRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);
    for (let turn = 0; turn < 4; turn++) {
      const answer = await ask('');
      const name = /\r\n\r\n(\w+)\n$/.exec(answer)?.[1] ?? '';
      const cookie = /^set-cookie: SRV=([0-9a-f]{16});/im.exec(answer)?.[1] ?? answer;
      if (program !== undefined) cookies.set(name, cookie);
      assert.equal(cookie, cookies.get(name));
    }
    for (const [name, cookie] of cookies)
      for (let turn = 0; turn < 2; turn++)
        assert.match(await ask(`Cookie: SRV=${cookie}\r\n`), new RegExp(`\r\n\r\n${name}\n$`));
    await balancer.stop();
  }
  assert.equal(cookies.size, 2);
});
