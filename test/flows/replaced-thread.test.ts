/**
 * A data thread that takes the place of one that failed starts from the state of now: what clients meet is what commands
 * have made of the configuration, not what the file says.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTls } from '../support/tls-client.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';
import { until } from '../support/until.ts';

const SERVERS = ['one', 'two', 'three', 'moved', 'added', 'extra'] as const;

interface Started {
  readonly ports: Record<'web' | 'tls' | 'paused' | 'closed', number>;
  readonly addresses: Record<(typeof SERVERS)[number], string>;
  readonly pem: string;
  readonly tell: (lines: string) => Promise<string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** The only thread fails, and another one is there. */
  readonly replace: () => Promise<void>;
}

async function start(t: TestContext): Promise<Started> {
  const entries = SERVERS.map(
    async name =>
      [
        name,
        (await startHttpOrigin(t, name, (_request, response) => void response.end(name))).address,
      ] as const,
  );
  const addresses = Object.fromEntries(await Promise.all(entries)) as Started['addresses'];
  const ports = {
    web: await freePort(),
    tls: await freePort(),
    paused: await freePort(),
    closed: await freePort(),
  };
  const folder = temporaryFolder(t);
  const pem = join(folder, 'site.pem');
  const path = join(folder, 'admin.sock');
  const trigger = join(folder, 'trigger');
  copyFileSync(tlsFile('rsa.pem'), pem);
  const balancer = await startBalancer(
    t,
    `global
  nbthread 1
  stats socket ${path} level admin
  set-var proc.word str(file)
  grace 10m
defaults h
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${ports.web}
  http-request return status 200 hdr x-map %[str(a),map(virt@names,none)] hdr x-word %[var(proc.word)] hdr x-stopping %[stopping] if { path /facts }
  http-request deny if { src -f virt@refused } { path /refused }
  http-response set-header x-work %[cpu_calls,bool]
  use_backend %[req.hdr(be)] if { req.hdr(be) -m found }
  default_backend app
frontend tls
  bind 127.0.0.1:${ports.tls} ssl crt ${pem}
  http-request return status 204
frontend paused
  bind 127.0.0.1:${ports.paused}
  http-request return status 204
frontend closed
  bind 127.0.0.1:${ports.closed}
  http-request return status 204
backend app
  balance roundrobin
  server one ${addresses.one}
  server two ${addresses.two}
  server three ${addresses.three}
`,
    {
      env: {
        NODE_OPTIONS: `--require ${resolve('test/support/thread-failure.cjs')}`,
        LB_TEST_FAIL_THREAD: trigger,
      },
    },
  );
  let threads = 1;
  return {
    ports,
    addresses,
    pem,
    tell: lines => ask(path, lines),
    signal: name => void balancer.process.kill(name),
    replace: async () => {
      writeFileSync(`${trigger}.new`, String(threads++));
      renameSync(`${trigger}.new`, trigger);
      await until('the replacement', () => balancer.output().split('is replaced').length > threads - 1);
    },
  };
}

/** Nobody listens there. */
async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const refused = await once(socket, 'connect').then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED',
  );
  socket.destroy();
  return refused;
}

interface Answer {
  readonly body: string;
  readonly headers: Headers;
  readonly status: number;
}

/** Over a connection of its own. */
async function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { connection: 'close', ...headers },
  });
  return { body: await answer.text(), headers: answer.headers, status: answer.status };
}

/** What clients meet. */
async function look({ ports, tell }: Started, visit: string): Promise<Record<string, unknown>> {
  const facts = (await get(ports.web, `/facts?${visit}`)).headers;
  const answers = await Promise.all(Array.from({ length: 12 }, () => get(ports.web, '/')));
  const tls = await connectTls(ports.tls);
  const certificate = tls.getPeerCertificate().subject.CN;
  tls.destroy();
  return {
    map: facts.get('x-map'),
    variable: facts.get('x-word'),
    refused: (await get(ports.web, '/refused')).status,
    servers: [...new Set(answers.map(({ body }) => body))].sort(),
    measured: answers.at(-1)?.headers.get('x-work'),
    extra: (await get(ports.web, '/', { be: 'late' })).body === 'extra',
    certificate,
    paused: await isRefused(ports.paused),
    closed: await isRefused(ports.closed),
    traced: (await tell('show events buf0')).includes(visit),
  };
}

const AS_CONFIGURED = {
  map: 'none',
  variable: 'file',
  refused: 200,
  servers: ['one', 'three', 'two'],
  measured: '0',
  extra: false,
  certificate: 'www.example',
  paused: false,
  closed: false,
  traced: false,
};

/** A line each; `<<` is followed by text up to an empty line. */
const changes = ({ addresses, pem }: Started): readonly string[] => [
  'set profiling tasks on',
  'add map virt@names a changed',
  'add acl virt@refused 127.0.0.1',
  'experimental-mode on; set var proc.word expr str(changed)',
  'set weight app/one 0',
  'set server app/two state maint',
  `set server app/three addr 127.0.0.1 port ${addresses.moved.split(':')[1]}`,
  `add server app/added ${addresses.added}`,
  'enable server app/added',
  'add backend late from h mode http',
  `add server late/extra ${addresses.extra}`,
  'enable server late/extra',
  'publish backend late',
  `set ssl cert ${pem} <<\n${tlsText('client.pem')}\n`,
  `commit ssl cert ${pem}`,
  'disable frontend paused',
  'shutdown frontend closed',
  'trace h1 sink buf0',
  'trace h1 level developer',
  'trace h1 start now',
];

const AS_CHANGED = {
  map: 'changed',
  variable: 'changed',
  refused: 403,
  servers: ['added', 'moved'],
  measured: '1',
  extra: true,
  certificate: 'client',
  paused: true,
  closed: true,
  traced: true,
};

test('what commands have changed is what a thread begins with that takes the place of another', async t => {
  const started = await start(t);
  assert.deepEqual(await look(started, 'before'), AS_CONFIGURED);
  for (const change of changes(started)) await started.tell(change);
  assert.deepEqual(await look(started, 'changed'), AS_CHANGED);
  await started.replace();
  assert.deepEqual(await look(started, 'replaced'), AS_CHANGED);
});

test('a thread that takes the place of another during a grace time knows that the process stops', async t => {
  const { ports, signal, replace } = await start(t);
  const stopping = async (): Promise<string | null> =>
    (await get(ports.web, '/facts')).headers.get('x-stopping');
  assert.equal(await stopping(), '0');
  signal('SIGUSR1');
  await until('the signal', async () => (await stopping()) === '1');
  await replace();
  assert.equal(await stopping(), '1');
});
