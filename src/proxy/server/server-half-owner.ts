/** The stream that a server half belongs to, as it sees it (server-half.ts). */
import type { Cause } from '../../base/failure.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import type { Connection } from '../../net/connection.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

/** Who decides what becomes of a request when its server fails it. */
interface ServerTroubleSink {
  gone(cause: Cause): void;
  stalled(): void;
  responseInvalid(): void;
  bodyInvalid(): void;
  pipeFailed(): void;
}

/** What the server half tells its stream, and asks of it. */
export interface ServerHalfOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly responseLimits: HeadLimits;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;
  readonly clientConnection: Connection;
  readonly body: { readonly read: boolean; pump(server: Connection): void; clientTook(): void };
  /** A 1xx head; false: wait until the client's socket has taken it. */
  interimArrived(): boolean;
  responseArrived(): void;
  /** Of a body that rules or filters hold: what comes of it is theirs to look at. */
  heldBytesArrived(): void;
  sendBody(buffer: Buffer, offset: number, length: number, isRest?: boolean): void;
  /** The client has to take what is sent within its timeout. */
  expectToSend(): void;
  /** The response's last byte is with the client. */
  responseForwarded(): void;
  readonly serverTrouble: ServerTroubleSink;
}
