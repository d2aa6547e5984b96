/**
 * Load on a balancer from the other CPU: by wrk (C speed), autocannon (as its users would), ab (a full handshake for each
 * connection), h2load (HTTP/2), or the websocket clients of bench/peers.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  type LoadResult,
  readAb,
  readAutocannon,
  readH2load,
  readWebsocketClients,
  readWrk,
} from './load-reports.ts';
import { LOAD_CPU } from './processes.ts';

export interface Load {
  readonly tool: 'wrk' | 'autocannon' | 'ab' | 'h2load' | 'websocket';
  readonly connections: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isSecure: boolean;
  /** wrk's own language: methods, bodies, changing paths. */
  readonly script?: string;
}

/** Where the load goes to, and for how long. */
interface Target {
  readonly port: number;
  readonly url: string;
  readonly seconds: number;
  readonly scriptFile: string;
}

interface Tool {
  command(load: Load, target: Target): readonly string[];
  read(text: string, seconds: number): LoadResult;
}

/** More than a measurement takes: ab ends by time, but has to be told a number. */
const NO_LIMIT = '10000000';
/** Streams of each HTTP/2 connection. */
const STREAMS = 8;
const WEBSOCKETS = fileURLToPath(new URL('../../bench/peers/websocket-load.mjs', import.meta.url));

const headerOptions = ({ headers }: Load): string[] =>
  Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);

const TOOLS: Readonly<Record<Load['tool'], Tool>> = {
  wrk: {
    command: (load, { url, seconds, scriptFile }) => {
      const script = load.script === undefined ? [] : ['-s', scriptFile];
      const options = ['-t1', `-c${load.connections}`, `-d${seconds}s`, '--latency', ...script];
      return ['wrk', ...options, ...headerOptions(load), url];
    },
    read: readWrk,
  },
  autocannon: {
    command: (load, { url, seconds }) => {
      const options = ['-j', '-c', String(load.connections), '-d', String(seconds)];
      return [process.execPath, autocannonFile(), ...options, ...headerOptions(load), url];
    },
    read: readAutocannon,
  },
  ab: {
    command: (load, { url, seconds }) => {
      const limits = ['-t', String(seconds), '-n', NO_LIMIT, '-c', String(load.connections)];
      return ['ab', '-q', ...limits, ...headerOptions(load), url];
    },
    read: readAb,
  },
  h2load: {
    command: ({ connections }, { url, seconds }) => {
      const streams = ['-c', String(connections), '-m', String(STREAMS)];
      return ['h2load', ...streams, '-D', String(seconds), url];
    },
    read: readH2load,
  },
  websocket: {
    command: ({ connections }, { port, seconds }) =>
      [process.execPath, WEBSOCKETS, port, connections, seconds].map(String),
    read: readWebsocketClients,
  },
};

export async function run(
  load: Load,
  port: number,
  seconds: number,
  scriptFile: string,
): Promise<LoadResult> {
  const url = `http${load.isSecure ? 's' : ''}://127.0.0.1:${port}${load.path}`;
  const tool = TOOLS[load.tool];
  return tool.read(await output(tool.command(load, { port, url, seconds, scriptFile })), seconds);
}

async function output(command: readonly string[]): Promise<string> {
  const child = spawn('taskset', ['-c', LOAD_CPU, ...command], { stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return Buffer.concat(chunks).toString();
}

/** bench/ has dependencies of its own, beside the product's. */
export function autocannonFile(): string {
  return createRequire(new URL('../../bench/package.json', import.meta.url)).resolve('autocannon');
}
