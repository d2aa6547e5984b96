/**
 * Connections that the control thread makes to servers of sections which are no proxies (`peers`, `ring`): with what their
 * line says of sockets, of the PROXY protocol and of TLS.
 */
import { connect, Socket, type NetConnectOpts, type SocketConstructorOpts } from 'node:net';
import type { Address } from '../../model/address.ts';
import type { Server } from '../../model/server.ts';
import type { ConnectTarget } from '../../net/connection.ts';
import { preparedSocket } from '../../net/prepared-socket.ts';
import { buildLocal } from '../../net/proxy-protocol/build.ts';
import { serverSocket } from '../../net/server-socket.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import { abstractPath } from '../../net/unix-listening.ts';

type IpAddress = Extract<Address, { kind: 'ip' }>;

/** `place`: elsewhere than the line says. `ready`: connected, and encrypted where that is asked for. */
export function connectToServer(
  server: Server,
  secure: SecureConnect,
  ready: () => void,
  place?: NetConnectOpts,
): Socket {
  const socket = place === undefined ? connectTo(server) : connect(place);
  socket.setNoDelay(true).setKeepAlive(true);
  const { sendProxy } = server;
  socket.once('connect', () => {
    if (sendProxy !== undefined) socket.write(buildLocal(sendProxy.version));
    if (server.ssl === undefined) ready();
  });
  if (server.ssl === undefined) return socket;
  // told by the encrypted side
  socket.on('error', () => undefined);
  return secure(socket, server.ssl, ready);
}

/** With what its line says of sockets, where its address is known; unheededOptions() tells of the others. */
function connectTo(server: Server): Socket {
  const { address } = server;
  if (address.kind !== 'ip') return connect(placeOf(address));
  const prepared = preparedSocket(targetOf(server, address));
  if (prepared === undefined) return connect(placeOf(address));
  if (typeof prepared === 'object') return new Socket().destroy(new Error(prepared.code));
  const { host, port } = address;
  return new Socket({ fd: prepared, manualStart: true } as SocketConstructorOpts).connect({ host, port });
}

function targetOf(server: Server, { family, host, port }: IpAddress): ConnectTarget {
  const { source, tcpUserTimeoutMs, otherOptions } = server;
  const from = source?.address.kind === 'ip' ? source.address : undefined;
  const [congestion] = otherOptions.get('cc') ?? [];
  return {
    kind: 'ip',
    family,
    host,
    port,
    ...serverSocket(server),
    ...(from !== undefined && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
    ...(tcpUserTimeoutMs > 0 && { userTimeoutMs: tcpUserTimeoutMs }),
    ...(otherOptions.has('tfo') && { fastOpen: true }),
    ...(congestion !== undefined && { tuning: { congestion } }),
  };
}

export function placeOf(address: Address): NetConnectOpts {
  switch (address.kind) {
    case 'ip':
      return { host: address.host, port: address.port };
    case 'name':
      return { host: address.host, port: address.port, family: address.family };
    case 'unix':
      return { path: address.path };
    case 'abstract':
      return { path: abstractPath(address.name) };
    default:
      // descriptors cannot be connected to: refused at once
      return { path: '' };
  }
}
