/** Starts a connection to a server: straight on, or through the proxy of `server … socks4`. */
import type { Connection, ConnectionHandler, Connector } from '../net/connection.ts';
import { connectBySocks4, SOCKS4_FAILURES } from '../net/socks4.ts';
import type { ServerRefusal } from './dial-failure.ts';
import type { OutgoingFacts } from './outgoing-source.ts';
import type { ServerRuntime } from './runtime.ts';

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

/** Undefined: what failed is no more than the connection. */
export function refusalOf(code: string | undefined): ServerRefusal | undefined {
  const error = code === undefined ? undefined : SOCKS4_FAILURES.get(code);
  return error && { error, tls: undefined };
}
