/** A connection that a script makes (HAProxy's Lua API: Socket class): reads by line, by number of bytes, to the end. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const LF = 0x0a;
/** Received beyond this is left to the kernel. */
const MOST_RECEIVED = 1_048_576;

export type SocketTarget =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Bytes, or why there are none; then `partial` is what had come. */
export type Received =
  { readonly bytes: Buffer } | { readonly error: 'closed' | 'timeout'; readonly partial: Buffer };

export type ReadPattern = 'line' | 'all' | number;

interface Reading {
  readonly pattern: ReadPattern;
  readonly done: (received: Received) => void;
}

export class ScriptSocket {
  timeoutMs = 0;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #reading: Reading | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What waits for the connection, or for bytes to go out. */
  #failed: ((error: string) => void) | undefined;

  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Undefined: it is connected; else why not. */
  connect(target: SocketTarget, tls: boolean, done: (error: string | undefined) => void): void {
    this.close();
    const place = target.kind === 'unix' ? { path: target.path } : { host: target.host, port: target.port };
    const socket = tls ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
    this.#socket = socket;
    this.#ended = false;
    this.#failed = error => {
      this.close();
      done(error);
    };
    socket.on('error', error =>
      this.#fail((error as NodeJS.ErrnoException).code === 'ETIMEDOUT' ? 'timeout' : "Can't connect"),
    );
    socket.on('data', (bytes: Buffer) => this.#came(bytes));
    socket.on('end', () => this.#finish());
    socket.on('close', () => this.#finish());
    this.#arm(() => this.#fail('timeout'));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      if (this.#socket !== socket) return;
      this.#disarm();
      this.#failed = undefined;
      done(undefined);
    });
  }

  #arm(late: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = this.timeoutMs > 0 ? setTimeout(late, this.timeoutMs) : undefined;
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fail(error: string): void {
    const failed = this.#failed;
    this.#failed = undefined;
    this.#disarm();
    failed?.(error);
    this.#finish();
  }

  #came(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    if (this.#received.length > MOST_RECEIVED && this.#reading?.pattern !== 'all') this.#socket?.pause();
    this.#look();
  }

  #finish(): void {
    this.#ended = true;
    this.#look();
  }

  /** Undefined: it has to be waited for. */
  read(pattern: ReadPattern): Received | undefined {
    if (this.#socket === undefined && this.#received.length === 0)
      return { error: 'closed', partial: Buffer.alloc(0) };
    const length = this.#lengthOf(pattern);
    if (length >= 0) return this.#take(pattern, length);
    if (!this.#ended) return undefined;
    const partial = this.#received;
    this.#received = Buffer.alloc(0);
    if (pattern === 'all' && partial.length > 0) return { bytes: partial };
    return { error: 'closed', partial };
  }

  /** How many bytes the pattern takes; -1: not all of them are here. */
  #lengthOf(pattern: ReadPattern): number {
    if (pattern === 'all') return -1;
    if (pattern === 'line') return this.#received.indexOf(LF) + 1 || -1;
    return this.#received.length >= pattern ? pattern : -1;
  }

  #take(pattern: ReadPattern, length: number): Received {
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    if (this.#received.length <= MOST_RECEIVED) this.#socket?.resume();
    if (pattern !== 'line') return { bytes };
    return { bytes: Buffer.from(bytes.subarray(0, -1).toString('latin1').replace(/\r/g, ''), 'latin1') };
  }

  /** Calls `done` when read() has something to say, or the time is over. Answers how to give up. */
  whenRead(pattern: ReadPattern, done: (received: Received) => void): () => void {
    this.#reading = { pattern, done };
    this.#socket?.resume();
    this.#arm(() => {
      this.#reading = undefined;
      const partial = this.#received;
      this.#received = Buffer.alloc(0);
      done({ error: 'timeout', partial });
    });
    return () => {
      this.#reading = undefined;
      this.#disarm();
    };
  }

  #look(): void {
    const reading = this.#reading;
    const received = reading && this.read(reading.pattern);
    if (received === undefined) return;
    this.#reading = undefined;
    this.#disarm();
    reading?.done(received);
  }

  /** `done`: undefined when the kernel has it, else why not. */
  send(bytes: Buffer, done: (error: string | undefined) => void): () => void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || !socket.writable) {
      setImmediate(() => done('closed'));
      return () => undefined;
    }
    let isOver = false;
    const over = (error: string | undefined): void => {
      if (isOver) return;
      isOver = true;
      this.#failed = undefined;
      this.#disarm();
      done(error);
    };
    this.#failed = () => over('closed');
    this.#arm(() => over('timeout'));
    socket.write(bytes, error => over(error === null || error === undefined ? undefined : 'closed'));
    return () => {
      isOver = true;
      this.#disarm();
    };
  }

  close(): void {
    this.#disarm();
    this.#reading = this.#failed = undefined;
    this.#socket?.removeAllListeners();
    this.#socket?.on('error', () => undefined);
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
  }
}
