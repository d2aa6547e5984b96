/**
 * Both ends of the stress test, in a thread of their own: clients that connect through the relay, and the origin
 * it connects to. Every byte is checked by its place. Some exchange everything in an orderly way, others abort,
 * reset, half-close early, pause, or read slowly. Run by engine-stress.ts.
 *
 *   client ──▶ number:4  bytes wanted:4  pattern(2·number) …  FIN        origin ──▶ pattern(2·number + 1) …  FIN
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { isPattern, patternOf } from './stress-pattern.ts';

export interface StressPlan {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface StressReport {
  readonly started: number;
  readonly orderly: number;
  readonly aborted: number;
  readonly bytes: number;
  readonly faults: readonly string[];
}

type Temper = 'orderly' | 'abort' | 'reset' | 'slow' | 'pause';

const TEMPERS: readonly Temper[] = ['orderly', 'orderly', 'orderly', 'slow', 'pause', 'abort', 'reset'];
const HEADER = 8;
const LARGEST = 300_000;

const plan = workerData as StressPlan;
let state = plan.seed | 1;
const faults: string[] = [];
const counts = { started: 0, orderly: 0, aborted: 0, bytes: 0 };
let open = 0;
let stopping = false;

function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function fault(text: string): void {
  if (faults.length < 20) faults.push(text);
}

/** Writes `total` bytes of the pattern in pieces, then FIN; may do something rude half-way. */
function speak(socket: Socket, stream: number, total: number, temper: Temper): void {
  const rudeAt = temper === 'abort' || temper === 'reset' ? random(total + 1) : Infinity;
  let sent = 0;
  const more = (): void => {
    while (!socket.destroyed && sent < total) {
      if (sent >= rudeAt) return misbehave(socket, temper);
      const piece = patternOf(stream, sent, Math.min(1 + random(70_000), total - sent));
      sent += piece.length;
      if (!socket.write(piece)) return void socket.once('drain', more);
      if (temper === 'pause' && random(4) === 0) return void setTimeout(more, random(20));
    }
    if (sent >= rudeAt) misbehave(socket, temper);
    else if (!socket.destroyed) socket.end();
  };
  more();
}

function misbehave(socket: Socket, temper: Temper): void {
  if (temper === 'reset') socket.resetAndDestroy();
  else socket.destroy();
}

function beSlow(socket: Socket): void {
  socket.pause();
  setTimeout(() => socket.resume(), 1 + random(30));
}

function startClient(): void {
  const number = ++counts.started;
  const [toSend, wanted] = [random(LARGEST), random(LARGEST)];
  const temper = TEMPERS[random(TEMPERS.length)] as Temper;
  const socket = connect({ port: plan.port, host: '127.0.0.1', allowHalfOpen: true });
  open++;
  let received = 0;
  let ended = false;
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    if (!isPattern(number * 2 + 1, received, chunk)) fault(`client ${number}: wrong bytes at ${received}`);
    received += chunk.length;
    counts.bytes += chunk.length;
    if (temper === 'slow') beSlow(socket);
  });
  socket.on('end', () => {
    ended = true;
    if (received > wanted) fault(`client ${number}: ${received} bytes instead of ${wanted}`);
  });
  socket.on('close', () => {
    open--;
    if (ended && received === wanted) counts.orderly++;
    else counts.aborted++;
    next();
  });
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(number, 0);
  header.writeUInt32LE(wanted, 4);
  socket.write(header);
  speak(socket, number * 2, toSend, temper);
}

function serveOrigin(socket: Socket): void {
  let header = Buffer.alloc(0);
  let number = 0;
  let received = 0;
  const temper = random(5) === 0 ? (TEMPERS[random(TEMPERS.length)] as Temper) : 'orderly';
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    let rest = chunk;
    if (header.length < HEADER) {
      const all = Buffer.concat([header, chunk]);
      header = all.subarray(0, HEADER);
      if (header.length < HEADER) return;
      rest = all.subarray(HEADER);
      number = header.readUInt32LE(0);
      speak(socket, number * 2 + 1, header.readUInt32LE(4), temper);
    }
    if (!isPattern(number * 2, received, rest)) fault(`origin of ${number}: wrong bytes at ${received}`);
    received += rest.length;
    counts.bytes += rest.length;
    if (temper === 'slow') beSlow(socket);
  });
  socket.on('end', () => {
    if (header.length < HEADER) socket.end();
  });
}

function next(): void {
  if (!stopping) startClient();
  else if (open === 0) finish();
}

function finish(): void {
  origin.close();
  const report: StressReport = { ...counts, faults };
  parentPort?.postMessage({ kind: 'done', report });
}

const origin = createServer({ allowHalfOpen: true }, serveOrigin);
origin.listen(0, '127.0.0.1', 4096, () => {
  parentPort?.postMessage({ kind: 'listening', port: (origin.address() as AddressInfo).port });
});

parentPort?.once('message', () => {
  for (let i = 0; i < plan.connections; i++) setTimeout(startClient, random(300));
  setTimeout(() => {
    stopping = true;
  }, plan.seconds * 1000);
});
