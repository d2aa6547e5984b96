/** The end of a bridge where requests come from: a connection to the thread that has what they shall travel on. */
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { socketPair } from '../../net/system-calls.ts';
import type { Adopter } from '../../net/tls/handshake-wire.ts';
import { rawSocketOver } from '../../net/tls/raw-socket.ts';

/** `give` hands the other end over. Undefined: there are no descriptors left. */
export function openBridge(
  engine: Adopter,
  handler: ConnectionHandler,
  give: (fd: number) => void,
): Connection | undefined {
  const pair = socketPair();
  if (typeof pair === 'number') return undefined;
  const connection = engine.adopt(rawSocketOver({ fd: pair[0], ahead: undefined }, true), handler);
  give(pair[1]);
  engine.queue({
    deliver: () => {
      if (!connection.closed) connection.handler.onConnected(connection);
    },
  });
  return connection;
}
