/**
 * How streams to nameservers are made: as the line says where it is one of `tcp@` (manual, section 5.3.2), else plainly, for
 * answers that fit no datagram.
 */
import { connect, type Socket } from 'node:net';
import type { NameserverSettings } from '../../dns/nameserver.ts';
import type { NameserverAddress } from '../../dns/transport.ts';
import type { Server } from '../../model/server.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import { connectToServer } from '../servers/server-connection.ts';

export type NameserverPlace = Omit<NameserverSettings, 'stream'>;

/** `server`: what its line says. */
export function withStream(
  place: NameserverPlace,
  server: Server | undefined,
  connectMs: number,
  secure: SecureConnect,
): NameserverSettings {
  const { address } = place;
  if (server === undefined) {
    const open = (ready: () => void): Socket => connectPlainly(address, ready);
    return { ...place, stream: { open, connectMs, maxConnections: 0 } };
  }
  // where the name has led to, if it was one
  const found: Server = { ...server, address: { kind: 'ip', ...address } };
  const open = (ready: () => void): Socket => connectToServer(found, secure, ready);
  return { ...place, stream: { open, connectMs, maxConnections: server.maxconn } };
}

function connectPlainly({ host, port }: NameserverAddress, ready: () => void): Socket {
  return connect({ host, port, noDelay: true }, ready);
}
