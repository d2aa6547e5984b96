/**
 * A response has come, from a server or from what plays one (cached-connection.ts): interim ones are passed on, a
 * final one is noted and given to the rules, unless the request is to be sent once more for its status. Called by
 * server-half.ts through http-stream.ts, when a head is read.
 */
import { SAY_NOTHING } from '../../http/response-head.ts';
import { noteAuthentication } from '../server/connection-reuse.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { retryForStatus } from '../request/resend.ts';
import type { BackendRuntime, ServerRuntime } from '../runtime/runtime.ts';

/** 100, 102, 103: passed on at once. False: wait until it is sent. */
export function passInterimOn(stream: HttpExchange): boolean {
  stream.transaction.counts.response(stream.responseHead.status);
  if (stream.requestHead.version < 11) return true;
  const length = stream.responseHead.renderInto(stream.answer.take(), 0, SAY_NOTHING);
  stream.sendAnswer(length);
  return !stream.clientConnection.sending;
}

export function receiveResponse(stream: HttpExchange): void {
  const { transaction, responseHead, server } = stream;
  transaction.timers.responseHeadAt = stream.thread.wheel.now;
  const isStored = transaction.serverRuntime === undefined;
  if (!isStored && isForSecondTry(stream)) return;
  transaction.holdsOfResponse(responseHead.headers.length + server.inbox.length);
  transaction.answered(responseHead);
  stream.shaping.responseArrived();
  if (!isStored) noteServer(stream);
  if (stream.filters === undefined || stream.filters.responseBegins()) stream.responseRules.start();
}

function isForSecondTry(stream: HttpExchange): boolean {
  const { status } = stream.responseHead;
  stream.transaction.serverRuntime?.observer?.answered(status);
  return retryForStatus(status, stream);
}

/** Its answer counts: the request is not needed any more, and `stick` rules know the server. */
function noteServer({ transaction, responseHead, session, outgoing, server }: HttpExchange): void {
  noteAuthentication(responseHead.status, responseHead.headers, session);
  outgoing.drop(server.connection);
  const backend = transaction.backendRuntime as BackendRuntime;
  backend.serverAnswers(transaction, transaction.serverRuntime as ServerRuntime);
}
