/** Starts a connection to a server: straight on, or through the proxy of `server … socks4`. */
import type { Cause } from '../../base/failure.ts';
import type { Connection, ConnectionHandler, Connector } from '../../net/connection.ts';
import { connectBySocks4, SOCKS4_FAILURES } from '../../net/socks4.ts';
import { systemFailure } from '../../net/system-failure.ts';
import type { ServerRefusal } from './dial-failure.ts';
import type { OutgoingFacts } from './outgoing-source.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

export function openConnection(
  connector: Connector,
  server: ServerRuntime,
  facts: OutgoingFacts,
  handler: ConnectionHandler,
): Connection {
  const target = server.target(facts);
  const { socks4 } = server.config;
  if (target.kind === 'unix') return connector.connect(target, handler);
  if (socks4 !== undefined) return connectBySocks4(connector, socks4, target, handler).connection;
  const made = connector.connect(target, handler);
  // the system knows it no more when the server has closed, which is before the log line is written
  made.remote = target;
  return made;
}

/** Why there is none, and where it was to lead. `code`: what the proxy of `socks4`, or the engine, calls it. */
export function refusalOf(connection: Connection | undefined, cause: Cause, code?: string): ServerRefusal {
  const ofProxy = code === undefined ? undefined : SOCKS4_FAILURES.get(code);
  return { error: ofProxy ?? systemFailure(cause), tls: undefined, destination: connection?.remote };
}
