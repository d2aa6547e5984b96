/**
 * CPU time a request of a minimal TCP relay on each engine, against HAProxy in mode tcp, everything else equal.
 * The balancer has CPU 0 for itself; nginx as origin and wrk share CPU 1. The figure is the scheduler's own account
 * of the balancer's process tree. Ratios are medians over rounds in which each candidate runs once.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, ConnectionHandler, Engine } from '../src/net/connection.ts';
import { NodeEngine } from '../src/net/engines/node/engine.ts';
import { UringEngine } from '../src/net/engines/uring/engine.ts';
import { isListenFailure, openListening } from '../src/net/listening-socket.ts';
import { Relay } from '../src/net/relay.ts';
import { commandLine } from './command-line.ts';

const TIMEOUTS = { client: 50_000, server: 50_000, tunnel: 0, clientFin: 0, serverFin: 0 };

const USAGE = `node dist/bench/engine-relay.js [--only haproxy,node,uring] [--connections 64] [--pairs 5] [--seconds 2]
                                [--path /]`;

const values = commandLine(USAGE, {
  serve: { type: 'string' },
  port: { type: 'string' },
  origin: { type: 'string' },
  only: { type: 'string', default: 'haproxy,node,uring' },
  connections: { type: 'string', default: '64' },
  pairs: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '2' },
  path: { type: 'string', default: '/' },
});

if (values.serve !== undefined) serve(values.serve, Number(values.port), Number(values.origin));
else await compare();

/** The candidate: accept, connect, relay. */
function serve(engineName: string, port: number, origin: number): void {
  const engine = makeEngine(engineName);
  const listening = openListening(
    {
      address: { kind: 'ip', family: 4, host: '127.0.0.1', port },
      backlog: 0,
      transparent: false,
      v4v6: false,
      v6only: false,
      deferAccept: false,
      tfo: false,
      tcpUserTimeoutMs: 0,
    },
    1,
  );
  if (isListenFailure(listening)) throw new Error(listening.message);
  engine.listen(
    listening.fds[0] as number,
    client => {
      client.handler = FORGET;
      engine.connect(
        { kind: 'ip', family: 4, host: '127.0.0.1', port: origin },
        { ...FORGET, onConnected: server => startRelay(engine, client, server) },
      );
    },
    code => console.error(code),
  );
}

const FORGET: ConnectionHandler = {
  onConnected: () => undefined,
  onReceived: () => undefined,
  onEnd: () => undefined,
  onSent: () => undefined,
  onFailed: connection => connection.close(),
};

function startRelay(engine: Engine, client: Connection, server: Connection): void {
  new Relay(engine.wheel, client, server, TIMEOUTS, () => undefined).start();
}

function makeEngine(name: string): Engine {
  if (name === 'node') return new NodeEngine({ bufsize: 16384 });
  return new UringEngine({ bufsize: 16384 });
}

interface Candidate {
  readonly name: string;
  readonly command: readonly string[];
  readonly port: number;
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  const base = 20_000 + Math.floor(Math.random() * 5000);
  const children: ChildProcess[] = [];
  try {
    children.push(startOrigin(folder, base));
    const wanted = values.only.split(',');
    const candidates = wanted.map((name, i) => candidate(name, folder, base + 1 + i, base));
    const started = candidates.map(({ command }) => pinned(0, command));
    children.push(...started);
    await new Promise(resolve => setTimeout(resolve, 1500));
    const costs = await measureAll(candidates, started);
    report(candidates, costs);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function startOrigin(folder: string, port: number): ChildProcess {
  writeFileSync(join(folder, 'large'), Buffer.alloc(1 << 20, 'x'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `worker_processes 1; daemon off; error_log stderr; pid ${folder}/nginx.pid;
     events { worker_connections 8000; }
     http { access_log off; keepalive_requests 100000000; tcp_nopush on; sendfile on;
       client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
       uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
       server { listen 127.0.0.1:${port}; root ${folder}; location = / { return 200 "${'o'.repeat(100)}"; } } }`,
  );
  return pinned(1, ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]);
}

function candidate(name: string, folder: string, port: number, origin: number): Candidate {
  if (name !== 'haproxy') {
    const command = [process.execPath, process.argv[1] as string, '--serve', name];
    return { name, port, command: [...command, '--port', String(port), '--origin', String(origin)] };
  }
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n  maxconn 8000\n  nbthread 1\ndefaults\n  mode tcp\n  timeout client 50s\n  timeout server 50s\n  timeout connect 5s
listen x\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${origin}\n`,
  );
  return { name, port, command: [process.env['HAPROXY'] ?? 'haproxy', '-db', '-f', file] };
}

function pinned(cpu: number, command: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', String(cpu), ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function measureAll(
  candidates: readonly Candidate[],
  started: readonly ChildProcess[],
): Promise<number[][]> {
  const costs: number[][] = candidates.map(() => []);
  for (const { port } of candidates) await load(port, 0.5);
  for (let round = 0; round < Number(values.pairs); round++)
    for (const [i, { port }] of candidates.entries()) {
      const pid = started[i]?.pid as number;
      const before = cpuNs(pid);
      const requests = await load(port, Number(values.seconds));
      costs[i]?.push((cpuNs(pid) - before) / 1000 / requests);
    }
  return costs;
}

/** wrk from CPU 1; gives the number of requests answered. */
async function load(port: number, seconds: number): Promise<number> {
  const url = `http://127.0.0.1:${port}${values.path}`;
  const args = ['-t1', `-c${values.connections}`, `-d${Math.max(1, Math.round(seconds))}s`, url];
  const child = spawn('taskset', ['-c', '1', 'wrk', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise(resolve => child.once('close', resolve));
  const text = Buffer.concat(chunks).toString();
  const found = /(\d+) requests in/.exec(text);
  if (found === null || Number(found[1]) === 0) throw new Error(`no requests:\n${text}`);
  if (/Socket errors|Non-2xx/.test(text)) console.error(text);
  return Number(found[1]);
}

/** Of the process, its threads and its children, by the scheduler's account. */
function cpuNs(pid: number): number {
  const own = readdirSync(`/proc/${pid}/task`).map(task =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]),
  );
  const children = spawnSync('pgrep', ['-P', String(pid)])
    .stdout.toString()
    .trim()
    .split('\n');
  const nested = children.filter(child => child !== '').map(child => cpuNs(Number(child)));
  return [...own, ...nested].reduce((sum, ns) => sum + ns, 0);
}

function report(candidates: readonly Candidate[], costs: readonly number[][]): void {
  const median = (list: readonly number[]): number =>
    list.toSorted((a, b) => a - b)[list.length >> 1] as number;
  const base = costs[0] as number[];
  for (const [i, { name }] of candidates.entries()) {
    const own = costs[i] as number[];
    const ratio = median(own.map((cost, round) => cost / (base[round] as number)));
    console.log(`${name.padEnd(10)} ${median(own).toFixed(2)} us a request, ratio ${ratio.toFixed(2)}`);
  }
}
