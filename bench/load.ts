/** Load on a balancer from the other CPU, by wrk (C speed) or autocannon (as its users would). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { LOAD_CPU } from './processes.ts';

export interface Load {
  readonly tool: 'wrk' | 'autocannon';
  readonly connections: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** wrk's own language: methods, bodies, changing paths. */
  readonly script?: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of sockets, and answers that are not 2xx. */
  readonly errors: number;
}

export async function run(
  load: Load,
  port: number,
  seconds: number,
  scriptFile: string,
): Promise<LoadResult> {
  const url = `http://127.0.0.1:${port}${load.path}`;
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  if (load.tool === 'wrk') {
    const script = load.script === undefined ? [] : ['-s', scriptFile];
    const options = ['-t1', `-c${load.connections}`, `-d${seconds}s`, '--latency', ...script, ...headers];
    return readWrk(await output('wrk', [...options, url]));
  }
  const options = ['-j', '-c', String(load.connections), '-d', String(seconds), ...headers];
  return readAutocannon(await output(process.execPath, [autocannonFile(), ...options, url]));
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn('taskset', ['-c', LOAD_CPU, program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return Buffer.concat(chunks).toString();
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

export function readWrk(text: string): LoadResult {
  const total = /(\d+) requests in/.exec(text);
  if (total === null || Number(total[1]) === 0) throw new Error(`no requests:\n${text}`);
  const percentile = (name: string): number => {
    const found = new RegExp(`^ +${name}% +([\\d.]+)(us|ms|s|m)$`, 'm').exec(text);
    return found === null ? NaN : Number(found[1]) * (UNITS[found[2] as string] as number);
  };
  const failures = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  return {
    requests: Number(total[1]),
    perSecond: Number(/Requests\/sec: +([\d.]+)/.exec(text)?.[1] ?? 0),
    p50Ms: percentile('50'),
    p99Ms: percentile('99'),
    errors: (failures?.slice(1).reduce((sum, count) => sum + Number(count), 0) ?? 0) + refused,
  };
}

interface AutocannonReport {
  readonly requests: { readonly total: number; readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly errors: number;
  readonly non2xx: number;
}

function readAutocannon(text: string): LoadResult {
  const { requests, latency, errors, non2xx } = JSON.parse(text) as AutocannonReport;
  if (requests.total === 0) throw new Error(`no requests:\n${text}`);
  return {
    requests: requests.total,
    perSecond: requests.average,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    errors: errors + non2xx,
  };
}

/** bench/ has dependencies of its own, beside the product's. */
export function autocannonFile(): string {
  return createRequire(new URL('../../bench/package.json', import.meta.url)).resolve('autocannon');
}
