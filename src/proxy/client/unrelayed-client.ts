/** The client of a session in mode tcp before its bytes are relayed. */
import type { Cause } from '../../base/failure.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';

interface UnrelayedSession {
  received(buffer: Buffer, offset: number, length: number): void;
  clientHalfClosed(): void;
  clientGone(cause: Cause): void;
}

export class UnrelayedClient implements ConnectionHandler {
  readonly #session: UnrelayedSession;

  constructor(session: UnrelayedSession) {
    this.#session = session;
  }
  onFailed(_connection: Connection, cause: Cause): void {
    this.#session.clientGone(cause);
  }
  onConnected(): void {}
  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#session.received(buffer, offset, length);
  }
  onEnd(): void {
    this.#session.clientHalfClosed();
  }
  onSent(): void {}
}
