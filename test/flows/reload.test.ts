/** Master and workers: reloads that nobody notices, workers that fail, signals, and what systemd is told. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeRaw, LB, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

interface Service {
  readonly balancer: Balancer;
  readonly port: number;
  /** The configuration answers with this word from the next reload on. */
  configure(word: string, global?: string): void;
}

async function start(
  t: TestContext,
  global = '',
  args: readonly string[] = ['-W'],
  env = {},
): Promise<Service> {
  const port = await freePort();
  const balancer = await startBalancer(t, textOf(port, 'one', global), { args, env });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  return {
    balancer,
    port,
    configure: (word, more = global) => {
      writeConfiguration(balancer, textOf(port, word, more));
    },
  };
}

/** At once: whoever reads while a file is written finds the begin of it, or nothing, and takes that for all. */
function writeConfiguration({ folder }: Balancer, text: string): void {
  const path = join(folder, 'haproxy.cfg');
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function textOf(port: number, word: string, global: string): string {
  return `global
  nbthread 2
  ${global}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string ${word}
`;
}

async function reload({ balancer }: Service): Promise<void> {
  const loaded = balancer.output().split('Loading success').length;
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > loaded);
}

function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

/** Visitors that ask again and again, half of them on a connection that they keep. */
class Visitors {
  readonly #service: Service;
  /** Answers, by their bodies. */
  readonly #seen = new Map<string, number>();
  readonly #failures: unknown[] = [];
  readonly #ended: Promise<unknown>;
  #going = true;

  constructor(service: Service, count: number) {
    this.#service = service;
    const visits = Array.from({ length: count }, (_, index) => this.#visit(index % 2 === 0));
    this.#ended = Promise.all(visits.map(one => one.catch((error: unknown) => this.#failures.push(error))));
  }

  async #visit(keepAlive: boolean): Promise<void> {
    let client: KeepAliveClient | undefined;
    while (this.#going) {
      client ??= await KeepAliveClient.open(this.#service.port);
      const answer = await client.request(keepAlive ? GET : GET_AND_CLOSE);
      assert.equal(answer.status, 200);
      const word = answer.body.toString();
      this.#seen.set(word, (this.#seen.get(word) ?? 0) + 1);
      if (/^connection: close/im.test(answer.head)) {
        client.close();
        client = undefined;
      }
    }
    client?.close();
  }

  /** So many answers of a configuration have come; none failed. */
  async see(word: string, count: number): Promise<void> {
    await until(`answers of ${word}`, () => {
      this.#check();
      return (this.#seen.get(word) ?? 0) > count;
    });
  }

  /** They finish; none failed. */
  async end(): Promise<void> {
    this.#going = false;
    await this.#ended;
    this.#check();
  }

  #check(): void {
    assert.deepEqual(this.#failures, [], this.#service.balancer.output());
  }
}

test('reloads under load refuse, reset and lose nothing', async t => {
  const service = await start(t);
  const visitors = new Visitors(service, 16);
  for (const word of ['two', 'three', 'four']) {
    service.configure(word);
    await reload(service);
    await visitors.see(word, 100);
  }
  await visitors.end();
  await until('the end of old workers', () => workersOf(service.balancer.pid).length === 1);
  assert.equal(await service.balancer.stop(), 0, service.balancer.output());
});

test('a storm of signals loses nothing and leaves one worker', async t => {
  const service = await start(t);
  const visitors = new Visitors(service, 8);
  for (let count = 0; count < 50; count++) {
    service.configure(count < 49 ? 'two' : 'last', count % 2 === 0 ? 'maxconn 100' : '');
    service.balancer.process.kill('SIGUSR2');
    await sleep(20);
  }
  await visitors.see('last', 50);
  await visitors.end();
  await until('the end of old workers', () => workersOf(service.balancer.pid).length === 1);
  assert.equal(await service.balancer.stop(), 0, service.balancer.output());
});

test('wrk sees no error while the master reloads', async t => {
  if (!requires(t, 'wrk')) return;
  const service = await start(t);
  const wrk = spawn('wrk', ['-t1', '-c16', '-d4', `http://127.0.0.1:${service.port}/`]);
  const lines: string[] = [];
  createInterface(wrk.stdout).on('line', line => lines.push(line));
  const ended = new Promise(resolve => wrk.once('close', resolve));
  for (let count = 0; count < 2; count++) await reload(service);
  await ended;
  const output = lines.join('\n');
  assert.match(output, /\d+ requests in/);
  assert.doesNotMatch(output, /Socket errors|Non-2xx/);
});

test('a request that is served while the master reloads is finished by the old worker', async t => {
  const answers: (() => void)[] = [];
  const origin = await startHttpOrigin(t, 'slow', (_request, response) => {
    answers.push(() => response.end('finished'));
  });
  const port = await freePort();
  const config = textOf(port, 'x', '').replace(/http-request return.*/, `server s ${origin.address}`);
  const balancer = await startBalancer(t, config, { args: ['-W'] });
  const answer = exchangeRaw(port, GET, 20_000);
  await until('the request at the server', () => answers.length === 1);
  const [old] = workersOf(balancer.pid);
  await reload({ balancer, port, configure: () => undefined });
  assert.ok(workersOf(balancer.pid).includes(old as number), 'the old worker waits for it');
  answers[0]?.();
  assert.match(await answer, /finished$/);
  await until('the end of the old worker', () => !workersOf(balancer.pid).includes(old as number));
});

test('a reload that is asked for while the first worker starts comes after that', async t => {
  const port = await freePort();
  const balancer = await startBalancer(t, textOf(port, 'one', ''), { args: ['-W'] });
  writeFileSync(join(balancer.folder, 'haproxy.cfg'), textOf(port, 'two', ''));
  for (let count = 0; count < 3; count++) balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > 2);
  assert.match(
    balancer.output(),
    /Initializing[^]*Loading success[^]*Reloading[^]*Initializing[^]*Loading success/,
  );
  // until the first worker has heard that it is to stop, both accept
  await until('the new answer', async () => (await exchangeRaw(port, GET_AND_CLOSE)).endsWith('two'));
  await until('the end of the first worker', () => workersOf(balancer.pid).length === 1);
  assert.match(await exchangeRaw(port, GET_AND_CLOSE), /two$/);
});

test('a configuration that cannot be used changes nothing', async t => {
  const service = await start(t);
  service.configure('two', 'no-such-word');
  service.balancer.process.kill('SIGUSR2');
  await until('the refusal', () => service.balancer.output().includes('Failed to reload'));
  assert.match(service.balancer.output(), /unknown keyword 'no-such-word'/);
  assert.match(await exchangeRaw(service.port, GET_AND_CLOSE), /one$/);
  service.configure('three');
  await reload(service);
  await until('the new answer', async () =>
    (await exchangeRaw(service.port, GET_AND_CLOSE)).endsWith('three'),
  );
});

test('a configuration without listeners is taken, and it is said that nobody is served', async t => {
  const service = await start(t);
  writeConfiguration(service.balancer, '');
  await reload(service);
  assert.match(service.balancer.output(), /No enabled listener is left/);
  await until('the end of the worker before', () => workersOf(service.balancer.pid).length === 1);
  await assert.rejects(KeepAliveClient.open(service.port), /ECONNREFUSED/);
  service.configure('two');
  await reload(service);
  assert.match(await exchangeRaw(service.port, GET_AND_CLOSE), /two$/);
});

test('more and fewer threads, another address: a reload brings them', async t => {
  const service = await start(t);
  const second = await freePort();
  const file = join(service.balancer.folder, 'haproxy.cfg');
  const one = textOf(service.port, 'x', '');
  writeFileSync(
    file,
    one.replace('nbthread 2', 'nbthread 4').replace(/bind .*/, `$&\n  bind 127.0.0.1:${second}`),
  );
  await reload(service);
  await until('the end of old workers', () => workersOf(service.balancer.pid).length === 1);
  for (let count = 0; count < 20; count++)
    for (const port of [service.port, second]) assert.match(await exchangeRaw(port, GET_AND_CLOSE), /x$/);
  writeFileSync(file, one.replace('nbthread 2', 'nbthread 1'));
  await reload(service);
  await until('the end of old workers', () => workersOf(service.balancer.pid).length === 1);
  for (let count = 0; count < 20; count++) assert.match(await exchangeRaw(service.port, GET_AND_CLOSE), /x$/);
  await assert.rejects(KeepAliveClient.open(second), /ECONNREFUSED/);
});

test('a worker that is killed ends the master with its code', async t => {
  const { balancer } = await start(t);
  process.kill(workersOf(balancer.pid)[0] as number, 'SIGKILL');
  assert.equal(await balancer.ended, 137);
  assert.match(
    balancer.output(),
    /Current worker \(\d+\) exited with code 137 \(Killed\)[^]*exit-on-failure[^]*All workers exited. Exiting... \(137\)/,
  );
});

test('with no-exit-on-failure a worker that is killed is replaced', async t => {
  const service = await start(t, 'master-worker no-exit-on-failure');
  const [old] = workersOf(service.balancer.pid);
  process.kill(old as number, 'SIGKILL');
  await until('the replacement', () => service.balancer.output().split('Loading success').length > 2);
  assert.match(await exchangeRaw(service.port, GET_AND_CLOSE), /one$/);
  assert.equal(await service.balancer.stop(), 0);
});

test('SIGUSR1 ends master and worker when the last connection is over', async t => {
  const { balancer, port } = await start(t);
  const client = await KeepAliveClient.open(port);
  assert.equal((await client.request(GET)).status, 200);
  balancer.process.kill('SIGUSR1');
  assert.equal(await balancer.ended, 0);
  client.close();
});

test('systemd is told of start, reload and stop with -Ws', async t => {
  if (!requires(t, 'socat')) return;
  const socket = join(process.env['TMPDIR'] ?? '/tmp', `lb-notify-${process.pid}`);
  const socat = spawn('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
  t.after(() => socat.kill());
  let told = '';
  socat.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const service = await start(t, '', ['-Ws'], { NOTIFY_SOCKET: socket });
  await until('READY', () => told.includes(`READY=1\nMAINPID=${service.balancer.pid}\n`));
  await reload(service);
  await until('RELOADING and READY', () => /RELOADING=1\nMONOTONIC_USEC=\d+[^]*READY=1/.test(told));
  service.configure('three', 'nonsense');
  process.kill(service.balancer.pid, 'SIGUSR2');
  await until('a failed reload', () => told.endsWith('READY=1\nSTATUS=Reload failed!\n'));
  assert.equal(await service.balancer.stop(), 0);
  await until('STOPPING', () => told.includes('STOPPING=1'));
});

test('-sf lets the process before finish once the new one serves', async t => {
  const port = await freePort();
  const first = await startBalancer(t, textOf(port, 'one', ''));
  const client = await KeepAliveClient.open(port);
  assert.equal((await client.request(GET)).status, 200);
  await startBalancer(t, textOf(port, 'two', ''), { args: ['-sf', String(first.pid)] });
  assert.equal(await first.ended, 0);
  assert.match(await exchangeRaw(port, GET_AND_CLOSE), /two$/);
  client.close();
});

test('demo servers go on over a reload', async t => {
  const [port, demo] = [await freePort(), await freePort()];
  const text = `global
  demo-servers 127.0.0.1:${demo}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${demo}
`;
  const balancer = await startBalancer(t, text, { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  await reload({ balancer, port, configure: () => undefined });
  await until('the end of the first worker', () => balancer.output().includes('Former worker'));
  for (let turn = 0; turn < 10; turn++)
    assert.match(await exchangeRaw(port, GET_AND_CLOSE), /^HTTP\/1\.1 200 [^]*demo1 on /);
  assert.doesNotMatch(balancer.output(), /demo server/);
});

/** Sockets of one process alone: another one cannot have the address while this one listens. */
const ALONE = 'global\n  noreuseport\n';

test('-sf asks the process before to let go of an address that it does not share', async t => {
  const port = await freePort();
  const first = await startBalancer(t, ALONE + textOf(port, 'one', ''));
  const client = await KeepAliveClient.open(port);
  assert.equal((await client.request(GET)).status, 200);
  const second = await startBalancer(t, ALONE + textOf(port, 'two', ''), {
    args: ['-sf', String(first.pid)],
  });
  assert.equal(await first.ended, 0, first.output());
  assert.match(await exchangeRaw(port, GET_AND_CLOSE), /two$/);
  assert.doesNotMatch(second.output(), /ALERT/);
  client.close();
});

test('-sf lets the process before go on where the start fails', async t => {
  const [port, taken] = [await freePort(), await freePort()];
  const foreign = createServer().listen(taken, '127.0.0.1');
  t.after(() => foreign.close());
  await once(foreign, 'listening');
  const first = await startBalancer(t, ALONE + textOf(port, 'one', ''));
  const text = `${ALONE}${textOf(port, 'two', '')}listen blocked\n  bind 127.0.0.1:${taken}\n  mode http\n`;
  const file = join(first.folder, 'two.cfg');
  writeFileSync(file, text);
  const second = spawn(LB, ['-db', '-f', file, '-sf', String(first.pid)]);
  t.after(() => second.kill('SIGKILL'));
  let said = '';
  second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(second, 'exit', { signal: AbortSignal.timeout(60_000) })) as [number];
  assert.equal(code, 1);
  assert.match(said, new RegExp(`Binding .* for proxy blocked: .*127\\.0\\.0\\.1:${taken}`));
  await until('it serves again', async () =>
    (await exchangeRaw(port, GET_AND_CLOSE).catch(() => '')).endsWith('one'),
  );
});
