/**
 * A check's connection that speaks HTTP/2, by the word of the configuration or by ALPN: the PROXY header first where none
 * was sent yet, then its handler gets a connection that speaks HTTP/1 over it.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { CheckHeader } from './ruleset-check.ts';

/** Makes one of HTTP/1 of a connection that speaks HTTP/2. */
export type SpeakHttp2 = (socket: Connection) => Connection;

interface Http2OpeningParts {
  readonly speak: SpeakHttp2;
  /** Asked when it is connected. */
  readonly isHttp2: (connection: Connection) => boolean;
  /** Still to be sent. */
  readonly header: CheckHeader | undefined;
  readonly handler: ConnectionHandler;
}

export class Http2Opening implements ConnectionHandler {
  /** Once it is connected. */
  connection: Connection | undefined;
  readonly #parts: Http2OpeningParts;

  constructor(parts: Http2OpeningParts) {
    this.#parts = parts;
  }

  onConnected(connection: Connection): void {
    const { header } = this.#parts;
    if (header === undefined) return this.#begin(connection);
    const bytes = header(connection.local, connection.remote);
    connection.send(bytes, 0, bytes.length);
  }

  onSent(connection: Connection): void {
    this.#begin(connection);
  }

  #begin(socket: Connection): void {
    const { isHttp2, speak, handler } = this.#parts;
    const connection = isHttp2(socket) ? speak(socket) : socket;
    this.connection = connection;
    connection.handler = handler;
    handler.onConnected(connection);
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    this.#parts.handler.onFailed(connection, cause, code);
  }

  // nothing is read before
  onReceived(): void {
    throw new Error('received before it was connected');
  }
  onEnd(): void {
    throw new Error('ended before it was connected');
  }
}
