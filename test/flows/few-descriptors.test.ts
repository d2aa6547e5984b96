/** A process that may open few files: more clients at once than it has room for wait, and are served. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Balancer, exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const CLIENTS = 200;
const ENGINES = ['uring', 'node'] as const;

interface Setting {
  readonly openFiles: number;
  readonly global: string;
  readonly frontend?: string;
}

async function startWith(t: TestContext, setting: Setting): Promise<{ balancer: Balancer; port: number }> {
  const origin = await startHttpOrigin(t, 'slow', (_request, response) =>
    setTimeout(() => response.end('slow\n'), 50),
  );
  const port = await freePort();
  const program = join(temporaryFolder(t), 'lb');
  writeFileSync(program, `#!/bin/sh\nulimit -n ${setting.openFiles}\nexec ${LB} "$@"\n`);
  chmodSync(program, 0o755);
  const config = `global
  nbthread 2
  ${setting.global}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  timeout queue 20s
frontend f
  bind 127.0.0.1:${port}
  ${setting.frontend ?? ''}
  default_backend b
backend b
  server s ${origin.address}
`;
  return { balancer: await startBalancer(t, config, { program }), port };
}

async function statusesOf(clients: number, port: number): Promise<string[]> {
  const one = async (): Promise<string> => (await exchangeRaw(port, GET, 20_000)).slice(0, 12);
  return [...new Set(await Promise.all(Array.from({ length: clients }, one)))];
}

for (const engine of ENGINES)
  for (const frontend of ['', 'maxconn 20'])
    test(`${engine} engine: a rush of clients takes no descriptors from those being served${frontend === '' ? '' : ', with '}${frontend}`, async t => {
      const { port } = await startWith(t, { openFiles: 200, global: `tune.engine ${engine}`, frontend });
      assert.deepEqual(await statusesOf(CLIENTS, port), ['HTTP/1.1 200']);
    });

for (const engine of ENGINES)
  test(`${engine} engine: without strict-limits a maxconn that cannot be had is lowered to what can be served`, async t => {
    const { balancer, port } = await startWith(t, {
      openFiles: 100,
      global: `tune.engine ${engine}\n  maxconn 1000\n  no strict-limits`,
    });
    assert.match(
      balancer.output(),
      /Cannot raise FD limit to \d+.* No more than \d\d connections are served/s,
    );
    assert.deepEqual(await statusesOf(CLIENTS, port), ['HTTP/1.1 200']);
  });

test('too few open files for the process itself are refused at the start', async t => {
  await assert.rejects(
    startWith(t, { openFiles: 44, global: '' }),
    /it ended with 1:\n.*44 open files are too few for 2 threads and their listeners/s,
  );
});

test('fewer open files than the program needs to load are refused with one line', () => {
  for (const openFiles of [20, 22, 24, 28]) {
    const { status, stderr } = spawnSync('sh', ['-c', `ulimit -n ${openFiles}; exec ${LB} -f /dev/null`], {
      encoding: 'utf8',
    });
    assert.match(
      stderr,
      new RegExp(`^\\[ALERT\\] .*${openFiles} open files are too few for this program\\.\\n$`),
    );
    assert.equal(status, 1);
  }
});
