/** The client's connection as the stream that it serves sees it; http-session.ts is one. */
import type { Http1ResponseHead } from '../../http/response-head.ts';
import type { Connection } from '../../net/connection.ts';
import type { Timer } from '../../net/timer-wheel.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import type { Inbox } from './inbox.ts';
import type { PrivateConnections } from '../server/private-connections.ts';
import type { ListenerRuntime } from '../runtime/runtime.ts';

export interface StreamClient {
  readonly listener: ListenerRuntime;
  readonly facts: ClientConnectionFacts;
  readonly connection: Connection;
  /** Bytes of the request's body, and of requests behind it. */
  readonly inbox: Inbox;
  /** FIN received, or the connection lost: nothing more will come. */
  readonly ended: boolean;
  /** Server connections that nobody else may use; none until there is one. */
  privateConnections: PrivateConnections | undefined;
  /** The current request is the first of its connection. Over HTTP/2 none is. */
  readonly isFirst: boolean;
  /** It has been answered before on its connection: a request whose connection closes without a word it sends again by itself. */
  readonly sendsAgain: boolean;
  /** Of what the client is given time for. */
  readonly timer: Timer;
  /** The client has to go on, or to take what is sent, within this time. */
  expect(timeoutMs: number): void;
  clearTimer(): void;
  /** Keeps a read armed, to notice the client leaving and to have its next request. */
  watch(): void;
  /** `inBody`: of a request that has come in part. */
  receive(inBody?: boolean): void;
  /**
   * Takes the head of a final response as such, where the client does not want it as bytes of HTTP/1: its body follows
   * by connection.send(), and that alone if it has none. Gives the bytes the head would have had.
   */
  sendHead?(head: Http1ResponseHead): number;
  /** The request is over: the next one, or goodbye. */
  requestFinished(keep: boolean): void;
  /** Nothing can be said any more. */
  requestAborted(): void;
  /** The same of all that shares its connection, where anything does. */
  vanish?(): void;
  /** Whoever it is is not wanted any more: all that shares its connection is over. */
  dismiss?(): void;
}
