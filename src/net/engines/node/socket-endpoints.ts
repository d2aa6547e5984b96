/** Both ends of a socket of Node's, as it knows them; undefined once it is closed. */
import type { Socket } from 'node:net';
import type { Endpoint } from '../../connection.ts';

export const UNKNOWN_ENDPOINT: Endpoint = { family: 0, host: '', port: 0 };

export function remoteOf(socket: Socket): Endpoint | undefined {
  const { remoteAddress, remotePort, remoteFamily } = socket;
  if (remoteAddress === undefined) return undefined;
  return { family: remoteFamily === 'IPv6' ? 6 : 4, host: remoteAddress, port: remotePort ?? 0 };
}

export function localOf(socket: Socket): Endpoint | undefined {
  const { localAddress, localPort, localFamily } = socket;
  if (localAddress === undefined) return undefined;
  return { family: localFamily === 'IPv6' ? 6 : 4, host: localAddress, port: localPort ?? 0 };
}
