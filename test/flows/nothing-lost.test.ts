/**
 * Traffic of all kinds for a while, in which the master reloads (other threads, a map that changes), servers are taken
 * out and brought back, maps are committed, and servers are killed: every client checks what it gets, and what all
 * generations of workers logged is what the clients did. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { Victim } from '../support/victim.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? '8');
const below = randomNumbers(Number(process.env['LB_FUZZ_SEED'] ?? '1'));
const RELOAD_EVERY_MS = Math.min(10_000, (SECONDS * 1000) / 2.5);
const WITHIN_MS = 20_000;
const BYTES = randomBytes(1_500_000);
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: echo\r\n';

/** What clients did, by the frontend that must have logged it. */
type Counts = Record<'solid' | 'mapped' | 'fragile' | 'plain', number>;

interface Lab {
  readonly ports: Readonly<Record<keyof Counts, number>>;
  readonly admin: string;
  readonly folder: string;
  readonly victims: readonly Victim[];
  /** The configuration of so many threads. */
  readonly text: (threads: number) => string;
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function serve(request: IncomingMessage, response: ServerResponse): void {
  const size = /^\/bytes\/(\d+)$/.exec(request.url ?? '')?.[1];
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    const body = size === undefined ? Buffer.from(hash.digest('hex')) : BYTES.subarray(0, Number(size));
    response.setHeader('content-length', body.length);
    response.end(body);
  });
}

/** Upgrades to an echo. */
function echo(socket: Socket): void {
  let received = Buffer.alloc(0);
  socket.on('data', function head(chunk: Buffer) {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.removeListener('data', head);
    if (received.subarray(0, end).includes('Upgrade')) {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}\r\n`);
      socket.write(received.subarray(end + 4));
    } else socket.write(received);
    socket.pipe(socket);
  });
}

async function prepare(t: TestContext): Promise<Lab> {
  const [solid = 0, mapped = 0, fragile = 0, plain = 0, ...own] = await freePorts(7);
  const ports = { solid, mapped, fragile, plain };
  const folder = temporaryFolder(t);
  const admin = join(folder, 'admin.sock');
  writeFileSync(join(folder, 'word.map'), 'word one\n');
  const origins = await Promise.all([1, 2].map(number => startHttpOrigin(t, `o${number}`, serve)));
  const [first = '', second = ''] = origins.map(({ address }) => address);
  const echoes = await startRawOrigin(t, echo);
  const victims = own.map(port => new Victim(t, port, 0));
  await Promise.all(victims.map(victim => victim.start()));
  const text = (threads: number): string => `global
  nbthread ${threads}
  stats socket ${admin} level admin
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%ft %ST %pid"
  option redispatch 1
  retries 3
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend solid
  bind 127.0.0.1:${solid}
  use_backend echo if { req.hdr(upgrade) -m found }
  default_backend storage
backend storage
  server one ${first}
  server two ${second}
backend echo
  server e ${echoes.address}
frontend mapped
  bind 127.0.0.1:${mapped}
  http-request return status 200 content-type text/plain lf-string "%[str(word),map(${folder}/word.map)]"
frontend fragile
  bind 127.0.0.1:${fragile}
  default_backend mortal
backend mortal
  retry-on all-retryable-errors
${victims.map(({ port }, index) => `  server v${index} 127.0.0.1:${port} check inter 200ms fall 1 rise 1`).join('\n')}
frontend plain
  mode tcp
  log-format "%ft 200 %pid"
  bind 127.0.0.1:${plain}
  default_backend echoes
backend echoes
  mode tcp
  server one ${echoes.address}
`;
  return { ports, admin, folder, victims, text };
}

/** One kind of client: what it does again and again. */
type Doing = (lab: Lab, counts: Counts) => Promise<void>;

function bounded<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  const late = sleep(WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} does not end`);
  });
  return Promise.race([promise, late]);
}

async function exchange(
  client: KeepAliveClient,
  text: string,
  expected: string,
  what: string,
): Promise<boolean> {
  const { status, head, body } = await bounded(what, client.request(text));
  assert.equal(status, 200, `${what}: ${head}`);
  assert.equal(digest(body), expected, what);
  return !/^connection: close/im.test(head);
}

/** Several requests of all sizes over a connection, which the balancer may end. */
const keepAlive: Doing = async ({ ports }, counts) => {
  const client = await KeepAliveClient.open(ports.solid);
  for (let left = 1 + below(10), goes = true; left > 0 && goes; left--) {
    const size = below(20) === 0 ? BYTES.length : below(30_000);
    const sent = BYTES.subarray(0, size);
    goes =
      below(2) === 0
        ? await exchange(
            client,
            `GET /bytes/${size} HTTP/1.1\r\nHost: a\r\n\r\n`,
            digest(sent),
            `GET ${size}`,
          )
        : await exchange(
            client,
            `POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${sent.toString('latin1')}`,
            digest(Buffer.from(digest(sent))),
            `POST ${size}`,
          );
    counts.solid++;
  }
  client.close();
};

const closing: Doing = async ({ ports }, counts) => {
  const client = await KeepAliveClient.open(ports.solid);
  const size = below(5000);
  const text = `GET /bytes/${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  await exchange(client, text, digest(BYTES.subarray(0, size)), 'a closing client');
  client.close();
  counts.solid++;
};

const mapped: Doing = async ({ ports }, counts) => {
  const client = await KeepAliveClient.open(ports.mapped);
  const answer = await bounded(
    'the map',
    client.request('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  );
  assert.match(answer.body.toString(), /^(one|two|three)$/);
  client.close();
  counts.mapped++;
};

/** Its servers are killed: it is answered, always. */
const fragile: Doing = async ({ ports }, counts) => {
  const client = await KeepAliveClient.open(ports.fragile);
  const answer = await bounded(
    'a killed server',
    client.request('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  );
  assert.equal(answer.status, 200, answer.head);
  assert.equal(answer.body.toString(), 'fine');
  client.close();
  counts.fragile++;
};

/** Messages both ways for a while; its connection outlives reloads. */
async function converse(port: number, greeting: string, answer: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  let wanted = answer;
  socket.write(greeting);
  for (let left = 20 + below(100); left > 0; left--) {
    const message = 'm'.repeat(1 + below(3000));
    wanted += message;
    socket.write(message);
    await sleep(10);
  }
  const ended = once(socket, 'close');
  socket.end();
  await bounded('a conversation', Promise.race([ended, failed]));
  assert.equal(received.length, wanted.length);
  assert.ok(received === wanted, 'what comes back is what was sent');
}

const websocket: Doing = async ({ ports }, counts) => {
  const answer = `HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}\r\n`;
  await converse(ports.solid, `GET /ws HTTP/1.1\r\nHost: a\r\n${UPGRADE}\r\n`, answer);
  counts.solid++;
};

const plain: Doing = async ({ ports }, counts) => {
  await converse(ports.plain, 'hello\r\n\r\n', 'hello\r\n\r\n');
  counts.plain++;
};

const DOINGS: readonly Doing[] = [
  keepAlive,
  keepAlive,
  closing,
  mapped,
  fragile,
  websocket,
  websocket,
  plain,
  plain,
];

/** What operators do meanwhile, one thing after the other. */
async function operate({ admin, victims, folder }: Lab, goesOn: () => boolean): Promise<void> {
  const tell = (line: string): Promise<string> => ask(admin, line).catch(() => '');
  for (let turn = 0; goesOn(); turn++) {
    const server = turn % 2 === 0 ? 'one' : 'two';
    await tell(`set server storage/${server} state ${turn % 4 < 2 ? 'maint' : 'drain'}`);
    const word = ['one', 'two', 'three'][turn % 3];
    const version = /\d+/.exec(await tell(`prepare map ${folder}/word.map`))?.[0];
    await tell(`add map @${version} ${folder}/word.map word ${word}`);
    await tell(`commit map @${version} ${folder}/word.map`);
    await sleep(200);
    await tell(
      `set server storage/${server} state ready;set server storage/${server} weight ${1 + below(100)}`,
    );
    const victim = victims[turn % victims.length];
    await victim?.kill();
    await sleep(300);
    await victim?.start();
    await sleep(600);
  }
}

async function reload({ text }: Lab, balancer: Balancer, goesOn: () => boolean): Promise<number> {
  let count = 0;
  while (goesOn()) {
    await sleep(RELOAD_EVERY_MS);
    if (!goesOn()) break;
    writeFileSync(join(balancer.folder, 'haproxy.cfg'), text(1 + (count % 3)));
    const mark = balancer.output().length;
    balancer.process.kill('SIGUSR2');
    await until('the reload', () => balancer.output().slice(mark).includes('Loading success'));
    count++;
  }
  return count;
}

/** Lines of the log, by frontend; how often each status came. */
function logged(output: string): { counts: Counts; statuses: Record<string, number> } {
  const counts: Counts = { solid: 0, mapped: 0, fragile: 0, plain: 0 };
  const statuses: Record<string, number> = {};
  for (const [, name = '', status = ''] of output.matchAll(/^(solid|mapped|fragile|plain) (-?\d+) \d+$/gm)) {
    counts[name as keyof Counts]++;
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return { counts, statuses };
}

/** What the last worker counted is what it logged. */
async function agrees({ admin }: Lab, balancer: Balancer): Promise<void> {
  const pid = /^Pid: (\d+)$/m.exec(await ask(admin, 'show info'))?.[1] ?? '';
  const rows = statRows(await ask(admin, 'show stat'));
  for (const name of ['solid', 'mapped', 'fragile', 'plain']) {
    const counted = Number(rows.get(`${name}/FRONTEND`)?.[name === 'plain' ? 'stot' : 'req_tot']);
    const lines = new RegExp(`^${name} \\d+ ${pid}$`, 'gm');
    await until(
      `${counted} lines of ${name}`,
      () => (balancer.output().match(lines)?.length ?? 0) === counted,
    );
  }
}

test(
  'reloads, operators and dying servers cost no client anything, and all is counted',
  { timeout: 900_000 },
  async t => {
    const lab = await prepare(t);
    const balancer = await startBalancer(t, lab.text(2), { args: ['-W'] });
    await until('the first worker', () => balancer.output().includes('Loading success'));
    const end = performance.now() + SECONDS * 1000;
    let failed = false;
    const goesOn = (): boolean => performance.now() < end && !failed;
    const counts: Counts = { solid: 0, mapped: 0, fragile: 0, plain: 0 };
    const clients = DOINGS.map(async doing => {
      while (goesOn()) await doing(lab, counts);
    });
    const all = Promise.all([...clients, operate(lab, goesOn), reload(lab, balancer, goesOn)]);
    all.catch(() => (failed = true));
    const reloads = (await all).at(-1);
    await agrees(lab, balancer);
    assert.equal(await balancer.stop('SIGUSR1'), 0, balancer.output());
    const seen = logged(balancer.output());
    t.diagnostic(`${JSON.stringify(counts)} and ${String(reloads)} reloads`);
    assert.deepEqual(seen.counts, counts);
    assert.deepEqual(Object.keys(seen.statuses), ['101', '200']);
  },
);
