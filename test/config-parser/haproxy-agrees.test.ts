/**
 * The language against the real program: each text is accepted or refused by both. Only what HAProxy 2.6 and 3.4
 * judge alike stands here; where this program is kinder (a last line without LF) nothing does.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import { requires } from '../support/requirement.ts';

/** A proxy, so that there is something to load. */
const PROXY =
  'listen l\n bind 127.0.0.1:18080\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n';

const TEXTS: readonly string[] = [
  '',
  'global\n description a\\ b "c d" \'e f\' #x\n',
  'global\n description "unmatched\n',
  "global\n description 'unmatched\n",
  'global\n description \\xZZ\n',
  'global\n description \\x41\n',
  'global\n description "${NAME}" "${GONE-default}" $NAME\n',
  'global\n description "${NAME"\n',
  'global\n description "$1"\n',
  'global\n description a\\\n',
  'global\n description "a\\$b" \\$c\n',
  'global#comment\n daemon#comment\n',
  'global\r\n description a\r\n',
  'global\n setenv A 1\n.if streq("$A",1)\n description x\n.else\n nonsense\n.endif\n',
  'global\n presetenv A 1\n unsetenv A\n.if defined(A)\n nonsense\n.endif\n',
  'global\n setenv A\n',
  '.if 0\nnonsense\n.elif 1\n.else\nnonsense\n.endif\n',
  '.if 1\n',
  '.endif\n',
  '.else\n',
  '.if 1\n.else\n.else\n.endif\n',
  '.if foo(\n.endif\n',
  '.if streq(a)\n.endif\n',
  '.if 1 1\n.endif\n',
  '.if !0 && (1 || 0)\n.endif\n',
  '.if feature(OPENSSL) && !feature(NOSUCH)\n.endif\n',
  '.if version_atleast(2.0) && version_before(9.0)\n.notice "fine"\n.endif\n',
  '.alert "no"\n',
  '.warning "yes"\n',
  '.nosuch\n',
  'nonsense\n',
  'global\n nonsense\n',
  'global x\n',
  'global\n maxconn 10\n maxconn 20\n',
  'global\n maxconn 1 2\n',
  'global\n no busy-polling\n no maxconn 5\n',
  'global\n spread-checks 51\n',
  'global\n user nosuchuser\n',
  'global\n uid x\n',
  'global\n stats timeout 1.5s\n',
  'global\n tune.bufsize 16k\n tune.http.maxhdr 0\n',
  'global\n tune.bufsize 0\n',
  'resolvers r\n nameserver n 127.0.0.1\n',
  'resolvers r\n nameserver n tcp@127.0.0.1\n',
  'resolvers r\n nameserver n 127.0.0.1:53\n',
  'frontend f\n mode http\n bind :18081\n timeout client 1s\n filter bwlim-in one default-limit 1k default-period 0\n',
  'frontend f\n mode http\n bind :18081\n timeout client 1s\n filter bwlim-in one default-limit 0 default-period 1s\n',
  'backend b\n mode tcp\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:80 check observe layer7\n',
  'global\n log 127.0.0.1 local0 info\n log stdout format raw local0\n',
  'global\n log 127.0.0.1 nosuch\n',
  'global\n node a/b\n',
  'global\n ssl-default-bind-options no-such\n',
  'global\n ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets\n',
  'global\n h1-case-adjust host Host\n',
  'global\n h1-case-adjust host Guest\n',
  'global\n h1-case-adjust host Host\n h1-case-adjust host HOST\n',
  'userlist u\n group g users a\n user a insecure-password x\n',
  'userlist u\n group g users nobody\n',
  'userlist u\n user a groups nogroup\n',
  'userlist u\n user a insecure-password x\n user a insecure-password y\n',
  'userlist\n',
  'userlist a/b\n',
  'resolvers r\n nameserver a 10.0.0.1:53\n hold valid 10s\n timeout resolve 1s\n',
  'resolvers r\n nameserver a 10.0.0.1:53\n nameserver a 10.0.0.2:53\n',
  'resolvers r\n hold never 1s\n',
  'cache c\n total-max-size 5\n max-age 10\n',
  'cache c\n total-max-size x\n',
  'cache c\n nosuch 1\n',
  'ring r\n size 32768\n format rfc3164\n',
  'ring r\n nosuch\n',
  'http-errors e\n errorfile 404 /nosuch\n',
  'defaults d\n mode http\nbackend b from d\n server s 127.0.0.1:1\n',
  'backend b from nosuch\n',
  'defaults a b c\n',
  'frontend f\n bind 127.0.0.1:18081\n default_backend nosuch\n',
  'frontend f\n bind 127.0.0.1:18081\n use_backend nosuch if TRUE\n',
  'frontend f\n bind 127.0.0.1:18081\n http-request deny if nosuch\n',
  'frontend\n',
  'backend a/b\n',
  'backend b\nbackend b\n',
  'backend b\n server s 127.0.0.1\n server t 127.0.0.1 check\n',
  'backend b\n server s 127.0.0.1:1\n server s 127.0.0.1:2\n',
  'backend b\n server s 127.0.0.1:1 track nosuch\n',
  'backend b\n use-server nosuch if TRUE\n',
  'frontend f\n mode http\n bind 127.0.0.1:18081\n default_backend t\nbackend t\n mode tcp\n server s 127.0.0.1:1\n',
  'frontend f\n mode http\n bind 127.0.0.1:18081\n timeout client 1.5s\n',
  'frontend f\n bind 127.0.0.1:99999\n',
  'frontend f\n bind 127.0.0.1:18090-18080\n',
  'frontend f\n bind 127.0.0.1\n',
  'frontend f\n option nosuch\n',
  `global\n description ${Array.from({ length: 80 }, () => 'w').join(' ')}\n`,
];

const ENVIRONMENT = { NAME: 'value', PATH: process.env['PATH'] };

function ours(text: string): boolean {
  const accounts = { text: 'root:x:0:0::/:/bin/sh\n' };
  const { config } = parseConfig([{ path: 'x.cfg', text }], {
    environment: ENVIRONMENT,
    readFile: path => (path.startsWith('/etc/') ? accounts : { error: 'No such file or directory' }),
  });
  return config !== undefined;
}

test('what HAProxy accepts is accepted, what it refuses is refused', t => {
  if (!requires(t, 'haproxy')) return;
  const folder = mkdtempSync(join(tmpdir(), 'lb-language-'));
  const file = join(folder, 'x.cfg');
  const differences: string[] = [];
  for (const start of TEXTS) {
    const text = start + PROXY;
    writeFileSync(file, text);
    const theirs = spawnSync('haproxy', ['-c', '-f', file], { env: ENVIRONMENT, encoding: 'utf8' });
    if ((theirs.status === 0) !== ours(text)) differences.push(`${start}\n${theirs.stderr}`);
  }
  rmSync(folder, { recursive: true });
  assert.deepEqual(differences, []);
});
