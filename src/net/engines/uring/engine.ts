/**
 * The engine for plain TCP on Linux: io_uring driven from here, one for each data thread. turns.ts says when it runs,
 * nested with Node's own loop; here is what is done then: sleeping in the kernel, giving completions to connections
 * and listeners, letting those go on that waited for a turn of their own.
 *
 * Unix sockets go to a NodeEngine on the same wheel. docs/uring-memory.md argues why no operation of the kernel
 * ever touches memory that has another owner.
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
import { socketFor } from '../../prepared-socket.ts';
import { descriptorLimit } from '../../descriptor-limit.ts';
import { closeDescriptor } from '../../system-calls.ts';
import { monotonicMs } from '../../../base/clock.ts';
import { TimerWheel } from '../../timer-wheel.ts';
import { NodeEngine } from '../node/engine.ts';
import { HotBuffers } from '../hot-buffers.ts';
import { isUnixSocket } from '../socket-names.ts';
import { UNSET } from '../unset-handler.ts';
import { CQE_MORE } from './abi.ts';
import { ConnectAddresses } from './connect-addresses.ts';
import { UringConnection } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import { type ListenerHost, UringListener } from './listener.ts';
import { findNestedLoop } from '../nested/nested-loop.ts';
import {
  ACCEPT,
  ACCEPT_POLL,
  type AcceptKind,
  CONNECT,
  KIND_BITS,
  KIND_MASK,
  LIBUV,
  Operations,
  RECEIVE,
  SEND,
  SEND_NOW,
  TRANSFER,
} from './operations.ts';
import { NO_PIPES, OwnPipes, Pipes, type PipeQuota } from './pipes.ts';
import { ResetWatch } from './reset-watch.ts';
import { type OnCompletion, Ring } from './ring.ts';
import { SendBatch } from './send-batch.ts';
import type { ConnectionState, RingHost } from './connection-state.ts';
import { Slots } from './slots.ts';
import { Transfers } from './transfers.ts';
import { Turns, type TurnWork } from '../nested/turns.ts';

interface UringEngineOptions {
  readonly bufsize: number;
  /** Checking mode: a released slot is overwritten, so that a use after release shows. */
  readonly poison?: boolean;
  /** Receive buffers at most; what comes when all are in use is read by calls. */
  readonly slots?: number;
  /** Of pipes for bytes that move inside the kernel; none of them: all bytes are received and sent. */
  readonly pipes?: { readonly size: number; readonly quota: PipeQuota };
}

const ENTRIES = 4096;
const COMPLETIONS = 16384;
const SLOTS = 16384;
/**
 * A multishot accept takes the whole backlog, though the listener may pause at the first: room for some backlogs
 * (net.core.somaxconn: 4096) beyond what is served. With less, each accept is asked for.
 */
const PLENTY_OF_DESCRIPTORS = 16384;
const PIPE_SIZE = 262_144;
const PIPES = 16;
/** With less, none of them goes to a pipe. */
const ENOUGH_FOR_PIPES = 1024;

export class UringEngine implements Engine, RingHost, ListenerHost, TurnWork {
  readonly name = 'uring';
  readonly wheel: TimerWheel;
  readonly slots: Slots;
  readonly hot: HotBuffers;
  readonly operations: Operations;
  readonly sends: SendBatch;
  readonly resets: ResetWatch;
  readonly transfers: Transfers;
  readonly #ring: Ring;
  readonly #turns: Turns;
  readonly #node: NodeEngine;
  readonly #connections = new ConnectionTable();
  readonly #listeners: (UringListener | undefined)[] = [];
  readonly #addresses = new ConnectAddresses();
  #deferred: UringListener[] = [];
  #queue: Waiting[] = [];
  #openListeners = 0;
  #nextId = 1;
  #acceptKind: AcceptKind | undefined;
  #destroyed = false;

  /** probeUring() has said that it can. */
  constructor(options: UringEngineOptions) {
    const ring = Ring.open(ENTRIES, COMPLETIONS);
    if (!(ring instanceof Ring)) throw new Error(`${ring.step}: ${ring.code}`);
    const loop = findNestedLoop();
    if (typeof loop === 'string') throw new Error(loop);
    const slots = Slots.open(ring, options.bufsize, options.slots ?? SLOTS, options.poison ?? false);
    if (slots === undefined) throw new Error('no memory for receive buffers');
    this.#ring = ring;
    this.#turns = new Turns(this, loop);
    this.slots = slots;
    this.sends = new SendBatch(slots);
    this.hot = new HotBuffers(options.bufsize, options.poison ?? false);
    this.operations = new Operations(ring, slots);
    this.wheel = new TimerWheel(monotonicMs, {
      live: true,
      wake: () => this.#turns.schedule(),
    });
    this.resets = new ResetWatch(this.wheel, (index, serial) => this.#connections.find(index, serial));
    const { size, quota } = options.pipes ?? { size: PIPE_SIZE, quota: new OwnPipes(PIPES) };
    const pipes = new Pipes(size, descriptorLimit() < ENOUGH_FOR_PIPES ? NO_PIPES : quota);
    this.transfers = new Transfers(this.operations, pipes);
    process.once('exit', this.#threadEnds);
    this.#node = new NodeEngine({
      bufsize: options.bufsize,
      poison: options.poison ?? false,
      wheel: this.wheel,
      nextId: () => this.#nextId++,
    });
  }

  /** A thread that dies of an exception must not leave its descriptors open: nobody else knows them. */
  readonly #threadEnds = (): void => {
    this.#turns.underWay = false;
    this.destroy();
  };

  get openConnections(): number {
    return this.#connections.open + this.#node.openConnections;
  }

  /** How often the kernel was entered so far. */
  get turns(): number {
    return this.#turns.count;
  }

  /** In the kernel, for the leak checks. */
  get pendingOperations(): number {
    return this.operations.pending;
  }

  listen(fd: number, onAccept: (connection: Connection) => void, onError: (code: string) => void): Listener {
    if (isUnixSocket(fd)) return this.#node.listen(fd, onAccept, onError);
    const free = this.#listeners.indexOf(undefined);
    const index = free < 0 ? this.#listeners.length : free;
    this.#openListeners++;
    const listener = new UringListener(this, index, fd, { onAccept, onError });
    this.#listeners[index] = listener;
    this.#turns.schedule();
    return listener;
  }

  connect(target: ConnectTarget, handler: ConnectionHandler): Connection {
    if (target.kind === 'unix') return this.#node.connect(target, handler);
    const fd = socketFor(target, 'blocking');
    // It will fail there again, and in the way connects fail.
    if (typeof fd !== 'number') return this.#node.connect(target, handler);
    const connection = this.#connections.make(this, this.#nextId++, fd, handler);
    this.operations.connect(connection, this.#addresses.lend(target));
    this.#turns.schedule();
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
    this.resets.stop();
    for (const listener of this.#listeners) listener?.close();
    this.#connections.closeAll();
    if (!this.#turns.underWay) this.tearDown();
  }

  // ── what connections and listeners ask ──

  queue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#turns.schedule();
  }

  close(fd: number): void {
    this.operations.close(fd);
    this.#turns.schedule();
  }

  /** In the midst of a turn: completions are read as ever, and sends count as taken with the next. */
  handOver(): void {
    this.#ring.submit();
  }

  accept(listener: UringListener): void {
    this.#acceptKind ??= descriptorLimit() >= PLENTY_OF_DESCRIPTORS ? 'multishot' : 'once';
    this.operations.accept(listener, this.#acceptKind);
    this.#turns.schedule();
  }

  cancelAccept(listener: UringListener): void {
    this.operations.cancelAccept(listener);
    this.#turns.schedule();
  }

  accepted(listener: UringListener, fd: number): void {
    if (this.#destroyed) {
      closeDescriptor(fd);
      return;
    }
    const connection = this.#connections.make(this, this.#nextId++, fd, UNSET);
    connection.accepted = true;
    listener.onAccept(connection);
  }

  defer(listener: UringListener): void {
    this.#deferred.push(listener);
    this.#turns.schedule();
  }

  forget(gone: ConnectionState | UringListener): void {
    if (gone instanceof UringConnection) this.#connections.open--;
    else {
      this.#openListeners--;
      this.#listeners[gone.index] = undefined;
    }
  }

  endsNext({ index, serial }: UringConnection): boolean {
    return this.#ring.isNextZero((index << KIND_BITS) | RECEIVE, serial);
  }

  release(connection: ConnectionState): void {
    this.#connections.release(connection);
  }

  // ── what a turn consists of ──

  active(): boolean {
    const isUsed = this.#connections.open > 0 || this.#openListeners > 0;
    return isUsed || this.operations.pending > 0 || this.wheel.linked > 0;
  }

  unsubmitted(): boolean {
    return this.#ring.unsubmitted > 0;
  }

  pollLibuv(fd: number): void {
    this.operations.pollLibuv(fd);
  }

  /** Sleeps only when nothing here waits for the kernel to have taken it. */
  enter(waitMs: number): void {
    this.slots.offer();
    if (waitMs === 0 || this.#waiting()) this.#ring.submit();
    else {
      const wheelMs = Math.max(this.wheel.wakeAt - this.wheel.now, 0);
      this.#ring.wait(waitMs < 0 ? wheelMs : Math.min(waitMs, wheelMs));
    }
    if (!this.#ring.takenAll) return;
    this.sends.handedOver();
    this.#addresses.copied();
  }

  #waiting(): boolean {
    return this.#queue.length + this.#deferred.length > 0 || this.sends.waits;
  }

  /** Completions first: they tell which sends of the batch are not done. */
  settle(): void {
    this.#takeCompletions();
    while (this.#ring.overflowing) {
      this.#ring.submit();
      this.#takeCompletions();
    }
    this.sends.settle();
  }

  /**
   * A receive that ends as it is submitted is complete before a send behind it: which of these fall short is known first, and
   * so is whose peers have ended.
   */
  #takeCompletions(): void {
    this.sends.allKnown = !this.#ring.overflowing;
    this.#ring.look(KIND_MASK, SEND_NOW, this.#foresee);
    this.#ring.drain(this.#complete);
  }

  readonly #foresee = (low: number, high: number): void => {
    const kind = low & KIND_MASK;
    if (kind === SEND_NOW) this.#connections.at(low >>> KIND_BITS, high).fallsShort();
    else if (kind === RECEIVE) this.#connections.at(low >>> KIND_BITS, high).endIsNear();
  };

  readonly #complete: OnCompletion = (low, high, result, flags) => {
    const index = low >>> KIND_BITS;
    switch (low & KIND_MASK) {
      case RECEIVE:
        this.#partOf(index, high, flags).received(result, flags);
        break;
      case SEND_NOW:
        this.#connections.at(index, high).sentPart(result);
        break;
      case SEND:
        this.#ended(index, high).sentWaiting(result);
        break;
      case CONNECT:
        this.#ended(index, high).connected(result);
        break;
      case ACCEPT:
        if ((flags & CQE_MORE) === 0) this.operations.pending--;
        this.#listeners[index]?.completed(result, flags);
        break;
      case ACCEPT_POLL:
        this.operations.pending--;
        this.#listeners[index]?.polled();
        break;
      case TRANSFER:
        this.operations.pending--;
        this.transfers.polled(index, high);
        break;
      case LIBUV:
        this.#turns.libuvIsReady();
        break;
      default:
        // A cancel that found nothing any more.
        break;
    }
  };

  /** A completion of an operation that may have more. */
  #partOf(index: number, serial: number, flags: number): UringConnection {
    return (flags & CQE_MORE) === 0 ? this.#ended(index, serial) : this.#connections.at(index, serial);
  }

  #ended(index: number, serial: number): UringConnection {
    const connection = this.#connections.at(index, serial);
    this.operations.ended(connection);
    return connection;
  }

  /** What waited for a turn of its own. */
  resume(): void {
    if (this.#queue.length > 0) {
      const queue = this.#queue;
      this.#queue = [];
      for (const waiting of queue) waiting.deliver();
    }
    if (this.#deferred.length > 0) {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const listener of deferred) listener.deliver();
    }
  }

  /** Waits until the kernel has all that was told as sent, and nothing of ours: only then memory may go. */
  tearDown(): void {
    const ring = this.#ring;
    this.#turns.letLoopGo();
    for (let tries = 0; this.#connections.open > 0 && tries < 500; tries++) this.#finish(tries);
    this.operations.cancelEverything();
    for (let tries = 0; tries < 100; tries++) {
      this.#finish(tries);
      if (this.operations.pending > 0 || this.#turns.polling || ring.unsubmitted > 0) continue;
      ring.close();
      return this.slots.destroy();
    }
  }

  #finish(tries: number): void {
    if (tries > 0) this.#ring.wait(10);
    else this.#ring.submit();
    this.#takeCompletions();
    this.sends.settleAll();
  }
}
