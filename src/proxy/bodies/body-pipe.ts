/**
 * Stands between a body's decoder and the socket it goes to where the bytes are not sent as they came: compressed,
 * framed anew, held back. It works on one slice at a time; the next one is pushed when all that came of the one
 * before has been sent, so that back-pressure needs no code here either.
 *
 *   decoder ─push▶ (throttle) ─▶ coder ─▶ pending pieces ─next()▶ throttle ─▶ send ─▶ onSent ─▶ next() … ─▶ push
 *
 * Throttles stand before or behind the coder, as the filters of the configuration do.
 */
import type { ContentCoder } from './content-coder.ts';
import type { Throttle } from '../../net/throttle.ts';

/** A piece that may be sent now, of the memory it lies in. */
interface Piece {
  buffer: Buffer;
  offset: number;
  length: number;
}

const NOTHING = Buffer.alloc(0);

function hold(piece: Piece, buffer: Buffer, offset: number, length: number): void {
  piece.buffer = buffer;
  piece.offset = offset;
  piece.length = length;
}

export interface BodyPipeOwner {
  /** There is something to send, or room for another slice: ask again. */
  pipeReady(): void;
  pipeFailed(): void;
}

export class BodyPipe {
  readonly #coder: ContentCoder | undefined;
  readonly #throttles: readonly Throttle[];
  /** Those before the coder. */
  readonly #ahead: readonly Throttle[];
  readonly #owner: BodyPipeOwner;
  readonly #pending: Piece = { buffer: NOTHING, offset: 0, length: 0 };
  /** What throttles keep from the coder. */
  readonly #raw: Piece = { buffer: NOTHING, offset: 0, length: 0 };
  #coding = false;
  #waiting = false;
  #ended = false;
  #closed = false;

  constructor(
    owner: BodyPipeOwner,
    coder: ContentCoder | undefined,
    throttles: readonly Throttle[],
    ahead: readonly Throttle[],
  ) {
    this.#owner = owner;
    this.#ahead = ahead;
    this.#coder = coder;
    this.#throttles = throttles;
    if (coder !== undefined) coder.failed = () => this.#fail();
  }

  /** Something is under way: `pipeReady` follows. */
  get busy(): boolean {
    return this.#waiting || (this.#coding && this.#pending.length === 0);
  }

  /** A slice can be pushed. */
  get empty(): boolean {
    return this.#pending.length === 0 && this.#raw.length === 0;
  }

  /** All there will ever be has been sent. Asked when nothing is under way. */
  finished(): boolean {
    const isFinished = this.#ended && !this.busy && this.empty;
    if (isFinished) this.#coder?.sent?.();
    return isFinished;
  }

  /** The slice stays untouched until the pipe is empty again. `last`: nothing follows. Nothing is under way. */
  push(buffer: Buffer, offset: number, length: number, last: boolean): void {
    this.#coder?.sent?.();
    this.#ended = last;
    if (this.#coder === undefined) hold(this.#pending, buffer, offset, length);
    else if (this.#ahead.length === 0)
      this.#code(this.#coder, buffer.subarray(offset, offset + length), last);
    else {
      hold(this.#raw, buffer, offset, length);
      this.#feed(this.#coder);
    }
  }

  /** As much as throttles let through; of an empty last slice, its end. */
  #feed(coder: ContentCoder): void {
    const { buffer, offset, length } = this.#raw;
    const allowed = length === 0 ? 0 : this.#allowed(length, this.#ahead);
    if (allowed === 0 && length > 0) return;
    this.#raw.offset += allowed;
    this.#raw.length -= allowed;
    this.#code(coder, buffer.subarray(offset, offset + allowed), this.#ended && this.#raw.length === 0);
  }

  #code(coder: ContentCoder, slice: Buffer, last: boolean): void {
    this.#coding = true;
    let isLater = false;
    coder.code(slice, last, (coded, isPart = false) => {
      if (this.#closed) return;
      this.#coding = isPart;
      this.#add(coded);
      if (isLater) this.#owner.pipeReady();
    });
    isLater = true;
  }

  /** Behind what is still to be sent, if something is. */
  #add(coded: Buffer): void {
    const { buffer, offset, length } = this.#pending;
    const whole = length === 0 ? coded : Buffer.concat([buffer.subarray(offset, offset + length), coded]);
    hold(this.#pending, whole, 0, whole.length);
  }

  /** What may be sent now, as much as fits behind `offset`; gives how many bytes were written. */
  copyTo(target: Buffer, offset: number): number {
    if (this.busy) return 0;
    const piece = this.next(target.length - offset);
    if (piece === undefined) return 0;
    return piece.buffer.copy(target, offset, piece.offset, piece.offset + piece.length);
  }

  /** Bytes that may be sent now, so many at most, or none: then `pipeReady` tells when. */
  next(most = Infinity): Piece | undefined {
    if (this.#raw.length > 0 && this.#pending.length === 0 && this.#coder !== undefined)
      this.#feed(this.#coder);
    const { buffer, offset, length } = this.#pending;
    const wanted = Math.min(length, most);
    if (wanted === 0) return undefined;
    const allowed = this.#allowed(wanted, this.#throttles);
    if (allowed === 0) return undefined;
    this.#pending.offset += allowed;
    this.#pending.length -= allowed;
    return { buffer, offset, length: allowed };
  }

  /** As much as every throttle lets through; those that come first decide first. */
  #allowed(length: number, throttles: readonly Throttle[]): number {
    let allowed = length;
    for (const throttle of throttles) {
      allowed = throttle.allow(allowed);
      if (allowed > 0) continue;
      this.#waiting = true;
      throttle.wait(() => {
        this.#waiting = false;
        if (!this.#closed) this.#owner.pipeReady();
      });
      return 0;
    }
    for (const throttle of throttles) throttle.passed(allowed);
    return allowed;
  }

  #fail(): void {
    if (!this.#closed) this.#owner.pipeFailed();
  }

  close(): void {
    this.#closed = true;
    this.#coder?.close(!this.#coding);
    for (const throttle of [...this.#ahead, ...this.#throttles]) throttle.stop();
  }
}
