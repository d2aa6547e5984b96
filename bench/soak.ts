/**
 * Does lb grow? Moderate load of every kind for a long time: keep-alive requests, connections for one request,
 * uploads, clients that leave in the middle, and a thousand idle connections.
 *
 * Prints memory and open descriptors twenty times; fails when the last quarter's memory is above the second's by
 * more than a tenth and 4 MB, or when descriptors are left over at the end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from './command-line.ts';
import { contestant, start } from './contestants.ts';
import { autocannonFile } from './load.ts';
import { startOrigins } from './origins.ts';
import { cpuNs, freePort, LOAD_CPU, memoryOf, pinOwnProcess, stop } from './processes.ts';
import { scenario } from './scenario.ts';

const values = commandLine('node dist/bench/soak.js [--minutes 10] [--contestant lb]', {
  minutes: { type: 'string', default: '10' },
  contestant: { type: 'string', default: 'lb' },
});

const LOOKS = 20;
const IDLE = 1000;
const RATE = 400;
const CHURN_MS = 10;
const GET = 'GET / HTTP/1.1\r\nHost: soak.example\r\n';

interface Look {
  readonly megabytes: number;
  readonly descriptors: number;
}

const minutes = Number(values.minutes);
pinOwnProcess();
const folder = mkdtempSync(join(tmpdir(), 'lb-soak-'));
const origins = await startOrigins(folder);
const ports = { listen: await freePort(), origin: origins.web, log: 0 };
const started = await start(contestant(values.contestant), scenario('soak'), ports, folder);
if (started === undefined) throw new Error('it does not start');
const pid = started.child.pid as number;
const before = look();
const idle = await openIdle(IDLE);
const seconds = Math.round(minutes * 60);
const load = ['-c', '50', '-R', String(RATE), '-d', String(seconds), `http://127.0.0.1:${ports.listen}/`];
const cannon = spawn('taskset', ['-c', LOAD_CPU, process.execPath, autocannonFile(), ...load], {
  stdio: 'ignore',
});
const churn = setInterval(oneOfMany, CHURN_MS);
const looks: Look[] = [];
for (let index = 0; index < LOOKS; index++) {
  await sleep((seconds * 1000) / LOOKS);
  looks.push(look());
  console.log(
    `${((minutes * (index + 1)) / LOOKS).toFixed(1).padStart(5)} min  ${describe(looks[index] as Look)}`,
  );
}
clearInterval(churn);
await once(cannon, 'exit');
for (const socket of idle) socket.destroy();
// connections to the origin are given up by and by
await sleep(40_000);
const after = look();
const cpuSeconds = cpuNs(pid) / 1e9;
console.log(`before ${describe(before)}; after ${describe(after)}; ${cpuSeconds.toFixed(0)} s of CPU`);
await stop(started.child);
await origins.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = verdict();

function look(): Look {
  return { megabytes: memoryOf(pid) / 1048576, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function describe({ megabytes, descriptors }: Look): string {
  return `${megabytes.toFixed(1)} MB, ${descriptors} descriptors`;
}

function verdict(): number {
  const mean = (from: number): number =>
    looks.slice(from, from + LOOKS / 4).reduce((sum, { megabytes }) => sum + megabytes, 0) / (LOOKS / 4);
  const early = mean(LOOKS / 4);
  const late = mean((LOOKS * 3) / 4);
  const isLeft = after.descriptors > before.descriptors + 100;
  console.log(`second quarter ${early.toFixed(1)} MB, last quarter ${late.toFixed(1)} MB`);
  return late > early * 1.1 + 4 || isLeft ? 1 : 0;
}

async function openIdle(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = send(`${GET}\r\n`);
    await once(socket, 'data');
    sockets.push(socket);
  }
  return sockets;
}

function send(text: string): Socket {
  const socket = connect(ports.listen, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(text);
  return socket;
}

/** A whole exchange, an upload, a client that leaves in the middle of a large answer, one that says half of it. */
function oneOfMany(): void {
  const kind = Math.floor(Math.random() * 4);
  if (kind === 0) send(`${GET}Connection: close\r\n\r\n`).resume();
  else if (kind === 1)
    leaveLater(send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`));
  else if (kind === 2) leaveLater(send(GET.replace('/ ', '/large ') + '\r\n'));
  else leaveLater(send('GET / HTTP/1.1\r\nHos'));
}

function leaveLater(socket: Socket): void {
  setTimeout(() => socket.resetAndDestroy(), Math.random() * 100);
}
