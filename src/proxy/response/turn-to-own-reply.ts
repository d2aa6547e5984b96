/**
 * A request that gets an answer of the balancer's own, whatever was under way: the server is let go, what is rendered is
 * dropped, and the client's connection is kept if it can be read what is still to come of the request. Called by http-stream.ts
 * before the answer starts (own-reply.ts).
 */
import type { Reply } from '../../rules/reply.ts';
import type { HttpExchange } from '../http-exchange.ts';

/** False: the client cannot be told, or shall not be. */
export function turnToOwnReply(stream: HttpExchange, reply: Reply): boolean {
  const { transaction, clientConnection, answer, frontend } = stream;
  stream.dialer.release();
  stream.server.close();
  stream.outgoing.drop(undefined);
  answer.drop(clientConnection);
  transaction.compression = undefined;
  stream.responseRules.stop();
  stream.filters?.stop();
  stream.responseStarted = true;
  stream.body.drop();
  stream.keepAlive &&=
    stream.body.decoder.error === 0 && frontend.keepsClients && !stream.thread.sendsAway() && !reply.closes;
  transaction.status = reply.standsFor ?? reply.status;
  if (transaction.servedBy !== undefined) transaction.timers.responseHeadAt = stream.thread.wheel.now;
  // the server's was none, or asked for another try
  else if (transaction.serverStatus === 0) transaction.timers.responseHeadAt = -1;
  return reply.silent !== true && !clientConnection.closed && !answer.isSending(clientConnection);
}
