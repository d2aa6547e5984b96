/**
 * May a request be sent once more (manual, `retry-on`)? That needs all of it to be here still, and either the
 * configuration's word or that it cannot do harm.
 */
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Dialer } from '../server/dialer.ts';
import { TOO_EARLY, wasSentEarly } from './early-requests.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { RequestBody } from './request-body.ts';
import type { BackendRuntime } from '../runtime/runtime.ts';
import type { ServerHalf } from '../server/server-half.ts';
import type { Transaction } from '../transaction.ts';

/** What became of a try, in the words of `retry-on`; a status stands for itself. */
type RetryEvent = 'conn-failure' | 'empty-response' | 'junk-response' | 'response-timeout' | '0rtt-rejected';

export interface Resendable {
  readonly transaction: Transaction;
  readonly requestHead: Http1RequestHead;
  readonly body: RequestBody;
  readonly server: ServerHalf;
  readonly dialer: Dialer;
  readonly outgoing: OutgoingRequest;
}

/**
 * Sends the request again if that is asked for, or if it cannot do harm: a reused connection that the server closed
 * without a word, and a method that may be repeated. False: it stays unanswered.
 */
export function retryAfter(event: RetryEvent, stream: Resendable): boolean {
  if (!canResend(stream)) return false;
  const { transaction, server, requestHead, dialer } = stream;
  const { retryOn } = transaction.backendRuntime as BackendRuntime;
  const isStale = event === 'empty-response' && server.reused && requestHead.isIdempotent;
  const mayRetry = event === 'conn-failure' || transaction.mayRetryRequest;
  return (isStale || (retryOn.has(event) && mayRetry)) && dialer.retry();
}

/** `retry-on 503`: the answer is dropped, as long as there is a try left. */
export function retryForStatus(status: number, stream: Resendable): boolean {
  const { transaction, server, dialer } = stream;
  const { retryStatuses } = transaction.backendRuntime as BackendRuntime;
  const isTold = retryStatuses?.has(status) === true || (status === TOO_EARLY && wasSentEarly(stream));
  if (!isTold) return false;
  if (!transaction.mayRetryRequest || !dialer.canRetry || !canResend(stream)) return false;
  server.close();
  return dialer.retry();
}

/** All that has been sent of the request is still here. */
function canResend({ outgoing, body, transaction }: Resendable): boolean {
  return outgoing.kept && body.read && transaction.bytes.toServer <= outgoing.length;
}
