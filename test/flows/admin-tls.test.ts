/** Admin sockets that speak TLS: who may come in, what is said there, and certificates that are exchanged under them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTls, converse } from '../support/tls-client.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';

const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };

interface Sockets {
  readonly port: number;
  /** Beside it, in plain text. */
  readonly path: string;
  /** Of the first. */
  readonly certificate: string;
}

async function start(t: TestContext, words: string, maxconn = 10): Promise<Sockets> {
  const folder = temporaryFolder(t);
  const certificate = `${folder}/site.pem`;
  copyFileSync(tlsFile('rsa.pem'), certificate);
  const [port, path] = [await freePort(), `${folder}/admin.sock`];
  const text = `global
  stats maxconn ${maxconn}
  stats socket ipv4@127.0.0.1:${port} ssl crt ${certificate} ${words}
  stats socket ${path} level admin
defaults
  mode http
  timeout client 10s
frontend f
  bind 127.0.0.1:${await freePort()}
  http-request return status 200
`;
  await startBalancer(t, text, { ports: [port] });
  return { port, path, certificate };
}

test('commands are answered over TLS, one and many', async t => {
  const { port, path } = await start(t, 'level operator');
  const one = await converse(await connectTls(port), 'show info\n');
  assert.match(one, /^Name: /m);
  assert.equal(
    await converse(await connectTls(port), 'show stat typed\nnothing\n'),
    await ask(path, 'show stat typed'),
  );
  const talk = await connectTls(port);
  talk.write('prompt\n');
  assert.match(String((await once(talk, 'data'))[0]), /> $/);
  assert.match(await converse(talk, 'disable frontend f\nquit\n'), /Permission denied/);
});

test('nothing is said in plain text, nor to who has no certificate where one is required', async t => {
  const { port } = await start(t, `verify required ca-file ${tlsFile('ca.pem')} level admin`);
  assert.match(await converse(await connectTls(port, CLIENT), 'show info\n'), /^Name: /m);
  const refused = converse(await connectTls(port), 'show info\n').catch(() => '');
  assert.equal(await refused, '');
  const plain = connectPlain(port, '127.0.0.1').on('error', () => undefined);
  let said = '';
  plain.on('data', chunk => (said += chunk.toString('latin1')));
  plain.write('show info\n');
  await once(plain, 'close');
  assert.doesNotMatch(said, /Name/);
});

test('a handshake that comes to nothing gives its place up', async t => {
  const { port } = await start(t, 'level admin', 1);
  for (let round = 0; round < 3; round++) {
    const plain = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    plain.resume();
    if (round === 0) plain.end('no TLS');
    else if (round === 1) plain.end();
    else plain.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), () => plain.resetAndDestroy());
    await once(plain, 'close');
  }
  assert.match(await converse(await connectTls(port), 'show info\n'), /^Name: /m);
});

test('a certificate that a command exchanges is shown to the next client', async t => {
  const { port, path, certificate } = await start(t, 'level admin');
  const subject = async (): Promise<string | undefined> => {
    const socket = await connectTls(port);
    const shown = socket.getPeerX509Certificate()?.serialNumber;
    socket.destroy();
    return shown;
  };
  const before = await subject();
  const other = tlsText('second.crt') + tlsText('second.key');
  await ask(path, `set ssl cert ${certificate} <<\n${other}\n`);
  assert.match(await ask(path, `commit ssl cert ${certificate}`), /Success/);
  assert.notEqual(await subject(), before);
});

test('ciphers that OpenSSL does not know are told of', async t => {
  await assert.rejects(start(t, 'ciphers nonsense'), /unable to set SSL cipher list to 'nonsense'/);
});
