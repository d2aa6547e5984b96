/** Certificates exchanged over the admin socket while clients are served. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';

async function dial(t: TestContext, port: number, servername: string): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  // the balancer may end first
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(60_000) });
  return socket;
}

const subject = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN;

async function statusOver(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  return bytes.toString('latin1').slice(9, 12);
}

test('all threads serve a certificate once it is committed, open connections keep theirs', async t => {
  const folder = temporaryFolder(t);
  const pem = `${folder}/site.pem`;
  copyFileSync(tlsFile('rsa.pem'), pem);
  writeFileSync(`${folder}/list`, `${pem}\n`);
  const port = await freePort();
  const admin = `${folder}/admin.sock`;
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${admin} level admin
defaults
  mode http
  timeout client 20s
frontend f
  bind 127.0.0.1:${port} ssl crt-list ${folder}/list
  http-request return status 204
`,
    { ports: [port] },
  );
  const before = await dial(t, port, 'www.example');
  assert.equal(subject(before), 'www.example');
  assert.match(
    await ask(admin, `set ssl cert ${pem} <<\n${tlsText('client.pem')}\n`),
    /^Transaction created/,
  );
  assert.match(await ask(admin, `show ssl cert *${pem}`), /^Filename: \*.*\n(?:.*\n)*Status: Uncommitted\n/);
  assert.match(await ask(admin, 'show ssl cert'), /^# transaction\n\*.*site\.pem\n# filename\n.*site\.pem\n/);
  assert.equal(subject(await dial(t, port, 'www.example')), 'www.example', 'staged only');
  assert.equal(await ask(admin, `commit ssl cert ${pem}`), `Committing ${pem}.\nSuccess!\n\n`);
  // more connections than threads: each has been asked
  for (let i = 0; i < 6; i++) assert.equal(subject(await dial(t, port, 'www.example')), 'client');
  assert.equal(await statusOver(before), '204', 'it goes on');
  assert.match(
    await ask(admin, `show ssl cert ${pem}`),
    /\nStatus: Used\n(?:.*\n)*Subject: \/C=FR\/O=Example\/CN=client\n/,
  );

  await ask(admin, 'new ssl ca-file none');
  assert.equal(await ask(admin, 'show ssl ca-file none'), '\n');
  assert.equal(await ask(admin, 'show ssl ca-file none:1'), '\n');
  await ask(admin, 'new ssl cert second');
  await ask(admin, `set ssl cert second <<\n${tlsText('second.crt')}${tlsText('second.key')}\n`);
  assert.equal(await ask(admin, 'commit ssl cert second'), 'Committing second\nSuccess!\n\n');
  for (const [options, why] of [
    ['verify required', 'verify is enabled but no CA file specified'],
    ['ciphers NONE', "unable to set SSL cipher list to 'NONE'"],
    ['ssl-min-ver TLSv1.3 ssl-max-ver TLSv1.2', 'all SSL/TLS versions are disabled'],
  ])
    assert.match(
      await ask(admin, `add ssl crt-list ${folder}/list <<\nsecond [${options}] *.other\n`),
      new RegExp(`list'\\.\nProxy 'f': ${why} for bind '127.0.0.1:${port}' at \\[.*:8\\]\\.\nFailed!`),
    );
  assert.match(
    await ask(admin, `add ssl crt-list ${folder}/list <<\nsecond [alpn http/1.1] *.other\n`),
    /\.\nSuccess!/,
  );
  assert.equal(subject(await dial(t, port, 'a.other')), 'second.example');
  assert.equal(
    await ask(admin, `show ssl crt-list -n ${folder}/list`),
    `# ${folder}/list\n${pem}:1\nsecond:2 [alpn http/1.1] *.other\n\n`,
  );
  assert.match(await ask(admin, 'show ssl sni'), /\n\S+\t\*\.other\t-\trsa\tsecond\tJan {2}1 [^\t]+\tJan/);
  await ask(admin, `del ssl crt-list ${folder}/list second`);
  assert.equal(subject(await dial(t, port, 'a.other')), 'client', 'the default');
});
