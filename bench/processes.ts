/** Processes of a measurement: started on a CPU, their CPU time and memory, and their end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** The balancer's, alone; load, origins and this program have the other. */
export const BALANCER_CPU = '0';
export const LOAD_CPU = '1';

export function pinned(cpus: string, command: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', cpus, ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export function pinOwnProcess(): void {
  spawnSync('taskset', ['-acp', LOAD_CPU, String(process.pid)]);
}

/** CPU time by the scheduler's account, of all threads of a process and its children. */
export function cpuNs(pid: number): number {
  return tree(pid)
    .flatMap(member => readdirSync(`/proc/${member}/task`).map(task => schedstat(member, task)))
    .reduce((sum, ns) => sum + ns, 0);
}

function schedstat(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** Bytes of memory that it has written itself. Its share of pages it has in common with others would change with them. */
export function memoryOf(pid: number): number {
  return tree(pid)
    .map(
      member =>
        /^Private_Dirty: +(\d+) kB/m.exec(readFileSync(`/proc/${member}/smaps_rollup`, 'latin1'))?.[1],
    )
    .reduce((sum, kilobytes) => sum + Number(kilobytes ?? 0) * 1024, 0);
}

function tree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap(task => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
  return [pid, ...children.flatMap(tree)];
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(timer);
}

/** Resolves when it accepts; rejects when it has ended before, or takes too long. */
export async function accepting(child: ChildProcess, port: number, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${what} ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${what} does not accept`);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
