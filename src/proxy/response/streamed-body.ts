/**
 * The body of a service's answer on its way to the client, piece by piece: the next one is made when the client's
 * socket has taken the one before, in a turn of the loop of its own, so that a long answer delays nobody.
 *
 *   next() ─piece▶ (coder) ─▶ send ─▶ onSent ─▶ setImmediate ─▶ next() … ─end▶ done
 *      └─later▶ (ready) ─▶ next()
 */
import { CHUNK_END, LAST_CHUNK } from '../../http/chunk-encoder.ts';
import type { BodySource } from '../../http/local-service.ts';
import type { ContentCoder } from '../bodies/content-coder.ts';

export interface StreamedBodyOwner {
  /** Sends these bytes; `bodySent` is called when they are taken. */
  sendStreamed(bytes: Buffer): void;
  /** The source has nothing now: only the client leaving can be noticed. */
  streamPaused(): void;
  /** It cannot be coded. */
  streamFailed(): void;
  streamDone(): void;
}

const NOTHING = Buffer.alloc(0);

export class StreamedBody {
  readonly #owner: StreamedBodyOwner;
  #source: BodySource | undefined;
  /** Makes the chunks, in place of `chunkOf`. */
  #coder: ContentCoder | undefined;
  #isChunked = false;
  #isPaused = false;
  #isLast = false;
  /** The coder has given all of the body. */
  #isCoded = false;

  constructor(owner: StreamedBodyOwner) {
    this.#owner = owner;
  }

  get active(): boolean {
    return this.#source !== undefined;
  }

  /** Nothing is being sent: the source has nothing yet. */
  get paused(): boolean {
    return this.#isPaused;
  }

  /** `coder`: only of a body in chunks. */
  begin(source: BodySource, chunked: boolean, coder?: ContentCoder): void {
    this.#source = source;
    this.#coder = coder;
    this.#isChunked = chunked;
    this.#isPaused = this.#isLast = this.#isCoded = false;
    if (coder !== undefined) coder.failed = () => this.#owner.streamFailed();
  }

  /** The head, or a piece, has been sent. */
  sent(): void {
    const source = this.#source;
    if (source === undefined) return;
    if (this.#isLast) {
      this.stop();
      return this.#owner.streamDone();
    }
    setImmediate(() => {
      if (this.#source === source) this.#sendNext(source);
    });
  }

  #sendNext(source: BodySource): void {
    const piece = source.next(() => {
      if (this.#source !== source || !this.#isPaused) return;
      this.#isPaused = false;
      this.#sendNext(source);
    });
    if (piece === 'later') {
      this.#isPaused = true;
      return this.#owner.streamPaused();
    }
    this.#isLast = piece === 'end';
    if (this.#coder !== undefined) this.#sendCoded(source, this.#coder, piece);
    else if (piece !== 'end') this.#owner.sendStreamed(this.#isChunked ? chunkOf(piece) : piece);
    else if (this.#isChunked) this.#owner.sendStreamed(LAST_CHUNK);
    else this.sent();
  }

  #sendCoded(source: BodySource, coder: ContentCoder, piece: Buffer | 'end'): void {
    coder.code(piece === 'end' ? NOTHING : piece, piece === 'end', coded => {
      if (this.#source !== source) return;
      this.#isCoded = this.#isLast;
      if (coded.length > 0) this.#owner.sendStreamed(coded);
      else this.sent();
    });
  }

  /** The exchange is over, one way or the other. */
  stop(): void {
    const source = this.#source;
    const coder = this.#coder;
    this.#source = this.#coder = undefined;
    coder?.close(this.#isCoded);
    this.#isPaused = false;
    source?.close();
  }
}

function chunkOf(piece: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`, 'latin1'), piece, CHUNK_END]);
}
