/** Talks to an admin socket as socat does: sends lines, ends its side, collects the answer. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A path, or a port of 127.0.0.1. */
type AdminAddress = string | number;

export async function connectAdmin(address: AdminAddress): Promise<Socket> {
  for (const deadline = Date.now() + 30_000; ; await sleep(10)) {
    const socket =
      typeof address === 'string'
        ? connect({ path: address, allowHalfOpen: true })
        : connect({ port: address, host: '127.0.0.1', allowHalfOpen: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** One line (or several), the whole answer. */
export async function ask(address: AdminAddress, lines: string, { halfClose = false } = {}): Promise<string> {
  const socket = await connectAdmin(address);
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]);
  socket.write(`${lines}\n`, 'latin1');
  if (halfClose) socket.end();
  await ended;
  socket.end();
  return Buffer.concat(chunks).toString('latin1');
}

/** A conversation in interactive mode: waits for what each line should bring. */
export class AdminTalk {
  readonly socket: Socket;
  #received = '';
  #closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => (this.#received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('end', () => (this.#closed = true));
    socket.on('close', () => (this.#closed = true));
  }

  /** Gives what was received up to and with `end`. */
  async until(end: string, withinMs = 30_000): Promise<string> {
    for (const deadline = Date.now() + withinMs; ; await sleep(5)) {
      const at = this.#received.indexOf(end);
      if (at >= 0) {
        const answer = this.#received.slice(0, at + end.length);
        this.#received = this.#received.slice(at + end.length);
        return answer;
      }
      if (this.#closed || Date.now() > deadline)
        throw new Error(`'${end}' did not come; received: ${JSON.stringify(this.#received)}`);
    }
  }

  async say(line: string, end: string): Promise<string> {
    this.socket.write(`${line}\n`);
    return this.until(end);
  }

  async closed(): Promise<void> {
    while (!this.#closed) await sleep(5);
  }
}
