import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { requires } from '../support/requirement.ts';
import { within } from './wires.ts';

const PROGRAM = fileURLToPath(new URL('few-descriptors.js', import.meta.url));
const CLIENTS = 150;

for (const engine of ['node', 'uring'])
  test(`${engine} engine: out of descriptors it reports EMFILE, and serves the waiting clients once some are free`, async t => {
    if (engine === 'uring' && !requires(t, 'io_uring')) return;
    const child = spawn('sh', ['-c', `ulimit -n 100; exec ${process.execPath} ${PROGRAM} ${engine}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => child.kill());
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const line = async (): Promise<string> => String((await within(60_000, 'a line', lines.next())).value);
    const port = Number(await line());
    const sockets: Socket[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      sockets.push(socket);
    }
    let seen = await line();
    while (!seen.includes('EMFILE')) seen = await line();
    assert.ok(Number.parseInt(seen, 10) < CLIENTS, seen);
    for (const socket of sockets) socket.end('bye');
    while (Number.parseInt(seen, 10) < CLIENTS) seen = await line();
    child.stdin.end();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
