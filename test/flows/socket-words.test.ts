/** Words about sockets and what stands in front of the first byte, through the running program. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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
  const folder = temporaryFolder(t);
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

test('buffers of connections to servers are as long as tune.rcvbuf.server and its like say', async t => {
  if (!requires(t, 'ss')) return;
  const origin = await startHttpOrigin(t, 's');
  for (const engine of ['auto', 'node']) {
    const port = await freePort();
    const tuning =
      '  tune.rcvbuf.server 30000\n  tune.sndbuf.server 20000\n  tune.notsent-lowat.server 15000\n';
    await startBalancer(
      t,
      `global\n  tune.engine ${engine}\n${tuning}${DEFAULTS}listen l\n  bind 127.0.0.1:${port}\n  server s ${origin.address}\n`,
    );
    const client = await KeepAliveClient.open(port);
    assert.equal((await client.request('GET / HTTP/1.1\r\nHost: x\r\n\r\n')).status, 200);
    const shown = execFileSync('ss', ['-tnmi', 'state', 'established', `dport = :${origin.port}`], {
      encoding: 'utf8',
      timeout: 5000,
    });
    // the kernel counts its own overhead in: twice what was asked for
    assert.match(shown, /rb60000,/, engine);
    assert.match(shown, /tb40000,/, engine);
    client.close();
  }
});

test('a listener with `thread` is served by these threads alone', async t => {
  const [first, second] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `global\n  nbthread 2\n${DEFAULTS}frontend f
  bind 127.0.0.1:${first} thread 1/1
  bind 127.0.0.1:${second} thread even,7
  http-request return status 200 content-type text/plain lf-string "thread %[thread]"
`,
  );
  for (let round = 0; round < 8; round++) {
    assert.match(await exchangeRaw(first, GET), /\r\n\r\nthread 0$/);
    assert.match(await exchangeRaw(second, GET), /\r\n\r\nthread 1$/);
  }
});

test('a listener whose threads do not exist is refused', async t => {
  const port = await freePort();
  const config = `global\n  nbthread 2\n${DEFAULTS}frontend f\n  bind 127.0.0.1:${port} thread 3-4\n`;
  await assert.rejects(startBalancer(t, config), /contains no thread that is started/);
});

test('a server with strict-maxconn keeps no connection beyond a request, whoever the client is', async t => {
  let open = 0;
  let total = 0;
  let emptied = (): void => undefined;
  const origin = await startRawOrigin(t, socket => {
    total++;
    open++;
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      if (--open === 0) emptied();
    });
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  for (const reuse of ['never', 'always']) {
    const port = await freePort();
    await startBalancer(
      t,
      `${DEFAULTS}  timeout queue 5s\nlisten l
  bind 127.0.0.1:${port}
  http-reuse ${reuse}
  server s ${origin.address} maxconn 3 strict-maxconn
`,
    );
    total = 0;
    const clients = await Promise.all(Array.from({ length: 8 }, () => KeepAliveClient.open(port)));
    for (let round = 0; round < 5; round++) {
      const none = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${open} connections stay open`)), 10_000);
        emptied = () => {
          if (total < 8 * (round + 1)) return;
          clearTimeout(timer);
          resolve();
        };
      });
      const answers = clients.map(client => client.request('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200);
      await none;
    }
    for (const client of clients) client.close();
    assert.equal(total, 40, reuse);
  }
});

test('clients with a privileged port are closed where harden.reject-privileged-ports.tcp is on', async t => {
  if (!requires(t, 'root')) return;
  for (const [word, answer] of [
    ['on', /^$/],
    ['off', /^HTTP\/1\.1 204/],
  ] as const) {
    const port = await freePort();
    await startBalancer(
      t,
      `global\n  harden.reject-privileged-ports.tcp ${word}\n${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  http-request return status 204\n`,
    );
    assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 204/);
    assert.match(await exchangeFromPrivilegedPort(port), answer);
  }
});

/** What comes back to a client of a port below 1024, empty when it is turned away. */
async function exchangeFromPrivilegedPort(port: number): Promise<string> {
  for (let localPort = 1023; localPort > 900; localPort--) {
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1', localPort });
    socket.setEncoding('latin1');
    socket.setTimeout(30_000, () => socket.destroy(new Error('nothing came in 30 s')));
    let answer = '';
    socket.on('data', (text: string) => (answer += text));
    const ended = new Promise<string | undefined>(resolve => {
      socket.on('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL' ? undefined : answer),
      );
      socket.on('close', () => resolve(answer));
    });
    socket.write(GET);
    const seen = await ended;
    socket.destroy();
    if (seen !== undefined) return seen;
  }
  throw new Error('no privileged port is free');
}

test('connections to peers are made as the lines of peers say', async t => {
  if (!requires(t, 'ss')) return;
  const [own, other] = await freePorts(2);
  const connected = new Promise<void>(done => {
    const peer = createServer(socket => {
      done();
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
    }).listen(other, '127.0.0.1');
    t.after(() => peer.close());
  });
  await startBalancer(
    t,
    `global\n  localpeer a\n${DEFAULTS}peers p
  bind 127.0.0.1:${own}
  default-server cc reno tcp-ut 12345ms
  server a
  server b 127.0.0.1:${other} source 127.0.0.9 tfo
`,
    { ports: [own as number] },
  );
  await connected;
  const shown = execFileSync('ss', ['-tni', 'state', 'established', `dport = :${other}`], {
    encoding: 'utf8',
    timeout: 5000,
  });
  assert.match(shown, /127\.0\.0\.9:\d+ /);
  assert.match(shown, /reno/);
});
