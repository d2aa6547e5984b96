/** The descriptor of an admin connection, for what Node's sockets do not do themselves. */
import type { Socket } from 'node:net';

/** Node tells the number of a socket to those who ask its handle. -1: closed. */
export function descriptorOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? -1;
}
