/** Providers of OpenSSL that a configuration loads, and which algorithms are taken of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { requestTls } from '../support/tls-client.ts';
import { tlsFile } from '../support/tls-material.ts';

test('providers are loaded in the order of their lines and shown, and their algorithms can be used', async t => {
  const path = join(temporaryFolder(t), 'admin.sock');
  const port = await freePort();
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${path} level admin
  ssl-provider-path /nosuch
  ssl-provider legacy
  ssl-provider base
  ssl-propquery ?provider=default
defaults
  mode http
  timeout client 20s
frontend f
  bind 127.0.0.1:${port} ssl crt ${tlsFile('rsa.pem')}
  http-request return status 200 content-type text/plain lf-string "%[str(a),digest(md4),hex,lower] %[str(a),digest(md5),hex,lower]"
`,
  );
  const shown = (await ask(path, 'show ssl providers')).trim().split('\n');
  assert.equal(shown[0], 'Loaded providers : ');
  assert.deepEqual(shown.slice(1).sort(), ['\t- base', '\t- default', '\t- legacy']);
  const { body } = await requestTls(port);
  const md5 = createHash('md5').update('a').digest('hex');
  assert.equal(body, `bde52cb31de33e46245e05fbdbd6fb24 ${md5}`);
});

test('what is no provider, and properties without which nothing works, are refused by line', t => {
  const file = join(temporaryFolder(t), 'a.cfg');
  const said = (line: string): string => {
    writeFileSync(
      file,
      `global\n  ${line}\nfrontend f\n  mode http\n  timeout client 1s\n  bind 127.0.0.1:1\n`,
    );
    const { status, stderr } = spawnSync(LB, ['-c', '-f', file], { encoding: 'utf8' });
    assert.equal(status, 1, stderr);
    return stderr;
  };
  assert.match(
    said('ssl-provider nosuch'),
    /:2\] : 'ssl-provider' : unknown provider 'nosuch' \(could not load/,
  );
  assert.match(
    said('ssl-propquery foo=='),
    /:2\] : 'ssl-propquery' : 'foo==' cannot be used: trailing characters/,
  );
  assert.match(
    said('ssl-propquery provider=nosuch'),
    /:2\] : 'ssl-propquery' : 'provider=nosuch' cannot be used: there is no CTR-DRBG then: unsupported/,
  );
});
