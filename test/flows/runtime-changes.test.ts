/**
 * Commands of the admin socket while requests run on two threads: once a command has answered, no request that begins
 * sees what was before, on whichever thread.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ROUNDS = 30;
const CLIENTS = 12;

interface Started {
  readonly web: number;
  readonly tell: (line: string) => Promise<string>;
}

async function start(t: TestContext): Promise<Started> {
  const servers: string[] = [];
  for (const name of ['one', 'two'])
    servers.push(`  server ${name} ${(await startHttpOrigin(t, name)).address}`);
  const web = await freePort();
  const path = join(temporaryFolder(t), 'admin.sock');
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${path} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${web}
  http-response set-header x-thread %[thread]
  http-response set-header x-version %[str(version),map(virt@versions,none)]
  default_backend app
backend app
  balance roundrobin
${servers.join('\n')}
`,
    { ports: [web] },
  );
  return { web, tell: line => ask(path, line) };
}

interface Seen {
  /** What `now()` said when the request was sent. */
  readonly before: number;
  /** And when the answer was there. */
  readonly after: number;
  readonly version: string;
  readonly server: string;
}

/** Requests over kept connections on both threads, one after the other on each, until they are ended. */
class Load {
  readonly seen: Seen[] = [];
  readonly threads = new Set<string>();
  readonly #clients: KeepAliveClient[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #failures: unknown[] = [];
  #ended = false;

  static async begin(t: TestContext, port: number, now: () => number): Promise<Load> {
    const load = new Load();
    t.after(() => load.#clients.forEach(client => client.close()));
    for (let at = 0; at < CLIENTS; at++) load.#clients.push(await KeepAliveClient.open(port));
    for (const client of load.#clients)
      load.#loops.push(load.#run(client, now).catch((error: unknown) => void load.#failures.push(error)));
    await until('an answer of each thread', () => load.threads.size === 2);
    return load;
  }

  async #run(client: KeepAliveClient, now: () => number): Promise<void> {
    while (!this.#ended) {
      const before = now();
      const { head } = await client.request('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const field = (name: string): string => new RegExp(`^${name}: (\\w+)`, 'im').exec(head)?.[1] ?? '';
      this.threads.add(field('x-thread'));
      this.seen.push({ before, after: now(), version: field('x-version'), server: field('x-server') });
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#loops);
    assert.deepEqual(this.#failures, []);
  }

  /** Waits until each client has had some more answers. */
  async more(): Promise<void> {
    const enough = this.seen.length + 2 * CLIENTS;
    await until('more answers', () => this.seen.length >= enough);
  }
}

test('a map is exchanged for all threads at once: commit map', async t => {
  const { web, tell } = await start(t);
  await tell('add map virt@versions version 0');
  let answered = 0;
  let asked = 0;
  const load = await Load.begin(t, web, () => answered);
  for (let round = 1; round <= ROUNDS; round++) {
    const number = /New version created: (\d+)/.exec(await tell('prepare map virt@versions'))?.[1];
    assert.equal(await tell(`add map @${number} virt@versions version ${round}`), '\n');
    asked = round;
    assert.equal(await tell(`commit map @${number} virt@versions`), '\n');
    answered = round;
    await load.more();
  }
  await load.end();
  assert.equal(asked, ROUNDS);
  for (const { before, after, version } of load.seen) {
    assert.ok(Number(version) >= before, `version ${version} after version ${before} was answered`);
    assert.ok(Number(version) <= after + 1, `version ${version} before it was committed`);
  }
});

test('a server in maintenance gets no request from any thread: set server state', async t => {
  const { web, tell } = await start(t);
  const names = ['one', 'two'];
  // the round, from 1, in which one of them must not be used; 0: both may be
  let forbidden = 0;
  const forbiddenIn = (round: number): string => names[round % 2] as string;
  const load = await Load.begin(t, web, () => forbidden);
  for (let round = 1; round <= ROUNDS; round++) {
    const [name, other] = [forbiddenIn(round), forbiddenIn(round + 1)];
    assert.equal(await tell(`set server app/${name} state maint`), '\n');
    forbidden = round;
    await load.more();
    forbidden = 0;
    assert.equal(await tell(`set server app/${name} state ready`), '\n');
    assert.equal(await tell(`set server app/${other} weight ${1 + (round % 3)}`), '\n');
  }
  await load.end();
  // those that were answered after the server was ready again may have been sent to it
  const checked = load.seen.filter(({ before, after }) => before > 0 && before === after);
  assert.deepEqual(
    checked.filter(({ before, server }) => server === forbiddenIn(before)),
    [],
  );
  assert.ok(checked.length >= ROUNDS * CLIENTS, String(checked.length));
  assert.deepEqual([...new Set(checked.map(({ server }) => server))].sort(), names);
});

/** True when the connection was refused. */
function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise(resolve => {
    socket.once('connect', () => resolve(false));
    socket.once('error', () => resolve(true));
  }).then(refused => {
    socket.destroy();
    return refused as boolean;
  });
}

test('a disabled frontend accepts no connection on any thread, an enabled one all: disable frontend', async t => {
  const { web, tell } = await start(t);
  const load = await Load.begin(t, web, () => 0);
  for (let round = 0; round < 10; round++) {
    assert.equal(await tell('disable frontend web'), '\n');
    const after = await Promise.all(Array.from({ length: 8 }, () => refuses(web)));
    assert.deepEqual(new Set(after), new Set([true]), 'disabled');
    // connections that are there go on
    await load.more();
    assert.equal(await tell('enable frontend web'), '\n');
    const again = await Promise.all(Array.from({ length: 8 }, () => refuses(web)));
    assert.deepEqual(new Set(again), new Set([false]), 'enabled');
  }
  await load.end();
});

test('a lower limit of connections holds on all threads together, a higher one at once: set maxconn frontend', async t => {
  const { web, tell } = await start(t);
  const limit = 6;
  const row = async (column: string): Promise<number> =>
    Number(statRows(await tell('show stat web 1 -1')).get('web/FRONTEND')?.[column]);
  assert.equal(await tell('set maxconn frontend web 0'), '\n');
  let answered = 0;
  const clients: KeepAliveClient[] = [];
  t.after(() => clients.forEach(client => client.close()));
  const answers: Promise<unknown>[] = [];
  for (let at = 0; at < 20; at++) {
    const client = await KeepAliveClient.open(web);
    clients.push(client);
    answers.push(client.request('GET / HTTP/1.1\r\nHost: x\r\n\r\n').then(() => answered++));
  }
  assert.deepEqual([answered, await row('scur'), await row('slim')], [0, 0, 0], 'none at all');
  assert.equal(await tell(`set maxconn frontend web ${limit}`), '\n');
  await until('as many as the limit allows', () => answered === limit);
  assert.equal(await row('scur'), limit);
  for (const more of [9, 14, 20]) {
    assert.equal(await tell(`set maxconn frontend web ${more}`), '\n');
    await until(`${more} answers`, () => answered === more);
    assert.equal(await row('scur'), more);
  }
  await Promise.all(answers);
  assert.equal(answered, 20);
});
