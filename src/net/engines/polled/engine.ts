/**
 * Makes connections in great number for little processor time: sockets of our own, and instead of being woken for
 * each event, this looks for the events of all at moments of its own. Health checks run on it (health/checks.ts);
 * traffic, which cannot wait, runs on the other engines.
 *
 * A look follows at once when a connection was begun or something has come, then 1 ms later, and while nothing happens
 * after a quarter of the time that nothing has happened: what a check measures is wrong by so much at most.
 * LONGEST_PAUSE_MS bounds it.
 */
import { isIP } from 'node:net';
import { preciseMs } from '../../../base/clock.ts';
import { BufferPool } from '../../buffer-pool.ts';
import type { Connection, ConnectionHandler, Connector, ConnectTarget } from '../../connection.ts';
import type { IpTarget } from '../../prepared-socket.ts';
import { encodeIp } from '../../socket-address.ts';
import { connectSocket } from '../../system-calls.ts';
import { NodeEngine } from '../node/engine.ts';
import { PolledConnection, type PolledHost } from './connection.ts';
import { AT_ONCE, EventPoll } from '../event-poll.ts';
import { type PolledSocket, SpareSockets } from './spare-sockets.ts';

const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;
/** Looks that ask for a connection by poll(2), before it is put into the event poll. */
const ASKED_AT_MOST = 3;
/** Of the time that nothing has happened. */
const PAUSE_SHARE = 1 / 4;
const EINPROGRESS = -115;
const LARGEST_ID = 0x3fff_ffff;

interface PolledEngineOptions {
  /** Size of a read, `tune.bufsize`. */
  readonly bufsize: number;
}

export class PolledEngine implements Connector, PolledHost {
  readonly #bufsize: number;
  /** Undefined: not needed yet, or there was no descriptor left. */
  #poll: EventPoll | undefined;
  readonly #buffers: BufferPool;
  /** For unix sockets and names, and to fail as everybody fails. */
  #node: NodeEngine | undefined;
  readonly #connections: (PolledConnection | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #addresses = new WeakMap<ConnectTarget, Buffer>();
  readonly #spare = new SpareSockets();
  /** Begun since the last look. */
  #begun: PolledConnection[] = [];
  /** They were not ready when something was asked of them: the next look asks. */
  #waiting: PolledConnection[] = [];
  /** Failed in the call that made them. */
  #failed: [connection: PolledConnection, errno: number][] = [];
  #open = 0;
  #lastId = 0;
  #lastEventMs = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #watched = 0;

  constructor({ bufsize }: PolledEngineOptions) {
    this.#bufsize = bufsize;
    this.#buffers = new BufferPool(bufsize);
  }

  get openConnections(): number {
    return this.#open + (this.#node?.openConnections ?? 0);
  }

  connect(target: ConnectTarget, handler: ConnectionHandler): Connection {
    if (target.kind === 'unix') return this.#others().connect(target, handler);
    const address = this.#addressOf(target);
    const poll = (this.#poll ??= EventPoll.open());
    const socket = poll && address && this.#spare.take(target);
    if (socket === undefined || 'code' in socket) return this.#others().connect(target, handler);
    const index = this.#freeIndexes.pop() ?? this.#connections.length;
    const connection = new PolledConnection(this, this.#nextId(), index, socket, handler);
    this.#connections[index] = connection;
    this.#open++;
    const result = connectSocket(socket.fd, address as Buffer);
    if (result >= 0 || result === EINPROGRESS) this.#begun.push(connection);
    else this.#failed.push([connection, -result]);
    this.#expectSoon();
    return connection;
  }

  /** Takes what has happened; who asks for the time first has seen all that came before it. */
  look(): void {
    if (this.#looking) return;
    this.#cancelLook();
    this.#looking = true;
    for (const [connection, errno] of this.#failed.splice(0)) connection.fail(errno);
    this.#askWaiting();
    this.#askBegun();
    if (this.#watched > 0) this.#poll?.look(this.#onEvent);
    this.#looking = false;
    if (this.#open > 0) this.#lookAgain();
  }

  destroy(): void {
    for (const connection of this.#connections) connection?.close();
    this.#spare.clear();
    this.#node?.destroy();
    this.#cancelLook();
    this.#poll?.close();
  }

  // ── what connections ask ──

  takeBuffer(): Buffer {
    return this.#buffers.take();
  }

  giveBuffer(buffer: Buffer): void {
    this.#buffers.give(buffer);
  }

  watch(connection: PolledConnection): void {
    this.#expectSoon();
    if (connection.watched || connection.waiting) return;
    if (connection.asked < ASKED_AT_MOST) this.#wait(connection);
    else this.#watchForLong(connection);
  }

  resetAndKeep(socket: PolledSocket): boolean {
    return this.#spare.resetAndKeep(socket);
  }

  forget(connection: PolledConnection): void {
    if (connection.watched) this.#watched--;
    this.#connections[connection.index] = undefined;
    this.#freeIndexes.push(connection.index);
    if (--this.#open === 0) this.#cancelLook();
  }

  // ── looks ──

  readonly #onTime = (): void => this.look();

  #expectSoon(): void {
    this.#lastEventMs = preciseMs();
    if (!this.#looking) this.#immediate ??= setImmediate(this.#onTime);
  }

  /** It waits a little, and longer the longer nothing happens. */
  #lookAgain(): void {
    this.#timer = setTimeout(this.#onTime, this.#pauseMs());
  }

  #askBegun(): void {
    for (let batch = this.#takeBegun(); batch.length > 0; batch = this.#takeBegun())
      this.#poll?.ask(batch, tellEvents);
  }

  #takeBegun(): readonly PolledConnection[] {
    const begun = this.#begun;
    if (begun.length > AT_ONCE) return begun.splice(0, AT_ONCE);
    this.#begun = [];
    return begun;
  }

  #askWaiting(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += AT_ONCE)
      this.#poll?.ask(
        waiting.length <= AT_ONCE ? waiting : waiting.slice(from, from + AT_ONCE),
        this.#onAnswer,
      );
  }

  readonly #onAnswer = (connection: PolledConnection, events: number): void => {
    connection.waiting = false;
    if (connection.closed) return;
    if (events !== 0) {
      this.#expectSoon();
      connection.happened(events);
    } else if (++connection.asked < ASKED_AT_MOST) this.#wait(connection);
    else this.#watchForLong(connection);
  };

  #wait(connection: PolledConnection): void {
    connection.waiting = true;
    this.#waiting.push(connection);
  }

  #watchForLong(connection: PolledConnection): void {
    connection.watched = true;
    this.#watched++;
    const { socket, index, id } = connection;
    const result = this.#poll?.add(socket.fd, index, id, socket.watched) ?? 0;
    socket.watched = true;
    if (result < 0) this.#failed.push([connection, -result]);
  }

  readonly #onEvent = (index: number, serial: number, events: number): void => {
    const connection = this.#connections[index];
    if (connection?.id !== serial) return;
    this.#expectSoon();
    connection.happened(events);
  };

  #nextId(): number {
    return (this.#lastId = this.#lastId === LARGEST_ID ? 1 : this.#lastId + 1);
  }

  #pauseMs(): number {
    const quietMs = (preciseMs() - this.#lastEventMs) * PAUSE_SHARE;
    return Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, quietMs));
  }

  #cancelLook(): void {
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
  }

  #others(): NodeEngine {
    return (this.#node ??= new NodeEngine({ bufsize: this.#bufsize }));
  }

  /** Undefined for a name. */
  #addressOf(target: IpTarget): Buffer | undefined {
    let address = this.#addresses.get(target);
    if (address === undefined && isIP(target.host) !== 0) {
      address = encodeIp(target.family, target.host, target.port);
      this.#addresses.set(target, address);
    }
    return address;
  }
}

function tellEvents(connection: PolledConnection, events: number): void {
  connection.happened(events);
}
