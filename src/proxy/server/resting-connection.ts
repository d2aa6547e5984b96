/**
 * What pools see of a connection that carries streams: it rests there while it carries none, and nobody sends or receives on
 * it itself. Its handler hears when it is gone.
 */
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

export abstract class RestingConnection implements Connection {
  readonly id: number;
  handler: ConnectionHandler = UNSET;
  remote: Endpoint;
  local: Endpoint;
  /** It rests. */
  receiving = false;
  readonly sending = false;
  closed = false;
  /** What makes connections different (ServerRuntime.connectionKey), and the server's state when it was made. */
  key = '';
  privateKey = '';
  generation = 0;
  /** It may serve nobody but its holder, ever. */
  isPrivate = false;
  protected readonly socket: Connection;

  constructor(socket: Connection) {
    this.socket = socket;
    this.id = socket.id;
    this.remote = socket.remote;
    this.local = socket.local;
  }

  get fd(): number {
    return this.socket.fd;
  }

  get tls(): TlsFacts | undefined {
    return this.socket.tls;
  }

  get bytesIn(): number {
    return this.socket.bytesIn;
  }

  get bytesOut(): number {
    return this.socket.bytesOut;
  }

  receive(): void {
    this.receiving = true;
  }

  send(): void {
    throw new Error('requests are sent on streams');
  }

  shutdown(): void {
    throw new Error('a connection that rests has no half to close');
  }

  /** Ends what is still on it, too. */
  abstract close(): void;

  reset(): void {
    this.close();
  }
}
