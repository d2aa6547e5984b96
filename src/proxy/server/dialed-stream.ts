/** What dialer.ts gets a server connection for: an HTTP request or a TCP session. */
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { DialFailure } from './dial-failure.ts';
import type { BackendRuntime, ServerRuntime } from '../runtime/runtime.ts';
import type { ShutdownLetter } from './server-streams.ts';
import type { Transaction } from '../transaction.ts';

export interface Stream {
  readonly transaction: Transaction;
  /** What receives the connection's events once it is ready. */
  readonly serverHandler: ConnectionHandler;
  /** An idle connection that may carry this stream. */
  takeIdle(server: ServerRuntime): Connection | undefined;
  /** A server it should stay on although the balancer may choose another one. */
  preferredServer(backend: BackendRuntime): ServerRuntime | undefined;
  /** The stream answered itself instead of that server (`redir`): nothing is dialed. */
  answeredFor(server: ServerRuntime): boolean;
  /** A connection has been made: what the stream travels on, which may be but a part of it. */
  travelOn(server: ServerRuntime, connection: Connection): Connection;
  /** It asks for a websocket. */
  readonly wantsWebsocket: boolean;
  /** It has to wait before the next try: a client that leaves meanwhile is to be noticed. */
  watch?(): void;
  onDialed(connection: Connection, reused: boolean): void;
  onDialFailed(failure: DialFailure): void;
  /** Its server went away, or came back: the stream is cut. */
  shutdown(letter: ShutdownLetter): void;
}
