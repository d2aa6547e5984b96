/** PROXY headers through two instances of the program: what one says, the other can ask for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function startPair(t: TestContext, words: string, answer: string, socket?: string): Promise<number> {
  const [front, back] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen sender
  bind 127.0.0.1:${front}${socket === undefined ? '' : `\n  bind unix@${socket}`}
  unique-id-format id-%[req.hdr(in)]
  server s 127.0.0.1:${back} send-proxy-v2 ${words}
listen receiver
  bind 127.0.0.1:${back} accept-proxy
  http-request return status 200 hdr seen "${answer}"
`,
  );
  return front;
}

function request(name: string): string {
  return `GET / HTTP/1.1\r\nHost: a\r\nin: ${name}\r\n\r\n`;
}

function seen(head: string): string | undefined {
  return /^seen: (.*?)\r?$/m.exec(head)?.[1];
}

test('set-proxy-v2-tlv-fmt adds TLVs with the value of an expression, and empty ones', async t => {
  const port = await startPair(
    t,
    'set-proxy-v2-tlv-fmt(0xE1) <%[req.hdr(in)]> set-proxy-v2-tlv-fmt(226)',
    '%[fc_pp_tlv(0xE1)] %[fc_pp_tlv(226),length] %[src]',
  );
  const client = await KeepAliveClient.open(port);
  assert.equal(seen((await client.request(request('one'))).head), '<one> 0 127.0.0.1');
  client.close();
});

test('clients of a unix socket have no address, but everything else is told of them', async t => {
  const socket = join(temporaryFolder(t), 'in');
  const words = 'set-proxy-v2-tlv-fmt(0xE1) <%[req.hdr(in)]> proxy-v2-options crc32c,unique-id,ssl';
  const asked =
    '%[fc_pp_tlv(0xE1)] %[fc_pp_unique_id] %[fc_pp_tlv(CRC32C),length] %[fc_pp_tlv(SSL),length] %[src]';
  await startPair(t, words, asked, socket);
  const client = connect(socket);
  const [answer] = (await once(client.end(request('one')), 'data')) as [Buffer];
  assert.equal(seen(answer.toString()), '<one> id-one 4 5 127.0.0.1');
  client.destroy();
});

test('a connection whose PROXY header would not be true for the next request is not used for it', async t => {
  const port = await startPair(t, 'proxy-v2-options unique-id', '%[fc_pp_unique_id] %[src_port]');
  const client = await KeepAliveClient.open(port);
  const source = client.socket.localPort;
  for (const name of ['one', 'two', 'two'])
    assert.equal(seen((await client.request(request(name))).head), `id-${name} ${source}`);
  client.close();
});

/** The first PROXY header a check of a server with send-proxy-v2 begins with. */
async function headerOfCheck(t: TestContext, global: string): Promise<Buffer> {
  let tell: (header: Buffer) => void;
  const told = new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no check came in 10 s')), 10_000);
    tell = header => {
      clearTimeout(timer);
      resolve(header);
    };
  });
  const origin = await startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    socket.on('data', chunk => tell(chunk));
  });
  await startBalancer(
    t,
    `${global}
defaults
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${await freePort()}
  server s ${origin.address} check inter 200 send-proxy-v2
`,
  );
  return told;
}

test('checks say LOCAL in version 2, but name their own connection with pp2-never-send-local', async t => {
  const command = 12;
  assert.equal((await headerOfCheck(t, ''))[command], 0x20);
  const header = await headerOfCheck(t, 'global\n  pp2-never-send-local\n');
  assert.equal(header[command], 0x21);
  assert.deepEqual([...header.subarray(16, 24)], [127, 0, 0, 1, 127, 0, 0, 1]);
});
