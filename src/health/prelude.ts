/** Sends a header right behind the handshake; only then its handler hears that the connection stands. */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';

export class PreludeHandler implements ConnectionHandler {
  readonly #header: Buffer;
  readonly #handler: ConnectionHandler;

  constructor(header: Buffer, handler: ConnectionHandler) {
    this.#header = header;
    this.#handler = handler;
  }

  onConnected(connection: Connection): void {
    connection.send(this.#header, 0, this.#header.length);
  }

  onSent(connection: Connection): void {
    connection.handler = this.#handler;
    this.#handler.onConnected(connection);
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    this.#handler.onFailed(connection, cause, code);
  }

  onReceived(): void {
    throw new Error('nothing was to be received');
  }

  onEnd(): void {
    throw new Error('nothing was to be received');
  }
}
