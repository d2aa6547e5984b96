/**
 * What connections that are there before their handshake have in common: whose handler it has stays with them, and what is
 * below becomes another one when the handshake is over.
 */
import type { Connection, ConnectionHandler, Endpoint } from '../../connection.ts';
import { UNSET } from '../../engines/unset-handler.ts';
import type { TlsError } from '../tls-facts.ts';

export abstract class EarlyLayer {
  readonly id: number;
  handler: ConnectionHandler = UNSET;
  receiving = false;
  sending = false;
  closed = false;
  protected readonly plain: Connection;
  /** From the end of the handshake on. */
  protected below: Connection | undefined;

  constructor(plain: Connection) {
    this.id = plain.id;
    this.plain = plain;
  }

  get fd(): number {
    return this.closed ? -1 : this.plain.fd;
  }

  get tlsFailure(): TlsError | undefined {
    return this.below?.tlsFailure;
  }

  get remote(): Endpoint {
    return this.plain.remote;
  }

  set remote(endpoint: Endpoint) {
    this.plain.remote = endpoint;
  }

  get local(): Endpoint {
    return this.plain.local;
  }

  set local(endpoint: Endpoint) {
    this.plain.local = endpoint;
  }

  receive(inBody = false): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.beginReceive(inBody);
  }

  protected abstract beginReceive(inBody: boolean): void;

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    this.beginSend(buffer, offset, length);
  }

  protected abstract beginSend(buffer: Buffer, offset: number, length: number): void;

  close(): void {
    if (this.#leave()) (this.below ?? this.plain).close();
  }

  reset(): void {
    if (this.#leave()) (this.below ?? this.plain).reset();
  }

  #leave(): boolean {
    if (this.closed) return false;
    this.closed = true;
    this.receiving = this.sending = false;
    this.left();
    return true;
  }

  /** It is closed: nothing is waited for any more. */
  protected abstract left(): void;

  onConnected(): void {
    throw new Error('it is connected');
  }
}
