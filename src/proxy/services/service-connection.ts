/**
 * A service of a script in the place of a server's connection: what the stream sends is the service's to read, what the
 * service writes is received by the stream, so that rules, compression and limits treat it as a server.
 *
 *   stream ─ send() ─▶ input ─▶ service          service ─ write(), flush() ─▶ output ─ receive() ─▶ stream
 */
import type { ContentSink } from '../../http/body-decoder.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import type { ServiceWire } from '../../rules/service-wire.ts';

const NOWHERE: Endpoint = { family: 0, host: '', port: 0 };
/** Output that piles up beyond this makes the service wait, input the stream. */
const MOST_WAITING = 65_536;
const NOTHING = Buffer.alloc(0);

function nothing(): void {}

export class ServiceConnection implements Connection, ServiceWire, ContentSink {
  readonly id = 0;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  readonly fd = -1;
  readonly remote = NOWHERE;
  readonly local = NOWHERE;
  handler: ConnectionHandler;
  receiving = false;
  sending = false;
  closed = false;
  onInput: () => void = nothing;
  onRoom: () => void = nothing;
  onGone: () => void = nothing;
  /** The stream has been told that nothing follows. */
  onEnded: () => void = nothing;
  inputEnded = false;
  /** What is sent is framed: its content comes another way (`content`). */
  readonly #framed: boolean;
  #input = NOTHING;
  #output: Buffer[] = [];
  #waiting = 0;
  #outputEnded = false;
  #failed = false;
  #told = false;

  constructor(handler: ConnectionHandler, framed: boolean) {
    this.handler = handler;
    this.#framed = framed;
  }

  // ── the stream's end ──

  receive(): void {
    this.receiving = true;
    setImmediate(() => this.#deliver());
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (!this.#framed) this.content(buffer, offset, offset + length);
    this.sending = true;
    this.#tell();
  }

  content(buffer: Buffer, start: number, end: number): void {
    if (this.#outputEnded) return;
    this.#input = Buffer.concat([this.#input, buffer.subarray(start, end)]);
  }

  trailers(): void {}

  /** The request's body has. */
  end(): void {
    this.shutdown();
  }

  shutdown(): void {
    this.inputEnded = true;
    this.#tell();
  }

  /** In a turn of the loop of its own: who sends is not to be called back. */
  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    setImmediate(() => {
      this.#told = false;
      if (this.closed) return;
      this.#takenIn();
      if (!this.closed) this.onInput();
    });
  }

  /** A stream that has to wait is let go on when the service has taken what there is. */
  #takenIn(): void {
    if (!this.sending || (this.#input.length > MOST_WAITING && !this.#outputEnded)) return;
    this.sending = false;
    this.handler.onSent(this);
  }

  #deliver(): void {
    if (!this.receiving || this.closed) return;
    if (this.#waiting > 0) {
      const bytes = this.#output.length === 1 ? (this.#output[0] as Buffer) : Buffer.concat(this.#output);
      const wasFull = this.full;
      this.#output = [];
      this.#waiting = 0;
      this.receiving = false;
      this.handler.onReceived(this, bytes, 0, bytes.length);
      if (wasFull && !this.closed) setImmediate(() => this.closed || this.onRoom());
    } else if (this.#failed) {
      this.receiving = false;
      this.handler.onFailed(this, 'reset');
    } else if (this.#outputEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
      this.onEnded();
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = this.sending = false;
    this.#input = NOTHING;
    this.#output = [];
    this.onGone();
  }

  reset(): void {
    this.close();
  }

  // ── the service's end ──

  get available(): number {
    return this.#input.length;
  }

  take(most: number): Buffer {
    const taken = this.#input.subarray(0, most);
    this.#input = this.#input.subarray(taken.length);
    if (this.sending) this.#tell();
    return taken;
  }

  indexOf(byte: number): number {
    return this.#input.indexOf(byte);
  }

  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#output.push(bytes);
    this.#waiting += bytes.length;
  }

  get full(): boolean {
    return this.#waiting > MOST_WAITING;
  }

  flush(): void {
    this.#deliver();
  }

  finish(): void {
    this.#outputEnded = true;
    this.#input = NOTHING;
    if (this.sending) this.#tell();
    this.#deliver();
  }

  fail(): void {
    this.#failed = true;
    this.finish();
  }
}
