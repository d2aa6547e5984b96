/**
 * Closes a client's connection that is not read from any more. Bytes that nobody has read make a reset of a close (RFC
 * 9293 section 3.6.1), which clients and checks take for a fault: those that are there are dropped, and FIN goes ahead of
 * the reset that others may bring about. So does HAProxy. TLS says goodbye by itself.
 */
import type { Connection } from '../../net/connection.ts';
import { discardReceived, shutdownSending } from '../../net/system-calls.ts';

export function hangUp(connection: Connection): void {
  if (connection.closed) return;
  const { fd } = connection;
  if (fd >= 0) {
    if (connection.tls === undefined && !connection.sending) shutdownSending(fd);
    discardReceived(fd);
  }
  connection.close();
}
