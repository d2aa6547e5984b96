/**
 * `node steady-traffic-program.js PORT RATE`: sends so many requests a second evenly, every fifth a POST, until it gets
 * SIGTERM; then prints what became of them (`Tally`) as JSON and ends.
 */
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  sent: number;
  posts: number;
  /** `number: what came instead of 200`, of GETs. */
  failedGets: string[];
}

const [port = '0', rate = '0'] = process.argv.slice(2);
const tally: Tally = { sent: 0, posts: 0, failedGets: [] };
/** What each connection served last. */
const served = new WeakMap<Socket, { readonly id: string; readonly status: string; readonly atMs: number }>();
const agent = new Agent({ keepAlive: true, maxSockets: 500 });
const pending = new Set<Promise<void>>();
const over = new AbortController();
process.on('SIGTERM', () => over.abort());

const began = performance.now();
console.log('driving');
while (!over.signal.aborted) {
  while (tally.sent < ((performance.now() - began) * Number(rate)) / 1000) send(tally.sent++);
  await sleep(5);
}
await Promise.all(pending);
agent.destroy();
console.log(JSON.stringify(tally));

function send(number: number): void {
  const method = number % 5 === 0 ? 'POST' : 'GET';
  if (method === 'POST') tally.posts++;
  const one = ask(method, `${method}-${number}`).then(status => {
    if (method === 'GET' && status !== '200') tally.failedGets.push(`${number}: ${status}`);
    pending.delete(one);
  });
  pending.add(one);
}

function ask(method: string, id: string): Promise<string> {
  return new Promise(resolve => {
    const headers = { 'x-id': id, ...(method === 'POST' && { 'content-length': '4' }) };
    const beganMs = performance.now();
    let socket: Socket | undefined;
    const asking = request({ agent, port, host: '127.0.0.1', method, path: '/', headers }, response => {
      const status = String(response.statusCode);
      response.resume();
      response.once('end', () => {
        if (socket !== undefined) served.set(socket, { id, status, atMs: performance.now() });
        resolve(status);
      });
      response.once('error', error => resolve(error.message));
    });
    asking.once('error', error => resolve(`${error.message} ${circumstances(socket, beganMs)}`));
    asking.once('socket', used => (socket = used));
    asking.end(method === 'POST' ? 'body' : undefined);
  });
}

function circumstances(socket: Socket | undefined, beganMs: number): string {
  const last = socket && served.get(socket);
  const before = last && `served ${last.id} (${last.status}) ${Math.round(beganMs - last.atMs)} ms before`;
  return `after ${Math.round(performance.now() - beganMs)} ms on a connection that ${before ?? 'is new'}`;
}
