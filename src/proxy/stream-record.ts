/**
 * What a stream (http-stream.ts) has in hand, and how far it is: the two heads, what becomes of them on their way out, and
 * whose request it is. Kept from one request to the next.
 */
import type { HeadLimits } from '../http/head-limits.ts';
import { Http1RequestHead } from '../http/request-head.ts';
import { Http1ResponseHead } from '../http/response-head.ts';
import type { Connection } from '../net/connection.ts';
import { Answer } from './response/answer.ts';
import { OutgoingRequest } from './request/outgoing-request.ts';
import type { DataThread, FrontendRuntime } from './runtime/runtime.ts';
import type { StreamClient } from './client/stream-client.ts';
import { Transaction } from './transaction.ts';

export abstract class StreamRecord {
  /** Among the live streams of its thread (live-streams.ts). */
  place = -1;
  number = 0;
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly requestHead = new Http1RequestHead();
  readonly responseHead = new Http1ResponseHead();
  readonly outgoing: OutgoingRequest;
  readonly answer: Answer;
  requestSent = false;
  responseStarted = false;
  responseDone = false;
  keepAlive = false;
  tunneling = false;
  #session: StreamClient | undefined;

  constructor(thread: DataThread) {
    this.thread = thread;
    this.transaction = new Transaction(thread);
    this.outgoing = new OutgoingRequest(thread.buffers);
    this.answer = new Answer(thread.buffers);
  }

  /** As good as new, for a request of that client. */
  begin(session: StreamClient): void {
    this.#session = session;
    this.transaction.begin(session.listener, session.facts);
    this.requestSent = this.responseStarted = this.responseDone = this.keepAlive = this.tunneling = false;
  }

  /** Whose request it is, from its first byte to its last. */
  get session(): StreamClient {
    return this.#session as StreamClient;
  }

  get frontend(): FrontendRuntime {
    return this.session.listener.frontend;
  }

  get clientConnection(): Connection {
    return this.session.connection;
  }

  get responseLimits(): HeadLimits {
    return this.transaction.backendRuntime?.responseLimits ?? this.frontend.limits;
  }
}
