/**
 * Hands a request to a service (http/local-service.ts) instead of a server: reads its body first, as far as it fits
 * a buffer, then asks for the answer.
 */
import type { LocalRequest, LocalService } from '../../http/local-service.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Reply } from '../../rules/reply.ts';
import type { ClientTrouble } from '../client/client-trouble.ts';
import type { RequestBody } from '../request/request-body.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { Transaction } from '../transaction.ts';

export interface ServiceCallOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly requestHead: Http1RequestHead;
  readonly body: RequestBody;
  readonly clientTrouble: ClientTrouble;
  replyWith(reply: Reply): void;
}

const NOTHING = Buffer.alloc(0);

export class ServiceCall {
  readonly #owner: ServiceCallOwner;
  #service: LocalService | undefined;
  /** What the client is sent comes from it. */
  answers = false;
  #body = NOTHING;
  #length = 0;

  constructor(owner: ServiceCallOwner) {
    this.#owner = owner;
  }

  start(service: LocalService): void {
    this.#service = service;
    this.#length = 0;
    if (this.#owner.body.read || service.ignoresBody === true) return this.#ask(service, false);
    this.#body = Buffer.allocUnsafe(this.#owner.thread.buffers.size);
    this.#collect(service);
  }

  /** Bytes from the client; true: they were waited for here. */
  bytesArrived(): boolean {
    if (this.#service === undefined || this.#body === NOTHING) return false;
    this.#collect(this.#service);
    return true;
  }

  #collect(service: LocalService): void {
    const { body, session, transaction } = this.#owner;
    this.#length += body.takeInto(this.#body, this.#length);
    if (body.decoder.error !== 0) return this.#owner.clientTrouble.badRequest(400);
    const isFull = this.#length === this.#body.length;
    if (body.read || isFull) return this.#ask(service, !body.read);
    session.expect(transaction.timeout('client'));
    session.receive();
  }

  #ask(service: LocalService, bodyTooLarge: boolean): void {
    const { requestHead, session, transaction, thread } = this.#owner;
    // to logs a service is a server that was there at once
    transaction.timers.dequeuedAt = transaction.timers.connectedAt = thread.wheel.now;
    const body = this.#body.subarray(0, this.#length);
    this.#body = NOTHING;
    const request: LocalRequest = {
      method: requestHead.method,
      target: requestHead.target,
      header: name => requestHead.headers.get(name),
      body,
      bodyTooLarge,
    };
    session.clearTimer();
    session.watch();
    service.answer(request, answer => {
      if (this.#service !== service) return answer.stream?.close();
      this.#service = undefined;
      this.answers = true;
      this.#owner.transaction.termination.set('L', 'R');
      this.#owner.replyWith(answer);
    });
  }

  /** The request is over; an answer that still comes is thrown away. */
  stop(): void {
    this.#service = undefined;
    this.answers = false;
    this.#body = NOTHING;
  }
}
