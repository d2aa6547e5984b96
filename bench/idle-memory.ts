/**
 * Memory of idle keep-alive connections: each has had one request answered, then stays open. Before, the contestant has
 * been at work for some seconds on few connections, so that what it grows by is what connections take: programs grow
 * with their first requests too (code is compiled, a nursery fills).
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contestant, start } from './contestants.ts';
import { type Load, run } from './load.ts';
import { startOrigins } from './origins.ts';
import { freePort, memoryOf, stop } from './processes.ts';
import { type CaseResult, compared } from './result.ts';
import { scenario } from './scenario.ts';

const AT_ONCE = 32;
const WARM_UP: Load = { tool: 'wrk', connections: 64, path: '/', headers: {}, isSecure: false };
const WARM_UP_SECONDS = 6;
const SETTLE_MS = 3000;
/** Whether a collector has just run makes a difference of a kilobyte. */
const ROUNDS = 5;
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: bench.example\r\nAccept: */*\r\n\r\n');

export async function measureIdleMemory(
  contestants: readonly Contestant[],
  base: string,
  connections: number,
): Promise<CaseResult> {
  const label = `${connections} connections`;
  const samples = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const contestant of contestants) {
      const bytes = await bytesEach(contestant, connections);
      if (bytes !== undefined) samples.get(contestant.name)?.push(bytes / 1024);
    }
  const entries = [...samples].flatMap(([name, taken]) =>
    taken.length === 0 ? [] : [{ contestant: name, scenario: label, samples: taken }],
  );
  return {
    name: 'idle-memory',
    title: 'Memory of an idle keep-alive connection',
    unit: 'KB a connection',
    base,
    rows: compared(entries, base),
  };
}

async function bytesEach(contestant: Contestant, connections: number): Promise<number | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  const origins = await startOrigins(folder);
  const ports = { listen: await freePort(), origin: origins.web, log: 0 };
  const started = await start(contestant, scenario('idle'), ports, folder);
  const sockets: Socket[] = [];
  try {
    if (started === undefined) return undefined;
    const pid = started.child.pid as number;
    await run(WARM_UP, started.port, WARM_UP_SECONDS, join(folder, 'load.lua'));
    await sleep(SETTLE_MS);
    const before = memoryOf(pid);
    await exchange(started.port, connections, sockets);
    await sleep(SETTLE_MS);
    return (memoryOf(pid) - before) / connections;
  } finally {
    for (const socket of sockets) socket.destroy();
    if (started !== undefined) await stop(started.child);
    await origins.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens so many, a few at a time, with one request on each; those not kept in `sockets` are closed. */
async function exchange(port: number, count: number, sockets: Socket[]): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) sockets.push(await oneRequest(port));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function oneRequest(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(REQUEST);
  await once(socket, 'data');
  return socket;
}
