/**
 * Free TCP ports for tests. Taken below the ephemeral range, so that no outgoing connection of a parallel test
 * can sit on one between the probe and its use; never the same twice in a process.
 */
import { createServer } from 'node:net';

const LOWEST = 11_000;
const HIGHEST = 31_000;
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
