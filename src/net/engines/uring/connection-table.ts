/**
 * The connections of an engine, each in a place that its completions name. Places are used again: a serial tells a
 * connection from the one that had its place before.
 */
import type { ConnectionHandler } from '../../connection.ts';
import { UringConnection } from './connection.ts';
import { SERIAL_MASK } from './operations.ts';
import type { ConnectionState, RingHost } from './connection-state.ts';

export class ConnectionTable {
  /** Connections that are not closed. */
  open = 0;
  readonly #places: (UringConnection | undefined)[] = [];
  readonly #free: number[] = [];
  #serial = 0;

  make(host: RingHost, id: number, fd: number, handler: ConnectionHandler): UringConnection {
    const index = this.#free.pop() ?? this.#places.length;
    this.#serial = (this.#serial + 1) & SERIAL_MASK;
    const connection = new UringConnection(host, id, index, this.#serial, fd, handler);
    this.#places[index] = connection;
    this.open++;
    return connection;
  }

  /** Whose completion it is: the kernel has none of a connection that was released. */
  at(index: number, serial: number): UringConnection {
    const connection = this.#places[index];
    if (connection?.serial !== serial) throw new Error('a completion of nobody');
    return connection;
  }

  /** Undefined: it is closed. */
  find(index: number, serial: number): UringConnection | undefined {
    const connection = this.#places[index];
    return connection?.serial === serial && !connection.closed ? connection : undefined;
  }

  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: ConnectionState): void {
    if (this.#places[connection.index] !== connection) return;
    this.#places[connection.index] = undefined;
    this.#free.push(connection.index);
  }

  closeAll(): void {
    for (const connection of this.#places) connection?.close();
  }
}
