/**
 * Starts the real program (bin/lb), or the real haproxy, on a configuration text and stops it again by pid.
 * Use `await using balancer = await startBalancer(...)`-like discipline: every start has its stop in t.after.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeningPaths, listeningSockets } from './listening-sockets.ts';
import { removeFolder } from './temporary-folder.ts';

export interface Balancer {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Folder of its own; the configuration stands there as haproxy.cfg. */
  readonly folder: string;
  /** Everything it printed so far. */
  output(): string;
  /** Sends SIGTERM (or the given signal) and waits for the end; gives the exit code (or signal name). */
  stop(signal?: NodeJS.Signals): Promise<number | string | null>;
  readonly ended: Promise<number | string | null>;
  openDescriptors(): number;
}

interface StartOptions {
  /** IPv4 ports that accept when it is up; none: nothing is waited for. */
  readonly ports?: readonly number[];
  /** Run haproxy instead of lb. */
  readonly program?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A start that hangs; on a busy machine one takes seconds. */
const START_MS = 60_000;

export const LB = resolve('bin/lb');

export async function startBalancer(
  t: TestContext,
  config: string,
  options: StartOptions = {},
): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-test-'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, config);
  const files = [...(options.program === undefined ? engineFile(folder) : []), '-f', file];
  const child = spawn(options.program ?? LB, [...files, '-db', ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const chunks: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null);
  const balancer: Balancer = {
    pid: child.pid ?? 0,
    process: child,
    folder,
    output: () => chunks.join(''),
    ended,
    openDescriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    removeFolder(folder);
  });
  const ports = options.ports ?? portsOf(config);
  for (const port of ports) await waitFor(balancer, `port ${port}`, () => listeningSockets(port).length > 0);
  // sockets of administrators are there a moment later, and HAProxy listens on them another moment later
  const paths = options.ports?.length === 0 ? [] : adminPathsOf(config);
  for (const path of paths)
    await waitFor(balancer, path, () => existsSync(path) && listeningPaths().has(path));
  return balancer;
}

/**
 * LB_TEST_ENGINE: the engine every lb of a test run serves with, in one thread where a test does not ask for more: what
 * threads share is none of an engine's matters, and each thread makes a start dearer. Unset: what lb chooses.
 */
function engineFile(folder: string): string[] {
  const engine = process.env['LB_TEST_ENGINE'];
  if (engine === undefined) return [];
  const file = join(folder, 'engine.cfg');
  writeFileSync(file, `global\n  tune.engine ${engine}\n  nbthread 1\n`);
  return ['-f', file];
}

/** Ports of `bind` and `stats socket` lines with a literal loopback address. */
function portsOf(config: string): number[] {
  return [...config.matchAll(/^\s*(?:bind|stats socket)\s+(?:ipv4@)?127\.0\.0\.1:(\d+)/gm)].map(match =>
    Number(match[1]),
  );
}

function adminPathsOf(config: string): string[] {
  return [...config.matchAll(/^\s*stats socket (\/[^\s@]+)/gm)].map(match => match[1] as string);
}

async function waitFor(balancer: Balancer, what: string, isThere: () => boolean): Promise<void> {
  const child = balancer.process;
  for (const deadline = Date.now() + START_MS; !isThere(); await sleep(10)) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended with ${child.exitCode ?? child.signalCode}:\n${balancer.output()}`);
    if (Date.now() > deadline) throw new Error(`${what} did not open:\n${balancer.output()}`);
  }
}

/** The other end does not close: a busy machine has it wait, but not so long. */
const EXCHANGE_MS = 60_000;

/** All that comes until the other end closes, over a connection of its own; fails where it does not. */
export async function exchangeRaw(
  port: number,
  bytes: string | Buffer,
  timeoutMs = EXCHANGE_MS,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  const giveUp = (): unknown =>
    socket.destroy(new Error(`no end within ${timeoutMs} ms, of: ${received().slice(0, 1000)}`));
  const timer = setTimeout(giveUp, timeoutMs);
  await once(socket, 'close').finally(() => clearTimeout(timer));
  return received();
}
