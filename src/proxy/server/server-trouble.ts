/** What can go wrong on the server's side of a request: the request is sent again, answered with an error, or cut. */
import type { Cause } from '../../base/failure.ts';
import type { ObservedError } from '../../health/observation.ts';
import { noteBrokenOff } from '../client/broken-off.ts';
import { hasFailedEarly } from '../request/early-requests.ts';
import { phaseOf, type DialFailure } from './dial-failure.ts';
import { keepBadMessage } from '../accounts/keep-bad-message.ts';
import { retryAfter, type Resendable } from '../request/resend.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { StreamClient } from '../client/stream-client.ts';
import { tellMalformedBody } from '../traced/malformed.ts';
import type { Phase } from '../accounts/termination.ts';

export interface ServerTroubleOwner extends Resendable {
  readonly thread: DataThread;
  readonly session: StreamClient;
  readonly clientTrouble: { gone(cause: Cause): void; hasLeft(): boolean; gaveUp(phase: Phase): void };
  /** All of the request is with the server. */
  readonly requestSent: boolean;
  /** The client has been sent some of an answer. */
  readonly responseStarted: boolean;
  fail(status: number, letter: string, phase: Phase): void;
  cut(letter: string, phase: Phase): void;
  abort(): void;
  /** The client's connection serves another request. */
  keepAlive: boolean;
  finish(): void;
}

export class ServerTrouble {
  readonly #owner: ServerTroubleOwner;

  constructor(owner: ServerTroubleOwner) {
    this.#owner = owner;
  }

  /** It was not connected to. */
  unreached(failure: DialFailure): void {
    const { clientTrouble } = this.#owner;
    const phase = phaseOf(failure);
    if (clientTrouble.hasLeft()) return clientTrouble.gaveUp(phase);
    const isLate = failure === 'connect-timeout' || failure === 'queue-timeout';
    const letter = failure === 'resource' ? 'R' : isLate ? 's' : 'S';
    this.#owner.fail(503, letter, phase);
  }

  gone(cause: Cause): void {
    const { server, transaction, responseStarted } = this.#owner;
    noteBrokenOff(transaction, 'server', cause);
    if (responseStarted && server.responseRead) return this.#hasAnswered(cause);
    if (responseStarted) {
      transaction.serverAborted = true;
      transaction.termination.fail('server', cause, 'D');
      return this.#owner.abort();
    }
    if (cause === 'invalid' || (server.inbox.length > 0 && !server.inBody)) return this.responseInvalid();
    const unanswered = !server.answered;
    // nobody has seen the request
    if (cause === 'refused' && unanswered) {
      server.close();
      if (retryAfter('conn-failure', this.#owner)) return;
    }
    if (unanswered && hasFailedEarly(this.#owner)) {
      server.close();
      if (retryAfter('0rtt-rejected', this.#owner)) return;
    }
    if (unanswered && server.requestEnded) return this.#owner.clientTrouble.gone('ended');
    this.#observe(cause === 'ended' ? 'closed' : 'read error');
    server.close();
    if (retryAfter(unanswered ? 'empty-response' : 'junk-response', this.#owner)) return;
    transaction.serverAborted = true;
    if (this.#owner.session.sendsAgain) this.#leaveUnanswered(cause);
    else this.#owner.fail(502, 'S', 'H');
  }

  /** Manual, `http-reuse`: clients repeat in silence what an idle connection that closes has lost. Resets are counted. */
  #leaveUnanswered(cause: Cause): void {
    const { transaction } = this.#owner;
    if (cause !== 'ended') transaction.termination.fail('server', cause, 'D');
    transaction.unanswered = true;
    this.#owner.keepAlive = false;
    this.#owner.finish();
  }

  /** All of its response is here, and it takes no more of the request: the client has its answer. */
  #hasAnswered(cause: Cause): void {
    const { server, transaction, requestSent } = this.#owner;
    if (cause !== 'ended' && !requestSent) {
      transaction.serverAborted = true;
      transaction.termination.fail('server', cause, cause === 'timeout' ? 'D' : 'L');
    }
    server.lost();
  }

  stalled(): void {
    this.#observe('read timeout');
    const { server, responseStarted } = this.#owner;
    if (responseStarted && server.responseRead) return this.#hasAnswered('timeout');
    if (responseStarted) return this.#owner.cut('s', 'D');
    server.close();
    if (retryAfter('response-timeout', this.#owner)) return;
    this.#owner.fail(504, 's', 'H');
  }

  responseInvalid(): void {
    const { thread, transaction, server } = this.#owner;
    const { inbox } = server;
    if (inbox.length > 0) keepBadMessage(thread, transaction, 'response', inbox, 'invalid response');
    this.#observe('headers');
    server.close();
    if (retryAfter('junk-response', this.#owner)) return;
    this.#owner.fail(502, 'P', 'H');
  }

  bodyInvalid(): void {
    const { thread, transaction } = this.#owner;
    if (thread.traces.on) tellMalformedBody(thread, transaction, 'response');
    this.#observe('response');
    this.#owner.cut('P', 'D');
  }

  /** What changes the body on its way has failed: not the server. */
  pipeFailed(): void {
    this.#owner.transaction.flaw = 'internal error';
    this.#owner.cut('P', 'D');
  }

  /** A connection that was idle may have been closed for its age: that says nothing of the server. */
  #observe(error: ObservedError): void {
    const { server, transaction } = this.#owner;
    if (!server.reused) transaction.serverRuntime?.observer?.failed(error);
  }
}
