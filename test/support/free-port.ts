/**
 * Free TCP ports for tests. Taken below the ephemeral range, so that no outgoing connection of a parallel test can sit
 * on one between the probe and its use, and from blocks of which each belongs to one process: both programs share their
 * ports with whoever binds them too, so that of two tests with the same port each would get clients of the other.
 */
import { createServer, type Server } from 'node:net';

const LOWEST = 11_000;
const BLOCKS = 200;
const PORTS_EACH = 100;
/** Of the block of this process, not yet given. */
let left: number[] = [];
/** The last to ask: one is served after the other. */
let last: Promise<unknown> = Promise.resolve();

/** Never the same twice in a process. */
export function freePort(): Promise<number> {
  const port = last.then(nextPort);
  last = port;
  return port;
}

export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

async function nextPort(): Promise<number> {
  for (;;) {
    while (left.length === 0) left = await claimBlock();
    const port = left.pop();
    if (port !== undefined && (await isFree(port))) return port;
  }
}

/** The ports of a block that no process has: an abstract unix socket stands for it, which goes with the process. */
async function claimBlock(): Promise<number[]> {
  const block = Math.floor(Math.random() * BLOCKS);
  const claim = createServer().unref();
  if (!(await listens(claim, { path: `\0lb-test-ports-${block}` }))) return [];
  return Array.from({ length: PORTS_EACH }, (_, index) => LOWEST + block * PORTS_EACH + index);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await listens(server, { port, host: '0.0.0.0' });
  if (free) await new Promise(resolve => server.close(resolve));
  return free;
}

function listens(server: Server, where: { path: string } | { port: number; host: string }): Promise<boolean> {
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(where, () => resolve(true));
  });
}
