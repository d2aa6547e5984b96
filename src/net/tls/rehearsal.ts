/**
 * Node loads and compiles its part of a handshake when the first one begins: for 20 ms nothing else goes on in the thread,
 * and what else is being checked looks slow. Who knows that handshakes will come has that behind it with one that says its
 * hello to nobody.
 */
import { connect, type SecureContext } from 'node:tls';
import { ScriptedSocket } from './scripted-socket.ts';

const ignore = (): void => undefined;
const NOBODY = { written: ignore, wanted: ignore, shutDown: ignore, closed: ignore };

let isOver = false;

export function rehearseHandshake(secureContext: SecureContext): void {
  if (isOver) return;
  isOver = true;
  const nobody = ScriptedSocket.make(NOBODY);
  if (nobody === undefined) return;
  nobody.on('error', ignore);
  const socket = connect({ socket: nobody, secureContext });
  socket.on('error', ignore);
  socket.destroy();
}
