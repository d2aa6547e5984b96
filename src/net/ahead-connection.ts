/** A connection of which something has been read that its handler is still to see: the first receive gives that. */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint, Follows } from './connection.ts';
import { UNSET } from './engines/unset-handler.ts';

export class AheadConnection implements Connection, ConnectionHandler {
  handler: ConnectionHandler = UNSET;
  readonly #below: Connection;
  #ahead: Buffer | undefined;
  /** A receive is to be given what is here. */
  #isAsked = false;

  constructor(below: Connection, ahead: Buffer) {
    this.#below = below;
    this.#ahead = ahead;
    below.handler = this;
  }

  receive(inBody = false): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.#ahead === undefined) return this.#below.receive(inBody);
    this.#isAsked = true;
    process.nextTick(() => this.#give());
  }

  #give(): void {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    this.#isAsked = false;
    if (ahead !== undefined && !this.closed) this.handler.onReceived(this, ahead, 0, ahead.length);
  }

  get receiving(): boolean {
    return this.#isAsked || this.#below.receiving;
  }

  send(buffer: Buffer, offset: number, length: number, follows?: Follows): void {
    this.#below.send(buffer, offset, length, follows);
  }

  get sending(): boolean {
    return this.#below.sending;
  }

  shutdown(): void {
    this.#below.shutdown();
  }

  close(): void {
    this.#below.close();
  }

  reset(): void {
    this.#below.reset();
  }

  get closed(): boolean {
    return this.#below.closed;
  }

  get id(): number {
    return this.#below.id;
  }

  get fd(): number {
    return this.#below.fd;
  }

  get bytesIn(): number {
    return this.#below.bytesIn;
  }

  get bytesOut(): number {
    return this.#below.bytesOut;
  }

  get remote(): Endpoint {
    return this.#below.remote;
  }

  set remote(endpoint: Endpoint) {
    this.#below.remote = endpoint;
  }

  get local(): Endpoint {
    return this.#below.local;
  }

  set local(endpoint: Endpoint) {
    this.#below.local = endpoint;
  }

  // ── events ──

  onReceived(_below: Connection, buffer: Buffer, offset: number, length: number): void {
    this.handler.onReceived(this, buffer, offset, length);
  }

  onEnd(): void {
    this.handler.onEnd(this);
  }

  onSent(): void {
    this.handler.onSent(this);
  }

  onFailed(_below: Connection, cause: Cause, code?: string): void {
    this.#ahead = undefined;
    this.handler.onFailed(this, cause, code);
  }

  onConnected(): void {
    throw new Error('it is connected');
  }
}
