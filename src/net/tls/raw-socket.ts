/** Sockets of Node's over what plain connections have left, for handshakes where there can be no wire (handshake-wire.ts). */
import { Socket } from 'node:net';
import type { Connection, HandedOver } from '../connection.ts';

/** `allowHalfOpen`: the peer's end is not ours. */
export function rawSocketOver({ fd, ahead }: HandedOver, allowHalfOpen: boolean): Socket {
  const socket = new Socket({ fd, allowHalfOpen, manualStart: true } as object);
  if (ahead !== undefined && ahead.length > 0) socket.unshift(ahead);
  return socket;
}

/** `received`: what came before. The connection is closed then, and keeps its addresses. */
export function rawSocketOf(plain: Connection, received: Buffer, allowHalfOpen: boolean): Socket {
  const { remote, local } = plain;
  const left = plain.handOver?.();
  if (left === undefined) throw new Error('the connection has no socket that TLS could use');
  plain.remote = remote;
  plain.local = local;
  const { fd, ahead } = left;
  return rawSocketOver(
    { fd, ahead: ahead === undefined ? received : Buffer.concat([received, ahead]) },
    allowHalfOpen,
  );
}
