/** OCSP responses that the program fetches by itself, or by command, and staples from then on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { requiresOpenssl } from '../support/openssl.ts';
import { startHttpOrigin } from '../support/origin.ts';

/** The response that a client gets with the certificate; null: none. */
async function stapled(t: TestContext, port: number): Promise<Buffer | null> {
  const options = { port, host: '127.0.0.1', requestOCSP: true, rejectUnauthorized: false };
  const socket = connect(options as ConnectionOptions);
  t.after(() => socket.destroy());
  const [response] = (await once(socket, 'OCSPResponse', { signal: AbortSignal.timeout(60_000) })) as [
    Buffer | null,
  ];
  socket.destroy();
  return response;
}

test('a response is fetched at the start, stapled by all threads, and fetched again on command', async t => {
  if (!requiresOpenssl(t)) return;
  const authority = new Authority(t);
  let isBroken = false;
  const answers: Buffer[] = [];
  const responder = await startHttpOrigin(t, 'responder', (request, response) => {
    if (isBroken) return void response.writeHead(500).end('broken');
    const asked = Buffer.from(decodeURIComponent(request.url?.split('/').at(-1) ?? ''), 'base64');
    const answer = authority.respond(asked);
    answers.push(answer);
    response.setHeader('Content-Type', 'application/ocsp-response').end(answer);
  });
  const { file } = authority.issue({
    name: 'a.example',
    extensions: `authorityInfoAccess=OCSP;URI:http://responder.example:${responder.port}`,
  });
  writeFileSync(`${file}.issuer`, authority.pem);
  writeFileSync(`${authority.folder}/list`, `${file} [ocsp-update on]\n`);
  const dns = await startDnsServer(t, () => ({ records: [{ type: 'A', data: '127.0.0.1' }] }));
  const port = await freePort();
  const admin = `${authority.folder}/admin.sock`;
  const log = await startLogReceiver(t);
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${admin} level admin
  log 127.0.0.1:${log.port} local0
  httpclient.resolvers.id own
  httpclient.resolvers.prefer ipv4
resolvers own
  nameserver n 127.0.0.1:${dns.port}
defaults
  mode http
  timeout client 20s
frontend f
  bind 127.0.0.1:${port} ssl crt-list ${authority.folder}/list
`,
    { ports: [port] },
  );
  await log.find(/^<133>.*<OCSP-UPDATE> \S+\.pem 1 "Update successful" 0 1$/m);
  // more connections than threads
  for (let i = 0; i < 6; i++) assert.deepEqual(await stapled(t, port), answers[0]);
  const row = async (): Promise<readonly string[]> => {
    const [, line = ''] = (await ask(admin, 'show ssl ocsp-updates')).split('\n');
    return line.split(' | ');
  };
  const date = /^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/;
  const [key = '', name, next = '', last = '', ...counts] = await row();
  assert.match(key, /^30[0-9a-f]{2}3009/);
  assert.equal(name, file);
  assert.match(next, date);
  assert.match(last, date);
  assert.deepEqual(counts, ['1', '0', '1', 'Update successful']);

  assert.match(
    await ask(admin, `update ssl ocsp-response ${file}`),
    /^OCSP Response Data:[^]*Cert Status: good/,
  );
  assert.equal(answers.length, 2);
  assert.deepEqual(await stapled(t, port), answers[1]);
  isBroken = true;
  assert.match(
    await ask(admin, `update ssl ocsp-response ${file}`),
    /^OCSP update failed: HTTP error \(500 Internal Server Error\)/,
  );
  await log.find(/^<133>.*<OCSP-UPDATE> \S+ 2 "HTTP error" 1 2$/m);
  await log.find(
    /<OCSP-UPDATE> -\/- 0\/0\/\d+\/\d+\/\d+ 500 6 - - ---- .* "GET http:\/\/responder\.example:\d+\/MF/,
  );
  assert.deepEqual((await row()).slice(4), ['2', '1', '2', 'HTTP error']);
  assert.deepEqual(await stapled(t, port), answers[1], 'the old one stays');
  assert.match(
    await ask(admin, 'update ssl ocsp-response nothing'),
    /^Unknown certificate! .*\nCan't send ocsp request for nothing!/,
  );
});
