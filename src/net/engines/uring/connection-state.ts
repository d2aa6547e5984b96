/** What both halves of a connection on the ring know of it (connection.ts, sending-half.ts), and what they ask of their engine. */
import type { Cause } from '../../../base/failure.ts';
import type { ConnectionHandler, Endpoint, Waiting } from '../../connection.ts';
import { destinationOf } from '../../original-destination.ts';
import type { HotBuffers } from '../hot-buffers.ts';
import { localOf, remoteOf, UNKNOWN } from '../socket-names.ts';
import type { ConnectionPlace, Operations } from './operations.ts';
import type { ResetWatch } from './reset-watch.ts';
import type { SendBatch } from './send-batch.ts';
import type { Slots } from './slots.ts';
import type { Transfers } from './transfers.ts';

export interface RingHost {
  readonly slots: Slots;
  /** For what is read by a call. */
  readonly hot: HotBuffers;
  readonly operations: Operations;
  /** Those added hear sentNow() when the kernel has consumed what was pushed. */
  readonly sends: SendBatch;
  /** For connections whose receive stays armed after bytes have come. */
  readonly resets: ResetWatch;
  readonly transfers: Transfers;
  /** Calls deliver() once the current callbacks are over. */
  queue(connection: Waiting): void;
  close(fd: number): void;
  /** The kernel takes what was pushed, now. */
  handOver(): void;
  /** Of a connection whose end has come: the next that is told of it is that. */
  endsNext(connection: ConnectionState): boolean;
  forget(connection: ConnectionState): void;
  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: ConnectionState): void;
}

export abstract class ConnectionState implements ConnectionPlace {
  readonly id: number;
  /** In the engine's table, and told apart from an earlier user of that place by `serial`. */
  readonly index: number;
  readonly serial: number;
  fd: number;
  handler: ConnectionHandler;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  /** Operations in the kernel that will complete. */
  pending = 0;
  protected readonly host: RingHost;
  /** Found and not yet told. */
  protected failure: Cause | undefined;
  protected failed = false;
  /** Not made by connect(). */
  accepted = false;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;

  constructor(
    host: RingHost,
    id: number,
    index: number,
    serial: number,
    fd: number,
    handler: ConnectionHandler,
  ) {
    this.host = host;
    this.id = id;
    this.index = index;
    this.serial = serial;
    this.fd = fd;
    this.handler = handler;
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteOf(this.fd)) ?? UNKNOWN;
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    this.#local ??= this.accepted ? destinationOf(this.fd) : localOf(this.fd);
    return this.#local ?? UNKNOWN;
  }

  set local(endpoint: Endpoint) {
    this.#local = endpoint;
  }
}
