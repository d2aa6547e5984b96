/** What both halves of a connection on the ring know of it (connection.ts, sending-half.ts). */
import type { Cause } from '../../../base/failure.ts';
import type { ConnectionHandler } from '../../connection.ts';
import type { ConnectionPlace } from './operations.ts';
import type { RingHost } from './ring-host.ts';

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
}
