/**
 * One stream to a nameserver, on which every message has its length in front (RFC 1035, section 4.2.2; RFC 7766). Questions
 * go out as soon as it is ready, without waiting for answers, which may come in any order.
 *
 *   opened ──ready──▶ questions and answers ──▶ ended: the nameserver closed it, an error, or a silence
 *      └─ too late, or an error ─▶ ended
 */
import type { Socket } from 'node:net';

export interface StreamEvents {
  readonly received: (message: Buffer) => void;
  /**
   * `unanswered`: what is to be asked over another connection, as the nameserver answered on this one before it closed
   * it (RFC 7766, section 6.2.4). `cause`: in words, where questions were lost by an error.
   */
  readonly ended: (unanswered: readonly Buffer[], cause: string | undefined) => void;
}

/** Of a nameserver that was asked, or of those who have nothing to ask. */
const SILENCE_MS = 5000;
/** What a nameserver may say behind a question: one that goes on without end is left. */
const MOST_BYTES = 1 << 20;
const LENGTH_BYTES = 2;

export class StreamConnection {
  readonly #socket: Socket;
  readonly #events: StreamEvents;
  /** By id. */
  readonly #asked = new Map<number, Buffer>();
  #timer: NodeJS.Timeout;
  #received: Buffer = Buffer.alloc(0);
  #isReady = false;
  #hasAnswered = false;
  #hasEnded = false;
  /** Since the last question. */
  #bytes = 0;

  /** `connectMs`: how long it may take to be ready; 0: as long as an answer. */
  constructor(open: (ready: () => void) => Socket, connectMs: number, events: StreamEvents) {
    this.#events = events;
    this.#timer = this.#after(connectMs || SILENCE_MS, () => this.#broken('it takes too long to connect'));
    this.#socket = open(() => this.#ready());
    this.#socket.unref();
    this.#socket.on('data', chunk => this.#heard(chunk));
    this.#socket.on('error', error => this.#broken(wordsOf(error)));
    this.#socket.on('end', () => {
      if (this.#isReady) this.#closed();
    });
    this.#socket.on('close', () => {
      if (this.#isReady) this.#closed();
      else this.#broken('it closes the connection before it can be asked');
    });
  }

  /** Questions without an answer yet. */
  get waiting(): number {
    return this.#asked.size;
  }

  ask(message: Buffer): void {
    this.#bytes = 0;
    if (this.#isReady && this.#asked.size === 0) this.#quietFromNow();
    this.#asked.set(message.readUInt16BE(0), message);
    if (this.#isReady) this.#write(message);
  }

  #ready(): void {
    this.#isReady = true;
    this.#quietFromNow();
    for (const message of this.#asked.values()) this.#write(message);
  }

  #write(message: Buffer): void {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(message.length, 0);
    this.#socket.write(Buffer.concat([length, message]));
  }

  #heard(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) return this.#broken('it talks without end');
    this.#received = Buffer.concat([this.#received, chunk]);
    while (!this.#hasEnded && this.#received.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#received.readUInt16BE(0);
      if (this.#received.length < end) return;
      const message = this.#received.subarray(LENGTH_BYTES, end);
      this.#received = this.#received.subarray(end);
      this.#take(message);
    }
  }

  /** What was not asked for here is nobody's. */
  #take(message: Buffer): void {
    if (message.length < 2 || !this.#asked.delete(message.readUInt16BE(0))) return;
    this.#hasAnswered = true;
    this.#quietFromNow();
    this.#events.received(message);
  }

  #quietFromNow(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#after(SILENCE_MS, () => this.#end([], undefined));
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    return setTimeout(then, ms).unref();
  }

  #closed(): void {
    this.#end(this.#unanswered(), undefined);
  }

  #broken(cause: string): void {
    const again = this.#unanswered();
    this.#end(again, this.#asked.size > again.length ? cause : undefined);
  }

  /** Each connection for these has to bring one answer at least: nobody is asked again for ever. */
  #unanswered(): readonly Buffer[] {
    return this.#hasAnswered ? [...this.#asked.values()] : [];
  }

  #end(unanswered: readonly Buffer[], cause: string | undefined): void {
    if (this.#hasEnded) return;
    this.close();
    this.#events.ended(unanswered, cause);
  }

  /** Nothing is told any more. */
  close(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }
}

/** OpenSSL's reason, without its numbers. */
function wordsOf(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message;
}
