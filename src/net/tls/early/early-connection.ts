/**
 * A client's connection that is served before its handshake is over (RFC 8446, section 2.3). Whose handler it has stays with
 * it; what is below becomes another one:
 *
 *   until then    early data, opened by OpenSSL ─▶ handler ─▶ sealed by OpenSSL, which has the keys (EarlyWire)
 *   from then on  handler ◀─▶ a connection of records
 *
 * It shuts down behind the handshake. A handshake that fails is a connection that fails.
 */
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Engine, Waiting } from '../../connection.ts';
import type { EarlyPhase } from '../tls-facts.ts';
import { EarlyLayer } from './early-layer.ts';

/** Who makes the handshake. */
export interface EarlyWire {
  /** Bytes that write() takes at most. */
  readonly mostContent: number;
  /** Nothing is on its way, and data is still sealed there. */
  readonly isFree: boolean;
  /** Seals and sends it; sent() follows when it is with the kernel, before this returns perhaps. */
  write(buffer: Buffer, offset: number, length: number): void;
  /** The plain connection is closed or reset by the caller: there will be no handshake. */
  abandon(): void;
}

export class EarlyConnection
  extends EarlyLayer
  implements Connection, ConnectionHandler, Waiting, EarlyPhase
{
  state: EarlyPhase['state'] = 'waits';
  readonly #engine: Pick<Engine, 'queue'>;
  readonly #wire: EarlyWire;
  #arrived: Buffer[] = [];
  #waiters: (() => void)[] = [];
  #earlyIn = 0;
  #earlyOut = 0;
  /** What of a send is still to be sealed. */
  #buffer: Buffer | undefined;
  #at = 0;
  #end = 0;
  #toShutDown = false;
  #failure: Cause | undefined;

  constructor(plain: Connection, engine: Pick<Engine, 'queue'>, wire: EarlyWire) {
    super(plain);
    this.#engine = engine;
    this.#wire = wire;
  }

  get bytesIn(): number {
    return this.#earlyIn + (this.below?.bytesIn ?? 0);
  }

  get bytesOut(): number {
    return this.#earlyOut + (this.below?.bytesOut ?? 0);
  }

  protected override beginReceive(inBody: boolean): void {
    if (this.#arrived.length > 0 || this.#failure !== undefined) this.#engine.queue(this);
    else this.below?.receive(inBody);
  }

  protected override beginSend(buffer: Buffer, offset: number, length: number): void {
    if (this.#failure !== undefined) return this.#engine.queue(this);
    if (this.below !== undefined) return this.below.send(buffer, offset, length);
    this.#buffer = buffer;
    this.#at = offset;
    this.#end = offset + length;
    if (this.#wire.isFree) this.#writeOn();
  }

  shutdown(): void {
    this.#toShutDown = true;
    this.below?.shutdown();
  }

  protected override left(): void {
    this.#arrived = [];
    this.#waiters = [];
    this.#buffer = undefined;
    if (this.below === undefined) this.#wire.abandon();
  }

  /** From the engine's queue. */
  deliver(): void {
    if (this.closed) return;
    if (this.receiving && this.#arrived.length > 0) this.#handOver();
    else if (this.#failure !== undefined) this.#fail();
  }

  #handOver(): void {
    const [first, ...others] = this.#arrived as [Buffer, ...Buffer[]];
    const bytes = others.length === 0 ? first : Buffer.concat([first, ...others]);
    this.#arrived = [];
    this.receiving = false;
    this.#earlyIn += bytes.length;
    this.handler.onReceived(this, bytes, 0, bytes.length);
  }

  whenOver(heard: () => void): void {
    this.#waiters.push(heard);
  }

  // ── what the handshake tells ──

  /** Early data; its memory is this one's. */
  arrived(bytes: Buffer): void {
    if (this.closed || bytes.length === 0) return;
    this.#arrived.push(bytes);
    if (this.receiving) this.#engine.queue(this);
  }

  /** What was written is with the kernel. */
  sent(): void {
    if (this.sending && this.#wire.isFree) this.#writeOn();
  }

  /** The handshake is over: `below` has the keys from here on, and is read from by nobody. */
  goOnWith(below: Connection): void {
    this.below = below;
    below.handler = this;
    this.state = 'complete';
    const left = this.#end - this.#at;
    if (this.sending && left > 0) below.send(this.#buffer as Buffer, this.#at, left);
    else if (this.sending) this.#hasSent();
    if (this.#toShutDown) below.shutdown();
    if (this.receiving && this.#arrived.length === 0 && !below.receiving) below.receive();
    this.#tellWaiters();
  }

  /** There is no handshake any more. The plain connection is still open. */
  broke(cause: Cause): void {
    if (this.closed || this.#failure !== undefined) return;
    this.state = 'failed';
    this.#failure = cause;
    if (this.sending || (this.receiving && this.#arrived.length === 0)) this.#fail();
    this.#tellWaiters();
  }

  #writeOn(): void {
    const from = this.#at;
    const length = Math.min(this.#end - from, this.#wire.mostContent);
    if (length === 0) return this.#hasSent();
    this.#at += length;
    this.#earlyOut += length;
    this.#wire.write(this.#buffer as Buffer, from, length);
  }

  #hasSent(): void {
    this.sending = false;
    this.#buffer = undefined;
    this.#at = this.#end = 0;
    this.handler.onSent(this);
  }

  #fail(): void {
    if (!this.receiving && !this.sending) return;
    this.receiving = this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause);
  }

  #tellWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const heard of waiters) heard();
  }

  // ── what the connection below tells ──

  onReceived(_below: Connection, buffer: Buffer, offset: number, length: number): void {
    this.receiving = false;
    this.handler.onReceived(this, buffer, offset, length);
  }

  onEnd(): void {
    this.receiving = false;
    this.handler.onEnd(this);
  }

  onSent(): void {
    this.#hasSent();
  }

  onFailed(_below: Connection, cause: Cause, code?: string): void {
    this.receiving = this.sending = false;
    this.handler.onFailed(this, cause, code);
  }
}
