/**
 * The engine that runs everywhere: node:net under the connection interface. It also carries what the ring engine
 * leaves to libuv (unix sockets). One for each data thread; the control thread makes one for health checks.
 */
import type { Socket } from 'node:net';
import type {
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Engine,
  Listener,
  Waiting,
} from '../../connection.ts';
import { descriptorLimit } from '../../descriptor-limit.ts';
import { UNSET } from '../unset-handler.ts';
import { preparedSocket } from '../../prepared-socket.ts';
import type { TimerWheel } from '../../timer-wheel.ts';
import { type ConnectionHost, NodeConnection } from './connection.ts';
import { NodeListener } from './listener.ts';
import { ReadBuffers } from './read-buffers.ts';
import { adoptPublicly, type OwnedSocket, SocketMaker } from './stream-socket.ts';
import { WheelDriver } from './wheel-driver.ts';

interface NodeEngineOptions {
  /** Size of a read, `tune.bufsize`. */
  readonly bufsize: number;
  /** Checking mode: a released buffer is overwritten, so that a use after release shows. */
  readonly poison?: boolean;
  /** The wheel of an engine that this one serves; it drives its own otherwise. */
  readonly wheel?: TimerWheel;
  /** Numbers connections, where another engine of the thread numbers them too. */
  readonly nextId?: () => number;
}

export class NodeEngine implements Engine, ConnectionHost {
  readonly name = 'node';
  readonly wheel: TimerWheel;
  readonly buffers: ReadBuffers;
  readonly #driver: WheelDriver | undefined;
  readonly #sockets: SocketMaker;
  readonly #connections = new Set<NodeConnection>();
  readonly #listeners = new Set<Listener>();
  readonly #descriptorLimit = descriptorLimit();
  #lastId = 0;
  readonly #nextId: () => number;
  #queue: Waiting[] = [];

  constructor(options: NodeEngineOptions) {
    this.#driver = options.wheel === undefined ? new WheelDriver() : undefined;
    this.#nextId = options.nextId ?? (() => ++this.#lastId);
    this.wheel = options.wheel ?? (this.#driver as WheelDriver).wheel;
    this.buffers = new ReadBuffers(options.bufsize, options.poison ?? false);
    this.#sockets = new SocketMaker(this.buffers);
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  listen(fd: number, onAccept: (connection: Connection) => void, onError: (code: string) => void): Listener {
    const listener = new NodeListener(fd, {
      wheel: this.wheel,
      sockets: this.#sockets,
      descriptorLimit: this.#descriptorLimit,
      accepted: (socket, origin) => {
        const connection = new NodeConnection(this, this.#nextId(), socket, UNSET, origin);
        this.#connections.add(connection);
        onAccept(connection);
      },
      onError,
      closed: () => this.#listeners.delete(listener),
    });
    this.#listeners.add(listener);
    return listener;
  }

  connect(target: ConnectTarget, handler: ConnectionHandler): Connection {
    const prepared = preparedSocket(target);
    const socket = this.#sockets.make(typeof prepared === 'number' ? prepared : undefined);
    const connection = new NodeConnection(this, this.#nextId(), socket, handler, 'connecting');
    this.#connections.add(connection);
    if (typeof prepared === 'object') {
      const error: NodeJS.ErrnoException = new Error(prepared.code);
      error.code = prepared.code;
      socket.destroy(error);
    } else this.#start(socket, target);
    return connection;
  }

  adopt(socket: Socket, handler: ConnectionHandler): Connection {
    const connection = new NodeConnection(this, this.#nextId(), adoptPublicly(socket), handler, 'public');
    this.#connections.add(connection);
    return connection;
  }

  queue(waiting: Waiting): void {
    if (this.#queue.push(waiting) === 1) process.nextTick(() => this.#deliver());
  }

  forget(connection: NodeConnection): void {
    this.#connections.delete(connection);
  }

  destroy(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.close();
    this.#driver?.stop();
  }

  #deliver(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const waiting of queue) waiting.deliver();
  }

  #start(socket: OwnedSocket, target: ConnectTarget): void {
    if (target.kind === 'unix') socket.connect({ path: target.path });
    else socket.connect({ host: target.host, port: target.port, family: target.family });
  }
}
