/** The life of servers in the whole program: agents, tracking, observed traffic, and what is cut when one falls. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { said } from '../support/said.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DEFAULTS = `
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 1s
`;
const GET = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

test('observe layer7 with on-error mark-down takes a server down for what its traffic gets', async t => {
  const port = await freePort();
  let status = 200;
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    response.statusCode = request.method === 'OPTIONS' ? 200 : status;
    response.end();
  });
  const balancer = await startBalancer(
    t,
    `global\n nbthread 2\n${DEFAULTS}
listen b
  bind 127.0.0.1:${port}
  option httpchk
  server s1 ${origin.address} check inter 60s observe layer7 error-limit 3 on-error mark-down
`,
  );
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200/);
  status = 500;
  for (let n = 0; n < 2; n++) assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 500/);
  status = 200;
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200/);
  status = 500;
  for (let n = 0; n < 3; n++) assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 500/);
  const line = await said(balancer, 'b/s1 is DOWN');
  const why = 'Detected 3 consecutive errors, last one was: Wrong http response';
  assert.ok(line.includes(`reason: Health analyze, info: "${why}". 0 active`), line);
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 503/);
});

test('observe layer4 counts connections that fail, and fastinter brings the next check forward', async t => {
  const port = await freePort();
  const origin = await startRawOrigin(t, socket => socket.end('HTTP/1.0 200 OK\r\n\r\n'));
  const balancer = await startBalancer(
    t,
    `${DEFAULTS}
  retries 0
listen b
  bind 127.0.0.1:${port}
  server s1 ${origin.address} check inter 60s fastinter 100ms fall 2 observe layer4 error-limit 2 on-error fastinter
`,
  );
  await origin.close();
  await exchangeRaw(port, GET);
  await exchangeRaw(port, GET);
  const line = await said(balancer, 'b/s1 is DOWN');
  assert.match(line, /Layer4 connection problem, info: "ECONNREFUSED returned by OS/);
});

test('on-marked-down shutdown-sessions cuts what a server carries; on-marked-up what its backups carry', async t => {
  const port = await freePort();
  const logs = await startLogReceiver(t);
  const hold = (name: string) => startRawOrigin(t, socket => void socket.write(name));
  const [main, backup] = await Promise.all([hold('main'), hold('backup')]);
  let up = true;
  const checked = await startRawOrigin(t, socket => (up ? socket.end('+PONG\r\n') : socket.destroy()));
  const balancer = await startBalancer(
    t,
    `global\n nbthread 2\n log 127.0.0.1:${logs.port} local0\n${DEFAULTS}
  mode tcp
  log global
  option tcplog
listen b
  bind 127.0.0.1:${port}
  option redis-check
  server s1 ${main.address} check port ${checked.port} inter 100ms rise 1 fall 1 on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions
  server s2 ${backup.address} backup
`,
  );
  await said(balancer, /^/);
  const client = connect(port, '127.0.0.1');
  assert.equal(String((await once(client, 'data'))[0]), 'main');
  up = false;
  await once(client, 'close');
  await logs.find(/ b\/s1 .* DC /);
  const second = connect(port, '127.0.0.1');
  assert.equal(String((await once(second, 'data'))[0]), 'backup');
  up = true;
  await once(second, 'close');
  await logs.find(/ b\/s2 .* UC /);
});

test('an agent sets weight, drain, maintenance and health; its lines say so', async t => {
  const port = await freePort();
  const origin = await startHttpOrigin(t, 'one');
  let answer = 'up 50%';
  const agent = await startRawOrigin(t, socket => {
    socket.once('data', asked => socket.end(String(asked) === 'b/s1\n' ? `${answer}\n` : 'what?\n'));
  });
  const balancer = await startBalancer(
    t,
    `${DEFAULTS}
listen b
  bind 127.0.0.1:${port}
  server s1 ${origin.address} weight 100 agent-check agent-port ${agent.port} agent-inter 50ms agent-send "b/s1\\n"
`,
  );
  answer = 'down # disk full';
  assert.match(
    await said(balancer, 'b/s1 is DOWN'),
    /is DOWN, reason: Layer7 wrong status, code: 0, info: "via agent : down \(disk full\)", check duration: \d+ms\. 0 active/,
  );
  answer = 'up ready';
  assert.match(await said(balancer, 'b/s1 is UP'), /info: "via agent : up", check duration/);
  answer = 'drain';
  await said(balancer, 'Server b/s1 enters drain state. 0 active and 0 backup servers online.');
  answer = 'maint';
  await said(balancer, 'Server b/s1 is going DOWN for maintenance. 0 active and 0 backup servers left.');
  answer = 'ready';
  await said(balancer, 'Server b/s1 is UP/READY (leaving forced maintenance).');
});

test('a server that tracks another goes down and comes up with it', async t => {
  const port = await freePort();
  const origin = await startHttpOrigin(t, 'one');
  let up = true;
  const checked = await startRawOrigin(t, socket => (up ? socket.end('+PONG\r\n') : socket.destroy()));
  const balancer = await startBalancer(
    t,
    `${DEFAULTS}
listen b
  bind 127.0.0.1:${port}
  server s1 ${origin.address} track c/s2
backend c
  option redis-check
  server s2 ${origin.address} check port ${checked.port} inter 100ms rise 1 fall 1
`,
  );
  up = false;
  await said(balancer, 'c/s2 is DOWN, reason: ');
  await said(balancer, 'b/s1 is DOWN via c/s2. 0 active');
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 503/);
  up = true;
  await said(balancer, 'b/s1 is UP via c/s2. 1 active');
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200/);
});

test('a server in drain is up for srv_is_up and connslots, though not for nbsrv; one in maintenance is not', async t => {
  const port = await freePort();
  const folder = temporaryFolder(t);
  await startBalancer(
    t,
    `global
  stats socket ${folder}/socket level admin
${DEFAULTS}
listen b
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain lf-string "%[nbsrv] %[srv_is_up(s1)] %[connslots]"
  server s1 127.0.0.1:1 maxconn 5
`,
  );
  const told = async (): Promise<string | undefined> => (await exchangeRaw(port, GET)).split('\r\n\r\n')[1];
  assert.equal(await told(), '1 1 -1');
  assert.equal(await ask(`${folder}/socket`, 'set server b/s1 state drain'), '\n');
  assert.equal(await told(), '0 1 -1');
  assert.equal(await ask(`${folder}/socket`, 'set server b/s1 state maint'), '\n');
  assert.equal(await told(), '0 0 0');
});
