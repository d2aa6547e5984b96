/** Listening sockets and recording handlers for the engine suite. */
import type { Cause } from '../../src/base/failure.ts';
import type { Connection, ConnectionHandler, Engine, Listener } from '../../src/net/connection.ts';
import type { ListenSettings } from '../../src/net/listen-settings.ts';
import { isListenFailure, openListening } from '../../src/net/listening-socket.ts';

export function listenSettings(over: Partial<ListenSettings> = {}): ListenSettings {
  return {
    address: { kind: 'ip', family: 4, host: '127.0.0.1', port: 0 },
    backlog: 0,
    transparent: false,
    v4v6: false,
    v6only: false,
    deferAccept: false,
    tfo: false,
    tcpUserTimeoutMs: 0,
    ...over,
  };
}

export interface TestListener {
  readonly port: number;
  readonly fd: number;
  readonly listener: Listener;
  readonly errors: string[];
}

export function listenOnLoopback(engine: Engine, onAccept: (connection: Connection) => void): TestListener {
  const opened = openListening(listenSettings(), 1);
  if (isListenFailure(opened)) throw new Error(opened.message);
  const [fd = -1] = opened.fds;
  const errors: string[] = [];
  const listener = engine.listen(fd, onAccept, code => errors.push(code));
  return { port: opened.endpoint.port, fd, listener, errors };
}

export type Happening =
  | { readonly kind: 'connected' | 'end' | 'sent' }
  | { readonly kind: 'received'; readonly bytes: Buffer }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** A handler that records what happens and lets a test await it. Received bytes are copied at once. */
export class Recorder implements ConnectionHandler {
  readonly happened: Happening[] = [];
  #waiting: (() => void) | undefined;

  onConnected(): void {
    this.#add({ kind: 'connected' });
  }

  onReceived(_: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#add({ kind: 'received', bytes: Buffer.from(buffer.subarray(offset, offset + length)) });
  }

  onEnd(): void {
    this.#add({ kind: 'end' });
  }

  onSent(): void {
    this.#add({ kind: 'sent' });
  }

  onFailed(_: Connection, cause: Cause): void {
    this.#add({ kind: 'failed', cause });
  }

  /** The next happening that was not taken yet. */
  async next(): Promise<Happening> {
    while (this.happened.length === 0)
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
    return this.happened.shift() as Happening;
  }

  #add(happening: Happening): void {
    this.happened.push(happening);
    this.#waiting?.();
  }
}

export function connectLoopback(engine: Engine, port: number, handler: ConnectionHandler): Connection {
  return engine.connect({ kind: 'ip', family: 4, host: '127.0.0.1', port }, handler);
}

/** What a promise gives, or a failure that says what was awaited. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
