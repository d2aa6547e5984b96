/**
 * The engine for plain TCP where the kernel, or a security policy, forbids io_uring (containers mostly do): sockets of our
 * own, one system call for each receive and send, and one epoll_wait(2) a turn, in which the thread sleeps.
 * nested/turns.ts says when it runs, around Node's own loop.
 *
 * Unix sockets go to a NodeEngine on the same wheel.
 */
import type { Socket } from 'node:net';
import { monotonicMs } from '../../../base/clock.ts';
import type {
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Engine,
  Listener,
  Waiting,
} from '../../connection.ts';
import { type IpTarget, socketFor } from '../../prepared-socket.ts';
import { encodeIp } from '../../socket-address.ts';
import { closeDescriptor, connectSocket } from '../../system-calls.ts';
import { TimerWheel } from '../../timer-wheel.ts';
import {
  EDGE_TRIGGERED,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PEER_ENDED,
  EVENT_URGENT,
  EventPoll,
  ONE_SHOT,
} from '../event-poll.ts';
import { findNestedLoop } from '../nested/nested-loop.ts';
import { Turns, type TurnWork } from '../nested/turns.ts';
import { NodeEngine } from '../node/engine.ts';
import { isUnixSocket } from '../socket-names.ts';
import { UNSET } from '../unset-handler.ts';
import { EpollConnection, type EpollHost } from './connection.ts';
import { EpollListener, type EpollListenerHost } from './listener.ts';
import { HotBuffers } from '../hot-buffers.ts';

interface EpollEngineOptions {
  /** Size of a read, `tune.bufsize`. */
  readonly bufsize: number;
  /** Checking mode: a released buffer is overwritten, so that a use after release shows. */
  readonly poison?: boolean;
}

const EINPROGRESS = -115;
const LARGEST_ID = 0x3fff_ffff;
/** In the place of a connection's number: what is told of is a listener, or libuv. */
const LISTENER = 0;
const LIBUV = 0x7fff_ffff;
const TO_READ = (EVENT_IN | EVENT_URGENT | EVENT_PEER_ENDED | EDGE_TRIGGERED) >>> 0;
const TO_READ_AND_SEND = (TO_READ | EVENT_OUT) >>> 0;

type AcceptCallback = (connection: Connection) => void;

export class EpollEngine implements Engine, EpollHost, EpollListenerHost, TurnWork {
  readonly name = 'node';
  readonly wheel: TimerWheel;
  readonly buffers: HotBuffers;
  unsent = 0;
  readonly #poll: EventPoll;
  readonly #turns: Turns;
  readonly #node: NodeEngine;
  readonly #connections: (EpollConnection | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #listeners: (EpollListener | undefined)[] = [];
  readonly #accepts: AcceptCallback[] = [];
  #isLibuvKnown = false;
  readonly #addresses = new WeakMap<ConnectTarget, Buffer>();
  #queue: Waiting[] = [];
  #open = 0;
  #openListeners = 0;
  #lastId = 0;
  #destroyed = false;

  private constructor(poll: EventPoll, turns: (work: TurnWork) => Turns, options: EpollEngineOptions) {
    const { bufsize, poison = false } = options;
    this.#poll = poll;
    this.#turns = turns(this);
    this.wheel = new TimerWheel(monotonicMs, { live: true, wake: () => this.#turns.schedule() });
    this.buffers = new HotBuffers(bufsize, poison);
    this.#node = new NodeEngine({ bufsize, poison, wheel: this.wheel, nextId: () => this.#nextId() });
    process.once('exit', this.#threadEnds);
  }

  /** Why it cannot be, in words, where the program cannot reach what it needs. */
  static open(options: EpollEngineOptions): EpollEngine | string {
    try {
      const loop = findNestedLoop();
      if (typeof loop === 'string') return loop;
      const poll = EventPoll.open();
      if (poll === undefined) return 'no descriptor is left';
      return new EpollEngine(poll, work => new Turns(work, loop), options);
    } catch (error) {
      return `koffi cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** A thread that dies of an exception must not leave its descriptors open: nobody else knows them. */
  readonly #threadEnds = (): void => {
    this.#turns.underWay = false;
    this.destroy();
  };

  get openConnections(): number {
    return this.#open + this.#node.openConnections;
  }

  listen(fd: number, onAccept: AcceptCallback, onError: (code: string) => void): Listener {
    if (isUnixSocket(fd)) return this.#node.listen(fd, onAccept, onError);
    const free = this.#listeners.indexOf(undefined);
    const index = free < 0 ? this.#listeners.length : free;
    this.#accepts[index] = onAccept;
    this.#openListeners++;
    return (this.#listeners[index] = new EpollListener(this, index, fd, onError));
  }

  connect(target: ConnectTarget, handler: ConnectionHandler): Connection {
    if (target.kind === 'unix') return this.#node.connect(target, handler);
    const fd = socketFor(target, 'non-blocking');
    // It will fail there again, and in the way connects fail.
    if (typeof fd !== 'number') return this.#node.connect(target, handler);
    const connection = this.#make(fd, false, handler);
    const result = connectSocket(fd, this.#addressOf(target));
    if (result >= 0 || result === EINPROGRESS) {
      connection.begun();
      this.#watch(connection, TO_READ_AND_SEND, false);
    } else connection.brokenBy(result);
    return connection;
  }

  adopt(socket: Socket, handler: ConnectionHandler): Connection {
    return this.#node.adopt(socket, handler);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#turns.stop();
    process.off('exit', this.#threadEnds);
    this.#node.destroy();
    for (const listener of this.#listeners) listener?.close();
    for (const connection of this.#connections) connection?.close();
    if (!this.#turns.underWay) this.tearDown();
  }

  // ── what connections and listeners ask ──

  queue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#turns.schedule();
  }

  watchRoom(connection: EpollConnection): void {
    if (!connection.watchesRoom) this.#watch(connection, TO_READ_AND_SEND, true);
  }

  unwatch(connection: EpollConnection): void {
    this.#poll.remove(connection.fd);
  }

  forget(connection: EpollConnection): void {
    this.#connections[connection.index] = undefined;
    this.#freeIndexes.push(connection.index);
    this.#open--;
  }

  watchListener(listener: EpollListener): number {
    this.#turns.schedule();
    return this.#poll.add(listener.fd, listener.index, LISTENER, false, EVENT_IN);
  }

  unwatchListener(listener: EpollListener): void {
    this.#poll.remove(listener.fd);
  }

  accepted(listener: EpollListener, fd: number): void {
    if (this.#destroyed) {
      closeDescriptor(fd);
      return;
    }
    const connection = this.#make(fd, true, UNSET);
    this.#watch(connection, TO_READ, false);
    (this.#accepts[listener.index] as AcceptCallback)(connection);
  }

  forgetListener(listener: EpollListener): void {
    this.#listeners[listener.index] = undefined;
    this.#openListeners--;
  }

  #make(fd: number, accepted: boolean, handler: ConnectionHandler): EpollConnection {
    const index = this.#freeIndexes.pop() ?? this.#connections.length;
    const connection = new EpollConnection(this, this.#nextId(), index, fd, accepted, handler);
    this.#connections[index] = connection;
    this.#open++;
    return connection;
  }

  #watch(connection: EpollConnection, events: number, again: boolean): void {
    connection.watchesRoom = events === TO_READ_AND_SEND;
    const result = this.#poll.add(connection.fd, connection.index, connection.id, again, events);
    if (result < 0) connection.brokenBy(result);
    this.#turns.schedule();
  }

  #nextId(): number {
    return (this.#lastId = this.#lastId === LARGEST_ID ? 1 : this.#lastId + 1);
  }

  #addressOf(target: IpTarget): Buffer {
    let address = this.#addresses.get(target);
    if (address === undefined) {
      address = encodeIp(target.family, target.host, target.port);
      this.#addresses.set(target, address);
    }
    return address;
  }

  // ── what a turn consists of ──

  active(): boolean {
    return this.#open > 0 || this.#openListeners > 0 || this.#queue.length > 0 || this.wheel.linked > 0;
  }

  unsubmitted(): boolean {
    return false;
  }

  pollLibuv(fd: number): void {
    this.#poll.add(fd, 0, LIBUV, this.#isLibuvKnown, EVENT_IN | ONE_SHOT);
    this.#isLibuvKnown = true;
  }

  enter(waitMs: number): void {
    let sleepMs = 0;
    if (waitMs !== 0 && this.#queue.length === 0) {
      const wheelMs = Math.max(this.wheel.wakeAt - this.wheel.now, 0);
      sleepMs = waitMs < 0 ? wheelMs : Math.min(waitMs, wheelMs);
    }
    this.#poll.fetch(sleepMs);
  }

  settle(): void {
    this.#poll.each(this.#onEvent);
  }

  readonly #onEvent = (index: number, id: number, events: number): void => {
    if (id === LIBUV) return this.#turns.libuvIsReady();
    if (id === LISTENER) return this.#listeners[index]?.happened();
    const connection = this.#connections[index];
    if (connection?.id === id) connection.happened(events);
  };

  /** What waited for a turn of its own. */
  resume(): void {
    if (this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const waiting of queue) waiting.deliver();
  }

  tearDown(): void {
    this.#turns.letLoopGo();
    this.#poll.close();
  }
}
