/** What can go wrong on the client's side of a request, and what becomes of the request then (RFC 9112; manual, 8.5). */
import type { Cause } from '../../base/failure.ts';
import { noteBrokenOff } from './broken-off.ts';
import { PARSE_ERRORS } from '../../http/parse-errors.ts';
import type { Dialer } from '../server/dialer.ts';
import { keepBadMessage } from '../accounts/keep-bad-message.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { StreamClient } from './stream-client.ts';
import { tellMalformedBody } from '../traced/malformed.ts';
import type { Phase } from '../accounts/termination.ts';
import type { Transaction } from '../transaction.ts';

export interface ClientTroubleOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly body: { readonly read: boolean };
  readonly dialer: Dialer;
  readonly server: { readonly responseRead: boolean; endRequest(): void };
  /** All of the request is with the server. */
  readonly requestSent: boolean;
  /** The client has been sent some of an answer. */
  readonly responseStarted: boolean;
  /** It has been sent all of it. */
  readonly responseDone: boolean;
  readonly phase: Phase;
  keepAlive: boolean;
  readonly requestRules: {
    bodyTruncated(): boolean;
    clientLost(): boolean;
    stalled(): boolean;
    tarpitLeft(): boolean;
  };
  /** Bytes of an own answer are to come: the client is only watched. */
  readonly replyPaused: boolean;
  fail(status: number, letter: string, phase: Phase): void;
  cut(letter: string, phase: Phase): void;
  abort(): void;
}

export class ClientTrouble {
  readonly #owner: ClientTroubleOwner;

  constructor(owner: ClientTroubleOwner) {
    this.#owner = owner;
  }

  /** Its head is none. */
  headInvalid(error: number): void {
    const { status, text } = PARSE_ERRORS.get(error) ?? { status: 400, text: '' };
    this.#keep(text);
    this.badRequest(status);
  }

  headTooLarge(): void {
    this.#keep('head larger than a buffer');
    this.badRequest(431);
  }

  #keep(text: string): void {
    const { thread, transaction, session } = this.#owner;
    keepBadMessage(thread, transaction, 'request', session.inbox, text);
  }

  /** Its body is none: with a server at work, the answer is what is missing. */
  bodyInvalid(): void {
    const { phase, thread, transaction } = this.#owner;
    if (thread.traces.on) tellMalformedBody(thread, transaction, 'request');
    this.#refuse(400, phase === 'H' || phase === 'D' ? phase : 'R');
  }

  badRequest(status: number): void {
    this.#refuse(status, 'R');
  }

  #refuse(status: number, phase: Phase): void {
    const { transaction } = this.#owner;
    transaction.badRequest = transaction.request === undefined;
    transaction.flaw = 'invalid request';
    transaction.countTracked('error');
    this.#fail(status, 'P', phase);
  }

  headTimeout(): void {
    this.#fail(408, 'c', 'R');
  }

  /** It neither sends its body nor takes its answer. */
  stalled(): void {
    const { requestRules, responseStarted } = this.#owner;
    if (requestRules.stalled()) return;
    if (responseStarted) this.#owner.cut('c', this.#answeringPhase());
    else this.#fail(400, 'c', 'H');
  }

  /** The server has given all of its answer: it is the client alone who holds it up, by taking it or by its own body. */
  #answeringPhase(): Phase {
    const { responseDone, server } = this.#owner;
    return responseDone || server.responseRead ? 'L' : 'D';
  }

  /** FIN while a request is served. */
  ended(): void {
    const { body, requestRules, responseStarted } = this.#owner;
    if (requestRules.tarpitLeft()) return;
    if (!body.read && requestRules.bodyTruncated()) return;
    if (!body.read || this.#owner.replyPaused) return this.gone('ended');
    this.#owner.keepAlive = false;
    if (this.#abortsOnClose() && !responseStarted) this.#saidAll();
  }

  #abortsOnClose(): boolean {
    return this.#owner.transaction.backendRuntime?.abortOnClose === true;
  }

  /** It has closed its side and, by `option abortonclose`, does not wait any more. */
  hasLeft(): boolean {
    return this.#owner.session.ended && this.#abortsOnClose();
  }

  /** What waits for a server is given up, a server at work is told. */
  #saidAll(): void {
    const { dialer, server, requestSent, phase } = this.#owner;
    if (!dialer.waiting) {
      if (requestSent) server.endRequest();
    } else if (!dialer.lastTry()) this.gaveUp(phase);
  }

  /** It has left, and no server has the request. */
  gaveUp(phase: Phase): void {
    this.#owner.transaction.clientAborted = true;
    this.#owner.cut('C', phase);
  }

  gone(cause: Cause): void {
    const { transaction, requestRules } = this.#owner;
    const phase = this.#owner.phase === 'D' ? this.#answeringPhase() : this.#owner.phase;
    if (cause !== 'ended' && requestRules.clientLost()) return;
    transaction.clientAborted = true;
    noteBrokenOff(transaction, 'client', cause);
    transaction.termination.fail('client', cause, phase);
    if (cause === 'ended' && (phase === 'R' || phase === 'H')) return this.#fail(400, 'C', phase);
    // it hears nothing any more: the log tells what it would have been told
    if (phase === 'R' || (phase === 'H' && transaction.status === 0)) transaction.status = 400;
    this.#owner.abort();
  }

  #fail(status: number, letter: string, phase: Phase): void {
    this.#owner.keepAlive = false;
    this.#owner.fail(status, letter, phase);
  }
}
