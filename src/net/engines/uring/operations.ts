/**
 * What connections and listeners ask of the kernel, as entries of the submission ring, and who is told when one is
 * complete. An entry's user data says that:
 *
 *   low word   [ place in the engine's table | kind ]     high word   the connection's serial: a place is used again
 *
 * Called by connection.ts and listener.ts, told apart again by engine.ts.
 */
import { SOCK_CLOEXEC } from '../../system-calls.ts';
import {
  ACCEPT_MULTISHOT,
  ASYNC_CANCEL_ALL,
  ASYNC_CANCEL_ANY,
  ASYNC_CANCEL_FD,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  OP_ACCEPT,
  OP_ASYNC_CANCEL,
  OP_CLOSE,
  OP_CONNECT,
  OP_POLL_ADD,
  OP_RECV,
  OP_SEND,
  POLLIN,
  POLLOUT,
  RECV_MULTISHOT,
  RECVSEND_POLL_FIRST,
  SQE_BUFFER_SELECT,
  SQE_CQE_SKIP_SUCCESS,
} from './abi.ts';
import { addressOf } from '../../memory-address.ts';
import type { Ring } from './ring.ts';
import type { Slots } from './slots.ts';

export const KIND_BITS = 4;
export const KIND_MASK = 15;
/** So small that a user data of both words is an exact number. */
export const SERIAL_MASK = 0xfffff;

const NOTHING = 0;
export const RECEIVE = 1;
export const SEND_NOW = 2;
export const SEND = 3;
export const CONNECT = 4;
export const ACCEPT = 5;
export const ACCEPT_POLL = 6;
export const LIBUV = 7;
export const TRANSFER = 8;

const RECEIVE_ONCE = OP_RECV | (SQE_BUFFER_SELECT << 8) | (RECVSEND_POLL_FIRST << 16);
const RECEIVE_ON = RECEIVE_ONCE | (RECV_MULTISHOT << 16);
const SEND_SKIP = OP_SEND | (SQE_CQE_SKIP_SUCCESS << 8);
const CLOSE_SKIP = OP_CLOSE | (SQE_CQE_SKIP_SUCCESS << 8);
const CANCEL_SKIP = OP_ASYNC_CANCEL | (SQE_CQE_SKIP_SUCCESS << 8);
const ALL_OR_NOTHING = MSG_WAITALL | MSG_NOSIGNAL;
const NOW_OR_NOTHING = ALL_OR_NOTHING | MSG_DONTWAIT;

/** Until cancelled, as soon as bytes come; the same once; says once that bytes are there. */
export type ReceiveKind = 'multishot' | 'once' | 'poll';

/** Until cancelled: all that wait at once; one that waits. */
export type AcceptKind = 'multishot' | 'once';

/** Whose operations on a connection these are. */
export interface ConnectionPlace {
  readonly index: number;
  readonly serial: number;
  readonly fd: number;
  /** Its operations in the kernel that will complete. */
  pending: number;
}

interface TransferPlace {
  readonly index: number;
  readonly serial: number;
}

interface ListenerPlace {
  readonly index: number;
  readonly fd: number;
}

export class Operations {
  /** In the kernel, and will complete; libuv's poll not counted. */
  pending = 0;
  readonly #ring: Ring;
  readonly #slots: Slots;

  constructor(ring: Ring, slots: Slots) {
    this.#ring = ring;
    this.#slots = slots;
  }

  receive(connection: ConnectionPlace, kind: ReceiveKind): void {
    this.#begin(connection);
    const low = (connection.index << KIND_BITS) | RECEIVE;
    const { fd, serial } = connection;
    const { group } = this.#slots;
    if (kind === 'poll') this.#ring.push(OP_POLL_ADD, fd, 0, 0, POLLIN, low, serial);
    else if (kind === 'once') this.#ring.push(RECEIVE_ONCE, fd, 0, group.size, 0, low, serial, group.id);
    else this.#ring.push(RECEIVE_ON, fd, 0, 0, 0, low, serial, group.id);
  }

  /** By its user data: asked for a descriptor's operations, the kernel looks through those of all. */
  cancel({ serial, index }: ConnectionPlace, kind: typeof RECEIVE | typeof SEND | typeof CONNECT): void {
    this.#cancel(serial, (index << KIND_BITS) | kind);
  }

  /** Whatever it has under way. */
  cancelAll(connection: ConnectionPlace): void {
    this.cancel(connection, RECEIVE);
    this.cancel(connection, SEND);
    this.cancel(connection, CONNECT);
  }

  /** Never waits, and leaves no completion when all is taken. */
  sendNow(connection: ConnectionPlace, address: number, length: number): void {
    const low = (connection.index << KIND_BITS) | SEND_NOW;
    this.#ring.push(SEND_SKIP, connection.fd, address, length, NOW_OR_NOTHING, low, connection.serial);
  }

  send(connection: ConnectionPlace, address: number, length: number): void {
    this.#begin(connection);
    const low = (connection.index << KIND_BITS) | SEND;
    this.#ring.push(OP_SEND, connection.fd, address, length, ALL_OR_NOTHING, low, connection.serial);
  }

  /** Completes as a send does, when the socket takes bytes or has failed. */
  awaitRoom(connection: ConnectionPlace): void {
    this.#begin(connection);
    const low = (connection.index << KIND_BITS) | SEND;
    this.#ring.push(OP_POLL_ADD, connection.fd, 0, 0, POLLOUT, low, connection.serial);
  }

  /** The kernel copies the address when it takes the entry. */
  connect(connection: ConnectionPlace, address: Buffer): void {
    this.#begin(connection);
    const low = (connection.index << KIND_BITS) | CONNECT;
    const { fd, serial } = connection;
    this.#ring.push(OP_CONNECT, fd, addressOf(address), 0, 0, low, serial, 0, address.length);
  }

  close(fd: number): void {
    this.#ring.push(CLOSE_SKIP, fd, 0, 0, 0, NOTHING, 0);
  }

  /** Says once when `events` are there. */
  poll({ index, serial }: TransferPlace, fd: number, events: number): void {
    this.pending++;
    this.#ring.push(OP_POLL_ADD, fd, 0, 0, events, (index << KIND_BITS) | TRANSFER, serial);
  }

  cancelPoll({ index, serial }: TransferPlace): void {
    this.#cancel(serial, (index << KIND_BITS) | TRANSFER);
  }

  /** An operation of it has ended. */
  ended(connection: ConnectionPlace): void {
    connection.pending--;
    this.pending--;
  }

  // ── listeners, libuv, all ──

  accept(listener: ListenerPlace, kind: AcceptKind): void {
    this.pending++;
    const head = kind === 'multishot' ? OP_ACCEPT | (ACCEPT_MULTISHOT << 16) : OP_ACCEPT;
    this.#ring.push(head, listener.fd, 0, 0, SOCK_CLOEXEC, (listener.index << KIND_BITS) | ACCEPT, 0);
  }

  pollAccept(listener: ListenerPlace): void {
    this.pending++;
    const low = (listener.index << KIND_BITS) | ACCEPT_POLL;
    this.#ring.push(OP_POLL_ADD, listener.fd, 0, 0, POLLIN, low, 0);
  }

  cancelAccept(listener: ListenerPlace): void {
    this.#ring.push(CANCEL_SKIP, listener.fd, 0, 0, ASYNC_CANCEL_FD | ASYNC_CANCEL_ALL, NOTHING, 0);
  }

  pollLibuv(fd: number): void {
    this.#ring.push(OP_POLL_ADD, fd, 0, 0, POLLIN, LIBUV, 0);
  }

  cancelEverything(): void {
    this.#ring.push(CANCEL_SKIP, 0, 0, 0, ASYNC_CANCEL_ANY | ASYNC_CANCEL_ALL, NOTHING, 0);
  }

  #cancel(high: number, low: number): void {
    this.#ring.push(CANCEL_SKIP, -1, high * 4294967296 + low, 0, 0, NOTHING, 0);
  }

  #begin(connection: ConnectionPlace): void {
    connection.pending++;
    this.pending++;
  }
}
