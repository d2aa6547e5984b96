/**
 * What checking many servers costs: CPU of the control thread and lateness of checks, beside HAProxy.
 *
 *   node bench/checks.mjs [servers=10000] [seconds=10] [inter=2s] [tcp|http] [apart|together]
 *
 * Together: both run at the same time, each with checked servers of its own, and are measured over the same seconds, so
 * that both meet the same machine; apart: one after the other.
 *
 * All servers are loopback addresses of one process that accepts and notes when; lateness is how much later than
 * `inter` after the one before a check arrives. HAProxy's figure is that of its whole process, with one thread. Of its
 * plain TCP checks nothing arrives (it resets connections before they are complete): ask for http to see its lateness.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const ANSWER = 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n';

if (isMainThread) await main();
else serve(workerData.interMs);

/** The checked servers: notes the arrivals of each address. */
function serve(interMs) {
  const last = new Map();
  let late = [];
  const server = createServer(socket => {
    const now = performance.now();
    const address = socket.localAddress;
    const before = last.get(address);
    if (before !== undefined) late.push(now - before - interMs);
    last.set(address, now);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(ANSWER));
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
    // all of 127.0.0.0/8 arrives at a wildcard listener on the same port
    const { port } = server.address();
    server.close(() =>
      server.listen({ host: '0.0.0.0', port, backlog: 4096 }, () => parentPort.postMessage({ port })),
    );
  });
  parentPort.on('message', () => {
    parentPort.postMessage({ late, servers: last.size });
    late = [];
  });
}

async function main() {
  const [servers = 10_000, seconds = 10, inter = '2s', kind = 'tcp', how = 'apart'] = process.argv.slice(2);
  const interMs = inter.endsWith('ms') ? Number(inter.slice(0, -2)) : Number(inter.replace('s', '')) * 1000;
  console.log(`${servers} servers, ${kind} checks, inter ${inter}, measured over ${seconds} s, ${how}`);
  const measures = [
    { name: 'lb, control thread', program: resolve('bin/lb'), thread: 'first' },
    { name: 'haproxy, 1 thread', program: 'haproxy', thread: 'all' },
  ].map(one => measure(one, Number(servers), Number(seconds), inter, interMs, kind));
  if (how === 'apart') {
    for (const one of measures) {
      await one.begin();
      console.log(await one.finish());
    }
    return;
  }
  await Promise.all(measures.map(one => one.begin()));
  for (const line of await Promise.all(measures.map(one => one.finish()))) console.log(line);
}

/** `begin`: until all servers are checked; `finish`: measures, and ends it. */
function measure({ name, program, thread }, count, seconds, inter, interMs, kind) {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  let target;
  let child;
  return {
    async begin() {
      target = new Worker(new URL(import.meta.url), { workerData: { interMs } });
      const { port } = await once(target);
      const file = join(folder, 'haproxy.cfg');
      writeFileSync(file, configuration(folder, count, port, inter, kind));
      child = spawn(program, ['-f', file, '-db'], { stdio: 'ignore' });
      process.once('exit', () => child.kill('SIGKILL'));
      await (kind === 'http' ? settled(target, count, interMs) : sleep(8 * interMs));
    },
    async finish() {
      ask(target);
      await once(target);
      const before = processorSeconds(child.pid, thread);
      await sleep(seconds * 1000);
      const used = (processorSeconds(child.pid, thread) - before) / seconds;
      ask(target);
      const { late } = await once(target);
      child.kill('SIGKILL');
      await target.terminate();
      rmSync(folder, { recursive: true, force: true });
      return `${name}: ${(used * 100).toFixed(2)} % of a core, ${late.length} checks, late by ${quantiles(late)}`;
    },
  };
}

/** Every server has been checked at least twice. */
async function settled(target, count, interMs) {
  let servers = 0;
  for (let left = 30; left > 0; left--) {
    await sleep(1000);
    ask(target);
    ({ servers } = await once(target));
    if (servers === count) return sleep(2 * interMs);
  }
  throw new Error(`only ${servers} servers are checked`);
}

function configuration(folder, count, port, inter, kind) {
  const addresses = Array.from({ length: count }, (_, index) => index + 1).map(
    number => `127.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
  );
  return `global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind unix@${folder}/socket
  default_backend b
backend b
  balance roundrobin
  ${kind === 'http' ? 'option httpchk' : ''}
${addresses.map((address, index) => `  server s${index} ${address}:${port} check inter ${inter}`).join('\n')}
`;
}

/** Seconds of processor time used so far, by the first thread or by all: the scheduler's own count, not by ticks. */
function processorSeconds(pid, thread) {
  const folder = `/proc/${pid}/task`;
  const threads = readdirSync(folder).toSorted((a, b) => a - b);
  const counted = thread === 'first' ? threads.slice(0, 1) : threads;
  const nanoseconds = counted.map(id =>
    Number(readFileSync(`${folder}/${id}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((a, b) => a + b) / 1e9;
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share => `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1)} ms`;
  return `${at(0.5)} (median), ${at(0.99)} (99 %), ${at(1)} (most)`;
}

function ask(target) {
  target.postMessage('tell');
}

function once(target) {
  return new Promise(done => target.once('message', done));
}
