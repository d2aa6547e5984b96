/**
 * A service of a script answers a request: it plays the server (service-connection.ts), and what it answers passes the
 * rules for responses. Called by stopped-by-rules.ts.
 */
import type { ServiceWire } from '../../rules/service-wire.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { ServiceConnection } from './service-connection.ts';

export function serveScript(stream: HttpExchange, begin: (wire: ServiceWire) => void): void {
  const { transaction, server, body, shaping } = stream;
  const { timers } = transaction;
  timers.dequeuedAt = timers.connectedAt = timers.headReadAt = stream.thread.wheel.now;
  const connection = new ServiceConnection(server, true);
  connection.inputEnded = body.read;
  body.decoder.sink = connection;
  shaping.ofCached(transaction.backendRuntime);
  server.bodyUnwanted = transaction.requestLine?.method === 'HEAD';
  transaction.termination.set('L', 'R');
  stream.requestSent = false;
  begin(connection);
  server.begin(connection, false);
  if (!connection.closed) body.pump(connection);
}
