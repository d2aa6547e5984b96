/**
 * What large configurations cost beside HAProxy: processor time and peak memory of a check (`-c`), and of a start until the
 * first request is answered. Prints a table (docs/performance.md, "Large configurations"); `--size 0.5` takes half of each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.ts';
import { type LargeConfiguration, LARGE_CONFIGURATIONS } from './large-configurations.ts';
import { freePort, stop } from './processes.ts';

const USAGE =
  'node dist/bench/large-start.js [--size 1] [--rounds 3] [--only frontends] [--contestants haproxy,lb]';

const LOOK_MS = 5;
const TICKS_A_SECOND = 100;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Cost {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const values = commandLine(USAGE, {
  size: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '3' },
  only: { type: 'string', default: '' },
  contestants: { type: 'string', default: 'haproxy,lb' },
});

console.log('| | | check: CPU | peak memory | first answer: CPU | peak memory | after |');
console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
for (const large of LARGE_CONFIGURATIONS)
  if (large.name.startsWith(values.only)) await measure(large, Math.round(large.count * Number(values.size)));

async function measure(large: LargeConfiguration, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-large-'));
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, large.text(count, port, folder));
  for (const name of values.contestants.split(',')) {
    const program = programOf(name);
    const checks: Cost[] = [];
    const starts: (Cost & { readonly seconds: number })[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      checks.push(await check([...program, '-q', '-c', '-f', file]));
      starts.push(await firstAnswer([...program, '-q', '-db', '-f', file], port));
    }
    const wall = least(starts.map(({ seconds }) => seconds));
    const cells = [
      `${count} ${large.name}`,
      name,
      ...figures(checks),
      ...figures(starts),
      `${wall.toFixed(2)} s`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  rmSync(folder, { recursive: true });
}

/** `lb=<folder>`: one that was built elsewhere. */
function programOf(name: string): readonly string[] {
  const [own, folder = ROOT] = name.split('=');
  return own === 'lb' ? [process.execPath, join(folder, 'bin/lb')] : [process.env['HAPROXY'] ?? name];
}

/** The least of all rounds: what else the machine does only adds to it. */
function least(numbers: readonly number[]): number {
  return Math.min(...numbers);
}

function figures(costs: readonly Cost[]): string[] {
  const cpu = least(costs.map(({ cpuSeconds }) => cpuSeconds));
  const memory = least(costs.map(({ peakMegabytes }) => peakMegabytes));
  return [`${cpu.toFixed(2)} s`, `${memory.toFixed(0)} MB`];
}

async function check(command: readonly string[]): Promise<Cost> {
  const child = spawned(command);
  let cost: Cost = { cpuSeconds: 0, peakMegabytes: 0 };
  while (child.exitCode === null && child.signalCode === null) {
    cost = costOf(child) ?? cost;
    await sleep(LOOK_MS);
  }
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${child.exitCode}`);
  return cost;
}

async function firstAnswer(
  command: readonly string[],
  port: number,
): Promise<Cost & { readonly seconds: number }> {
  const began = performance.now();
  const child = spawned(command);
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with ${child.exitCode}`);
    await sleep(LOOK_MS);
  }
  const seconds = (performance.now() - began) / 1000;
  const cost = costOf(child) as Cost;
  await stop(child);
  return { ...cost, seconds };
}

function spawned(command: readonly string[]): ChildProcess {
  const [program, ...args] = command as [string, ...string[]];
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.write('GET / HTTP/1.0\r\n\r\n');
  });
}

/** So far; undefined: it is gone. */
function costOf({ pid }: ChildProcess): Cost | undefined {
  const status = read(`/proc/${pid}/status`);
  const stat = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status ?? '')?.[1];
  if (stat === undefined || peak === undefined) return undefined;
  const [user, system] = [stat[11], stat[12]].map(Number) as [number, number];
  return { cpuSeconds: (user + system) / TICKS_A_SECOND, peakMegabytes: Number(peak) / 1024 };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
