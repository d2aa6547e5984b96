/** A real client through the real program to real servers: shares, failures, and nothing left behind. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

const DEFAULTS = `
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
`;

const GET = 'GET /x HTTP/1.1\r\nHost: test\r\n\r\n';

/** Answers every request at once, counting: cheaper than node:http, so that the balancer is what is measured. */
async function startCountingOrigin(t: TestContext, name: string): ReturnType<typeof startRawOrigin> {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  const origin = await startRawOrigin(t, socket => {
    origin.count--;
    let rest = '';
    socket.setNoDelay(true);
    socket.on('data', chunk => {
      const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n');
      rest = heads.pop() ?? '';
      origin.count += heads.length;
      if (heads.length > 0) socket.write(answer.repeat(heads.length));
    });
    socket.on('end', () => socket.end());
  });
  return origin;
}

/** Descriptors once all threads have served something and nothing is open any more. */
async function idleDescriptors(balancer: Balancer, port: number): Promise<number> {
  for (let count = 0; count < 20; count++) {
    const client = await KeepAliveClient.open(port);
    await client.request(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    client.close();
  }
  let last = -1;
  for (let same = 0; same < 5; same = balancer.openDescriptors() === last ? same + 1 : 0) {
    last = balancer.openDescriptors();
    await sleep(50);
  }
  return last;
}

test('100 clients with 1,000 keep-alive requests each reach three servers in exact shares by weight', async t => {
  const origins = await Promise.all(['one', 'two', 'three'].map(name => startCountingOrigin(t, name)));
  const port = await freePort();
  const [one, two, three] = origins.map(origin => origin.address);
  const balancer = await startBalancer(
    t,
    `global\n  nbthread 2\n${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  balance roundrobin
  default-server pool-purge-delay 100ms
  server one ${one} weight 1
  server two ${two} weight 2
  server three ${three} weight 1
`,
  );
  const before = await idleDescriptors(balancer, port);
  for (const origin of origins) origin.count = 0;
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const client = await KeepAliveClient.open(port);
      for (let count = 0; count < 1000; count++) {
        const answer = await client.request(GET);
        if (answer.status !== 200) assert.fail(answer.head);
      }
      client.close();
    }),
  );
  assert.deepEqual(
    origins.map(origin => origin.count),
    [25_000, 50_000, 25_000],
  );
  for (const origin of origins) await origin.close();
  await until('descriptors as at the start', () => balancer.openDescriptors() <= before);
  assert.equal(await balancer.stop(), 0);
});

test('a server killed in mid-run costs no client an error when requests may be repeated', async t => {
  const origins = await Promise.all(['one', 'two', 'three'].map(name => startHttpOrigin(t, name)));
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}
  option redispatch 1
  retries 3
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  balance roundrobin
  retry-on conn-failure empty-response response-timeout
${origins.map((origin, index) => `  server s${index} ${origin.address}`).join('\n')}
`,
  );
  let served = 0;
  const clients = Array.from({ length: 20 }, async () => {
    const client = await KeepAliveClient.open(port);
    for (let count = 0; count < 100; count++) {
      const answer = await client.request(GET);
      assert.equal(answer.status, 200, answer.head);
      served++;
      if (served === 500) await origins[1]?.close();
    }
    client.close();
  });
  await Promise.all(clients);
  assert.equal(served, 2000);
});

test('the only server is tried again after a pause, whether it may be left or not', async t => {
  const [dead, ports] = [await freePort(), [await freePort(), await freePort()]];
  await startBalancer(
    t,
    `${DEFAULTS}
  timeout connect 300ms
  retries 1
listen stays
  bind 127.0.0.1:${ports[0]}
  option redispatch 0
  server s 127.0.0.1:${dead}
listen leaves
  bind 127.0.0.1:${ports[1]}
  option redispatch 1
  server s 127.0.0.1:${dead}
  server spare 127.0.0.1:${dead} backup
`,
    { ports },
  );
  for (const port of ports) {
    const began = performance.now();
    const client = await KeepAliveClient.open(port);
    assert.equal((await client.request(GET)).status, 503);
    client.close();
    assert.ok(performance.now() - began >= 290, `port ${port}`);
  }
});

test('nobody listening gives 503, a silent server 504, a full server 503 after timeout queue', async t => {
  const silent = await startRawOrigin(t, () => undefined);
  const [dead, ports] = [await freePort(), [await freePort(), await freePort(), await freePort()]];
  await startBalancer(
    t,
    `${DEFAULTS}
  retries 0
  timeout server 300ms
  timeout queue 200ms
listen dead
  bind 127.0.0.1:${ports[0]}
  server s 127.0.0.1:${dead}
listen stalled
  bind 127.0.0.1:${ports[1]}
  server s ${silent.address}
listen full
  bind 127.0.0.1:${ports[2]}
  timeout server 2s
  server s ${silent.address} maxconn 1
`,
  );
  const status = async (port: number): Promise<number> => {
    const client = await KeepAliveClient.open(port);
    t.after(() => client.close());
    return (await client.request(GET)).status;
  };
  assert.equal(await status(ports[0] as number), 503);
  assert.equal(await status(ports[1] as number), 504);
  const before = silent.count;
  const first = status(ports[2] as number);
  await until('the request that fills the server', () => silent.count > before);
  assert.equal(await status(ports[2] as number), 503);
  assert.equal(await first, 504);
});

test('a client that dribbles its request gets 408', async t => {
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}\n  timeout http-request 300ms\nlisten l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:1\n`,
  );
  const client = await KeepAliveClient.open(port);
  t.after(() => client.close());
  const dribble = setInterval(() => client.socket.write('a'), 50);
  t.after(() => clearInterval(dribble));
  const answer = await client.request('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  assert.equal(answer.status, 408);
});

test('5,000 idle connections are held, answered, and leave no descriptor behind', async t => {
  const origin = await startHttpOrigin(t, 'one');
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `global\n  maxconn 6000\n${DEFAULTS}\n  timeout client 60s\n  timeout http-keep-alive 60s\n  timeout http-request 60s\nlisten l\n  bind 127.0.0.1:${port}\n  server s ${origin.address} pool-max-conn 0\n`,
  );
  const before = await idleDescriptors(balancer, port);
  const clients: KeepAliveClient[] = [];
  for (let batch = 0; batch < 50; batch++)
    clients.push(...(await Promise.all(Array.from({ length: 100 }, () => KeepAliveClient.open(port)))));
  const answers = await Promise.all(
    [0, 2500, 4999].map(index => (clients[index] as KeepAliveClient).request(GET)),
  );
  assert.deepEqual(
    answers.map(answer => answer.status),
    [200, 200, 200],
  );
  for (const client of clients) client.close();
  await until('descriptors as at the start', () => balancer.openDescriptors() <= before);
  assert.equal(await balancer.stop(), 0);
});
