/**
 * A cache has the response: it is answered without a server. Where nothing wants to see it, it goes from the cache to
 * the client as it is; otherwise the cache plays the server (cached-connection.ts), and rules, compression and limits
 * treat it as they treat a server's. Called by http-stream.ts when a `cache-use` rule has found one.
 */
import type { ExchangeCaching } from './exchange-caching.ts';
import type { HttpExchange } from '../http-exchange.ts';

/** What came of the request's body is dropped. */
export function serveStored(stream: HttpExchange): void {
  const { transaction, server } = stream;
  const { timers } = transaction;
  const caching = transaction.caching as ExchangeCaching;
  // rules may have changed the method behind the one the client waits for
  const isHead = transaction.requestLine?.method === 'HEAD';
  stream.body.drop();
  transaction.termination.set('L', 'R');
  timers.dequeuedAt = timers.connectedAt = timers.headReadAt;
  if (mayPassUnseen(stream) && sendStored(stream, caching, isHead)) return;
  stream.shaping.ofCached(transaction.backendRuntime);
  server.bodyUnwanted = isHead;
  const headOnly = stream.requestHead.method === 'HEAD';
  server.begin(caching.open(server, stream.clientConnection, headOnly), false);
}

/** Nothing wants to see the response, and its head needs no word about the connection. */
function mayPassUnseen({
  transaction,
  frontend,
  thread,
  session,
  keepAlive,
  clientConnection,
}: HttpExchange): boolean {
  if (frontend.looksAtStored || transaction.backendRuntime?.looksAtStored === true) return false;
  if (transaction.bandwidth !== undefined || thread.watcher !== undefined) return false;
  const mayKeep = keepAlive && frontend.keepsClients && !thread.sendsAway() && !session.ended;
  return mayKeep && !clientConnection.sending;
}

/** False: it has to go the long way. */
function sendStored(stream: HttpExchange, caching: ExchangeCaching, isHead: boolean): boolean {
  const { transaction } = stream;
  const length = caching.render(stream.answer.take(), isHead);
  if (length < 0) return false;
  transaction.timers.responseHeadAt = stream.thread.wheel.now;
  transaction.answeredWith(200);
  stream.responseStarted = true;
  transaction.logEarly();
  transaction.logStep('response');
  stream.sendOwnAnswer(length);
  return true;
}
