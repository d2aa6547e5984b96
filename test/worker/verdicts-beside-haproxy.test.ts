/**
 * Lines that a configuration must be refused for, or told of, only when it is loaded as a whole: the verdict of each
 * stands beside it, and HAProxy's is the same. Only what HAProxy 2.6 and 3.4 judge alike.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfiguration } from '../../src/worker/start/load-configuration.ts';
import { requires } from '../support/requirement.ts';
import { tlsFile } from '../support/tls-material.ts';

type Verdict = 'fine' | 'told' | 'refused';

const TIMEOUTS = ' timeout connect 1s\n timeout server 1s\n timeout client 1s\n';

/** Where a line stands: a frontend, a server, a `bind` line that goes on, a whole backend, the section `global`. */
const PLACES = {
  frontend: (line: string) => `frontend f\n mode http\n timeout client 1s\n bind 127.0.0.1:18001\n ${line}\n`,
  tcp: (line: string) => `backend b\n mode tcp\n ${line}\n server s 127.0.0.1:80\n`,
  backend: (line: string) => `backend b\n mode http\n ${line}\n server s 127.0.0.1:80\n`,
  defaults: (line: string) =>
    `defaults d\n mode http\n${TIMEOUTS} ${line}\nbackend b from d\n server s 127.0.0.1:80\n`,
  bind: (line: string) => `frontend f\n mode http\n timeout client 1s\n bind 127.0.0.1:18001 ${line}\n`,
  'tcp bind': (line: string) => `frontend f\n mode tcp\n timeout client 1s\n bind 127.0.0.1:18001 ${line}\n`,
  server: (line: string) =>
    `backend b\n mode http\n server s0 127.0.0.1:80\n server s 127.0.0.1:80 ${line}\n`,
  'default-server': (line: string) => `backend b\n default-server ${line}\n server s 127.0.0.1:80\n`,
  global: (line: string) => `global\n ${line}\n`,
} as const;

const ROWS: readonly (readonly [place: keyof typeof PLACES, line: string, verdict: Verdict])[] = [
  ['backend', 'source 127.0.0.1:1024-2048', 'refused'],
  ['backend', 'source 127.0.0.1:1024', 'fine'],
  ['server', 'source 127.0.0.1:1024-2048', 'fine'],
  ['tcp', 'source 0.0.0.0 usesrc hdr_ip(x-client)', 'told'],
  ['backend', 'source 0.0.0.0 usesrc hdr_ip(x-client,-1)', 'fine'],
  ['backend', 'errorfiles pages 503', 'fine'],
  ['backend', 'errorfiles pages 404', 'told'],
  ['defaults', 'acl a nosuch 1', 'refused'],
  ['defaults', 'acl a src 127.0.0.1', 'fine'],
  ['backend', 'no option accept-invalid-http-response', 'fine'],
  ['bind', 'thread 1', 'fine'],
  ['bind', 'thread 1-3', 'fine'],
  ['bind', 'thread 3', 'refused'],
  ['bind', 'thread 2/1', 'refused'],
  ['bind', 'backlog 0', 'fine'],
  ['bind', 'proto h1', 'fine'],
  ['bind', 'proto none', 'refused'],
  ['tcp bind', 'proto none', 'fine'],
  ['tcp bind', 'proto h1', 'refused'],
  ['tcp bind', 'proto h2', 'refused'],
  ['bind', 'ssl crt PEM force-sslv3', 'refused'],
  ['bind', 'ssl crt PEM force-tlsv12', 'fine'],
  ['bind', 'ssl crt PEM verify required', 'refused'],
  ['bind', 'ssl crt PEM verify optional ca-file PEM', 'fine'],
  ['bind', 'ssl crt PEM ca-ignore-err all', 'fine'],
  ['bind', 'ssl crt PEM ca-ignore-err 10,11', 'fine'],
  ['bind', 'ssl crt PEM crt-ignore-err 0', 'refused'],
  ['bind', 'ssl crt PEM crt-ignore-err expired', 'refused'],
  ['server', 'resolve-prefer ipv6', 'fine'],
  ['server', 'resolve-prefer ipv5', 'refused'],
  ['server', 'resolve-net 10.0.0.0/8,192.0.2.0/24', 'fine'],
  ['server', 'resolve-net 10.0.0.0/33', 'refused'],
  ['server', 'resolve-opts allow-dup-ip,ignore-weight', 'fine'],
  ['server', 'resolve-opts allow-dup', 'refused'],
  ['server', 'init-addr last,libc,127.0.0.1', 'fine'],
  ['server', 'init-addr 127.0.0.1:80', 'refused'],
  ['server', 'check addr localhost', 'fine'],
  ['server', 'sni str(x)', 'fine'],
  ['server', 'sni nosuch', 'refused'],
  ['server', 'track s', 'refused'],
  ['server', 'track s0', 'refused'],
  ['server', 'check-proto h2', 'fine'],
  ['server', 'check check-proto h2', 'refused'],
  ['server', 'tfo', 'told'],
  ['default-server', 'no-sslv3', 'fine'],
  ['global', 'tune.h2.header-table-size 4095', 'refused'],
  ['global', 'tune.h2.header-table-size 65536', 'fine'],
  ['global', 'httpclient.ssl.ca-file /nosuch', 'refused'],
];

const FRAME = `defaults
 mode http
${TIMEOUTS}http-errors pages
 errorfile 503 /dev/null
listen main
 bind 127.0.0.1:18000
 server s 127.0.0.1:80
`;

const CERTIFICATE = tlsFile('ecdsa.pem');

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lb-verdicts-'));
});

after(() => rmSync(folder, { recursive: true }));

function write([place, line]: (typeof ROWS)[number], index: number): string {
  const path = join(folder, `${index}.cfg`);
  // authorities of the system are not needed, and take their time
  const global = place === 'global' ? '' : 'global\n nbthread 2\n httpclient.ssl.verify none\n';
  writeFileSync(path, global + FRAME + PLACES[place](line.replaceAll('PEM', CERTIFICATE)));
  return path;
}

async function ours(path: string): Promise<Verdict> {
  const { config, diagnostics } = await loadConfiguration([path]);
  if (config === undefined) return 'refused';
  const told = diagnostics.some(
    ({ severity, message }) => severity === 'warning' && !message.includes('deprecated'),
  );
  return told ? 'told' : 'fine';
}

function theirs(path: string): Promise<Verdict> {
  return new Promise(done =>
    execFile('haproxy', ['-c', '-f', path], (error, _output, said) =>
      done(error !== null ? 'refused' : said.includes('[WARNING]') ? 'told' : 'fine'),
    ),
  );
}

async function wrongOf(judge: (path: string) => Promise<Verdict>): Promise<readonly string[]> {
  const verdicts = await Promise.all(ROWS.map((row, index) => judge(write(row, index))));
  return ROWS.flatMap(([place, line, verdict], index) =>
    verdicts[index] === verdict ? [] : [`${place}: ${line}: ${verdicts[index]}, not ${verdict}`],
  );
}

test('lines are refused and told of as they should be', async () => {
  assert.deepEqual(await wrongOf(ours), []);
});

test('HAProxy says the same of them', async t => {
  if (!requires(t, 'haproxy')) return;
  assert.deepEqual(await wrongOf(theirs), []);
});
