/** A TCP socket that listens is stopped, and keeps its address; `beginListening` (opened-socket.ts) takes it up again. */
import { SOL_SOCKET } from './socket-options.ts';
import { getOption, shutdownReceiving } from './system-calls.ts';

const SO_ACCEPTCONN = 30;
const flag = Buffer.alloc(4);

export function isListening(fd: number): boolean {
  return getOption(fd, SOL_SOCKET, SO_ACCEPTCONN, flag) >= 0 && flag.readInt32LE() !== 0;
}

/**
 * The kernel resets who waits and refuses who comes. Negative: the error number. Another number for the same socket may
 * have stopped it already: a second shutdown(2) would stay with it, and end the input of all connections of later.
 */
export function stopListening(fd: number): number {
  return isListening(fd) ? shutdownReceiving(fd) : 0;
}
