/**
 * Closing a connection to a server. Who sends FIN first keeps the connection's port for a minute (TIME_WAIT, RFC 9293 section
 * 3.6.1), and there are 28,000 of them for a server: one with 500 short connections a second would run out of them, and long
 * before that the search for a free port takes more time than all the rest.
 */
import { abortOnClose } from './socket-options.ts';
import { discardReceived } from './system-calls.ts';

/** The close() that follows is a reset, unless the peer has ended. */
export function sparePort(fd: number): void {
  if (discardReceived(fd) !== 0) abortOnClose(fd);
}
