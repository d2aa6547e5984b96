/**
 * Lines that HAProxy 3.4 takes although something about them is wrong: they are taken here, too, and the owner is told.
 * Beside them lines of the same kind that it refuses.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfiguration } from '../../src/worker/start/load-configuration.ts';
import { tlsFile } from '../support/tls-material.ts';

const PLACES = {
  global: (line: string) => `global\n ${line}\n`,
  listen: (line: string) => `listen l\n mode http\n bind 127.0.0.1:18001\n server s 127.0.0.1:80\n ${line}\n`,
  bind: (line: string) => `listen l\n bind 127.0.0.1:18001 ${line}\n server s 127.0.0.1:80\n`,
  section: (line: string) => `${line}\nlisten l\n bind 127.0.0.1:18001\n server s 127.0.0.1:80\n`,
  server: (line: string) => `listen l\n bind 127.0.0.1:18001\n server s 127.0.0.1:80 ${line}\n`,
} as const;

type Row = readonly [place: keyof typeof PLACES, line: string, told: RegExp | 'refused' | 'silent'];

const SURPLUS = /argument 'more' is ignored/;
const SITE = `ssl crt ${tlsFile('rsa.pem')}`;
const LONGEST_NAME = 'a'.repeat(255);
const READ_AS_TEN = /'10k' is read as 10/;

const ROWS: readonly Row[] = [
  ['listen', 'stats realm Some more', SURPLUS],
  ['listen', 'stats uri /s more', SURPLUS],
  ['listen', 'log-tag web more', SURPLUS],
  ['listen', 'option redispatch 1 more', SURPLUS],
  ['listen', 'http-check comment first more', SURPLUS],
  ['listen', 'option dontlognull more', 'refused'],
  ['listen', 'timeout queue 5s more', 'refused'],
  ['global', 'hard-stop-after 30s more', SURPLUS],
  ['global', 'nbthread 2 more', 'refused'],
  ['listen', 'compression algo-req gzip more', /only 'gzip' counts, 'more' is ignored/],
  ['listen', 'maxconn 10k', READ_AS_TEN],
  ['listen', 'fullconn 10k', READ_AS_TEN],
  ['listen', 'max-keep-alive-queue 10k', 'refused'],
  ['listen', 'hash-balance-factor many', /'many' is read as 0/],
  ['listen', 'capture cookie id len 10k', READ_AS_TEN],
  ['bind', 'backlog 10k', READ_AS_TEN],
  ['bind', 'accept-netscaler-cip 0', 'refused'],
  ['server', 'weight 10k', READ_AS_TEN],
  ['server', 'weight 257k', 'refused'],
  ['server', 'maxconn 10k', READ_AS_TEN],
  ['server', 'check port 10k', READ_AS_TEN],
  ['server', 'rise many', 'refused'],
  ['global', 'maxconnrate 10k', READ_AS_TEN],
  ['global', 'maxconn 10k', 'refused'],
  ['global', 'tune.maxaccept 10k', READ_AS_TEN],
  ['global', 'tune.h2.max-frame-size 9k', 'refused'],
  ['listen', 'timeout queue 15min', /'15min' is read as '15m'/],
  ['listen', 'timeout queue 5minutes', /'5minutes' is read as '5m'/],
  ['listen', 'timeout queue 5weeks', 'refused'],
  ['listen', 'stats refresh 10sec', /'10sec' is read as '10s'/],
  ['listen', 'acl a path_beg -m str /x', /'path_beg' was overwritten/],
  ['listen', 'acl a method -m str GET', /'method' was overwritten/],
  ['listen', 'acl a path -m beg /x', 'silent'],
  ['listen', 'http-check send-state', 'silent'],
  ['section', 'resolvers r\n accepted_payload_size 12', 'silent'],
  ['section', 'resolvers r\n accepted_payload_size 11', 'refused'],
  ['listen', 'source 1234', 'silent'],
  ['server', 'source 127.1', 'silent'],
  ['server', 'source 1234567890123', 'refused'],
  ['bind', 'ktls on', 'refused'],
  ['server', 'ktls on', 'refused'],
  ['listen', 'http-request deny if { src,add(1) gt 1 }', 'refused'],
  ['listen', 'http-request deny if { var(txn.a),add(1) gt 1 }', 'silent'],
  ['listen', 'stick-table type integer size 1k\n stick on src', 'refused'],
  ['listen', 'http-check expect status 200', /without 'option httpchk'/],
  ['listen', 'http-check send uri /a\n http-check send uri /b', /without 'option httpchk'/],
  ['listen', 'option httpchk\n http-check send uri /a\n http-check send uri /b', 'refused'],
  ['listen', 'filter-sequence request slow', 'refused'],
  ['listen', 'balance sticky', 'silent'],
  ['server', 'ciphers NONE-SUCH', /unable to set SSL cipher list/],
  ['server', 'crt /none-such.pem', /unable to stat SSL certificate/],
  ['server', 'ssl verify none ciphers NONE-SUCH', 'refused'],
  ['server', 'check check-ssl verify none crt /none-such.pem', 'refused'],
  ['server', `ssl verify none alpn h2,${LONGEST_NAME}`, 'silent'],
  ['server', `ssl verify none alpn h2,${LONGEST_NAME}a`, 'refused'],
  ['server', `check check-alpn ${LONGEST_NAME}a`, 'refused'],
  ['bind', `${SITE} alpn h2,${LONGEST_NAME}`, 'silent'],
  ['bind', `${SITE} alpn h2,${LONGEST_NAME}a`, 'refused'],
  ['bind', `${SITE} ciphersuites TLS_AES_128_GCM_SHA256:NONE-SUCH`, 'silent'],
  ['bind', `${SITE} ciphersuites AES128-SHA`, 'refused'],
  ['server', 'ssl verify none ciphersuites TLS_AES_128_GCM_SHA256:NONE-SUCH', 'silent'],
  ['server', 'ssl verify none ciphersuites AES128-SHA', 'refused'],
  ['global', 'ssl-load-extra-files key ocsp', 'silent'],
  ['global', 'ssl-load-extra-files none key', 'refused'],
  ['global', 'ssl-load-extra-files ocsp all', 'refused'],
  ['section', 'backend b more', SURPLUS],
  ['section', 'backend b from nowhere', 'refused'],
  ['section', 'frontend f more', 'refused'],
  ['section', 'resolvers r more\n nameserver n 127.0.0.1:53', SURPLUS],
  ['section', 'resolvers r\n nameserver n 127.0.0.1:53\n hold valid 10s more', SURPLUS],
  ['section', 'resolvers r\n nameserver n 127.0.0.1:53\n resolve_retries 10k', READ_AS_TEN],
  ['section', 'userlist u more', 'refused'],
  ['section', 'mailers m\n mailer a 127.0.0.1:25 more', SURPLUS],
  ['section', 'ring r\n size 32768 more', SURPLUS],
  ['section', 'log-forward lf\n bind 127.0.0.1:18002\n maxconn 10k', READ_AS_TEN],
  ['section', 'log-profile lp\n on any', 'refused'],
  ['section', 'log-profile lp\n on any drop', 'silent'],
  ['global', 'expose-experimental-directives', /nothing in these files is experimental/],
  ['global', 'acme.scheduler off', 'silent'],
  ['global', 'cpu-policy performance', 'silent'],
  ['global', 'cpu-policy performance threads-per-core 1', 'silent'],
  ['global', 'cpu-policy fastest', 'refused'],
  ['global', 'cpu-affinity per-group loose', 'silent'],
  ['global', 'cpu-affinity per-core loose', 'refused'],
  ['global', 'thread-group 33', 'refused'],
  ['global', 'thread-hard-limit 1025', 'refused'],
];

const FRAME = 'defaults\n timeout connect 1s\n timeout server 1s\n timeout client 1s\n';

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lb-odd-lines-'));
});

after(() => rmSync(folder, { recursive: true }));

async function verdictOf(text: string): Promise<string> {
  const path = join(folder, 'x.cfg');
  writeFileSync(path, text);
  const { config, diagnostics } = await loadConfiguration([path]);
  if (config === undefined) return 'refused';
  const told = diagnostics.filter(({ severity }) => severity === 'warning');
  return told.length === 0 ? 'silent' : told.map(({ message }) => message).join('\n');
}

test('what HAProxy takes is taken and told of, what it refuses is refused', async () => {
  const wrong: string[] = [];
  for (const [place, line, told] of ROWS) {
    const rest = place === 'global' ? PLACES.listen('') : '';
    const verdict = await verdictOf(
      (place === 'global' ? PLACES.global(line) : '') + FRAME + (rest || PLACES[place](line)),
    );
    const isRight = typeof told === 'string' ? verdict === told : told.test(verdict);
    if (!isRight) wrong.push(`${place}: ${line}: ${verdict}`);
  }
  assert.deepEqual(wrong, []);
});

test('settings of checks do not drop rules that a section has taken over', async () => {
  const path = join(folder, 'checks.cfg');
  const rules = ' option httpchk\n http-check expect status 204\n';
  writeFileSync(path, `${FRAME}${rules}${PLACES.listen('http-check disable-on-404')}`);
  const { config } = await loadConfiguration([path]);
  const names = config?.proxies[0]?.check.httpCheck.map(([name]) => name?.text);
  assert.deepEqual(names, ['expect', 'disable-on-404']);
});

test('rules of its own leave a section the settings it has taken over', async () => {
  const path = join(folder, 'checks.cfg');
  const rules = ' option httpchk\n http-check disable-on-404\n http-check expect status 204\n';
  writeFileSync(path, `${FRAME}${rules}${PLACES.listen('http-check expect status 200')}`);
  const { config } = await loadConfiguration([path]);
  const names = config?.proxies[0]?.check.httpCheck.map(rule => rule.map(({ text }) => text).join(' '));
  assert.deepEqual(names, ['disable-on-404', 'expect status 200']);
});

test('TLS that a server cannot speak is forgotten where nobody speaks it', async () => {
  const path = join(folder, 'tls.cfg');
  writeFileSync(
    path,
    FRAME + PLACES.server('ciphers NONE-SUCH') + ' server good 127.0.0.1:80 ciphers HIGH verify none\n',
  );
  const { config } = await loadConfiguration([path]);
  assert.deepEqual(
    config?.proxies[0]?.servers.map(({ tls }) => tls?.ciphers),
    [undefined, 'HIGH'],
  );
});
