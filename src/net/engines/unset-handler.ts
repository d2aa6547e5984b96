import type { ConnectionHandler } from '../connection.ts';

/** An accepted connection's handler until onAccept sets one; nothing comes before receive() is called. */
export const UNSET: ConnectionHandler = {
  onConnected: () => undefined,
  onReceived: () => undefined,
  onEnd: () => undefined,
  onSent: () => undefined,
  onFailed: () => undefined,
};
