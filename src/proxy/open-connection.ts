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
  if (socks4 === undefined || target.kind === 'unix') return connector.connect(target, handler);
  return connectBySocks4(connector, socks4, target, handler).connection;
}

/** Undefined: what failed is no more than the connection. */
export function refusalOf(code: string | undefined): ServerRefusal | undefined {
  const error = code === undefined ? undefined : SOCKS4_FAILURES.get(code);
  return error && { error, tls: undefined };
}
