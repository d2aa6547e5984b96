/**
 * An engine without a network: connections are pairs of byte queues, time passes only when nothing else can happen.
 * `lb explain` runs a real session on it, so that what it tells is what traffic gets.
 */
import type {
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Endpoint,
  Engine,
  Listener,
  Waiting,
} from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import { TimerWheel } from '../../net/timer-wheel.ts';

export interface MemoryPeer {
  /** The session sent bytes. */
  onOutput(connection: MemoryConnection, bytes: Buffer): void;
  /** The session closed its end, or said that it sends no more. */
  onClosed(connection: MemoryConnection): void;
}

export class MemoryEngine implements Engine {
  readonly name = 'node';
  readonly wheel: TimerWheel;
  /** What the other ends of connections do. */
  readonly #peer: MemoryPeer;
  readonly #tasks: (() => void)[] = [];
  readonly #listeners: ((connection: Connection) => void)[] = [];
  #nowMs: number;
  #nextId = 1;
  /** Of the last connection asked for. */
  target: ConnectTarget | undefined;
  readonly openConnections = 0;

  constructor(startMs: number, peer: MemoryPeer) {
    this.#nowMs = startMs;
    this.#peer = peer;
    this.wheel = new TimerWheel(() => this.#nowMs, { live: true });
  }

  listen(_fd: number, onAccept: (connection: Connection) => void): Listener {
    this.#listeners.push(onAccept);
    return { pause: () => undefined, resume: () => undefined, close: () => undefined, paused: false };
  }

  /** A client arrives at the listener opened last, which is told in its turn. */
  accept(remote: Endpoint, local: Endpoint): MemoryConnection {
    const connection = new MemoryConnection(this.#nextId++, UNSET, remote, local, this, this.#peer);
    this.later(() => this.#listeners.at(-1)?.(connection));
    return connection;
  }

  connect(target: ConnectTarget, handler: ConnectionHandler): Connection {
    this.target = target;
    const remote: Endpoint =
      target.kind === 'ip'
        ? { family: target.family, host: target.host, port: target.port }
        : { family: 0, host: target.path, port: 0 };
    const local: Endpoint = { family: remote.family, host: '', port: 0 };
    const connection = new MemoryConnection(this.#nextId++, handler, remote, local, this, this.#peer);
    this.later(() => {
      if (!connection.closed) connection.handler.onConnected(connection);
    });
    return connection;
  }

  adopt(): never {
    throw new Error('nothing here is a socket');
  }

  queue(waiting: Waiting): void {
    this.later(() => waiting.deliver());
  }

  later(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Runs until `over`, asked when everybody waits, or until nothing is left to wait for. Waiting costs no time. */
  run(over: () => boolean, mostWaits = 10_000): void {
    for (let waits = 0; waits < mostWaits; waits++) {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
      if (over()) return;
      if (this.#tasks.length > 0) continue;
      if (this.wheel.wakeAt === Infinity) return;
      this.#nowMs = Math.max(this.wheel.wakeAt, this.#nowMs);
      this.wheel.advance();
    }
  }

  destroy(): void {
    this.#tasks.length = 0;
  }
}

export class MemoryConnection implements Connection {
  readonly id: number;
  handler: ConnectionHandler;
  remote: Endpoint;
  local: Endpoint;
  bytesIn = 0;
  bytesOut = 0;
  readonly fd = -1;
  receiving = false;
  sending = false;
  closed = false;
  readonly #engine: MemoryEngine;
  readonly #peer: MemoryPeer;
  #arriving: Buffer[] = [];

  constructor(
    id: number,
    handler: ConnectionHandler,
    remote: Endpoint,
    local: Endpoint,
    engine: MemoryEngine,
    peer: MemoryPeer,
  ) {
    this.id = id;
    this.handler = handler;
    this.remote = remote;
    this.local = local;
    this.#engine = engine;
    this.#peer = peer;
  }

  /** Bytes from the other end. */
  deliver(bytes: Buffer): void {
    this.#arriving.push(bytes);
    this.#pass();
  }

  receive(): void {
    if (this.receiving) throw new Error('a read is armed already');
    this.receiving = true;
    this.#pass();
  }

  #pass(): void {
    this.#engine.later(() => {
      const bytes = this.#arriving[0];
      if (this.closed || !this.receiving || bytes === undefined) return;
      this.#arriving.shift();
      this.receiving = false;
      this.bytesIn += bytes.length;
      this.handler.onReceived(this, bytes, 0, bytes.length);
    });
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is pending already');
    this.sending = true;
    this.bytesOut += length;
    this.#peer.onOutput(this, Buffer.from(buffer.subarray(offset, offset + length)));
    this.#engine.later(() => {
      if (this.closed) return;
      this.sending = false;
      this.handler.onSent(this);
    });
  }

  shutdown(): void {
    this.#peer.onClosed(this);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = this.sending = false;
    this.#peer.onClosed(this);
  }

  reset(): void {
    this.close();
  }
}
