/**
 * Resets a connection. One whose own end is under way is closed instead: Node 20 cannot reset it (libuv forbids that
 * behind a shutdown), loses its handle, and then spins for ever when the process should end.
 */
import type { Socket } from 'node:net';

export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
