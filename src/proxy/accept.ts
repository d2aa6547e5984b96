/** A connection came in: its frontend's mode says what serves it. */
import type { Connection } from '../net/connection.ts';
import { HttpSession } from './http-session.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';
import { TcpSession } from './tcp-session.ts';

export function serveConnection(thread: DataThread, listener: ListenerRuntime, connection: Connection): void {
  if (listener.frontend.config.mode === 'http') new HttpSession(thread, listener, connection).start();
  else new TcpSession(thread, listener, connection).start();
}
