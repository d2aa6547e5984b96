/**
 * A connection was accepted: the limits decide whether it may stay, its frontend's mode what serves it. A
 * listener whose limits are reached stops accepting; what comes then waits in the kernel's backlog.
 */
import type { Connection } from '../net/connection.ts';
import { HttpSession } from './http-session.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';
import { TcpSession } from './tcp-session.ts';

export function acceptConnection(
  thread: DataThread,
  listener: ListenerRuntime,
  connection: Connection,
): void {
  listener.opened();
  if (listener.frontend.config.mode === 'http') new HttpSession(thread, listener, connection).start();
  else new TcpSession(thread, listener, connection).start();
}
