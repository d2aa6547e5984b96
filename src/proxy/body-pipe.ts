/**
 * Stands between a body's decoder and the socket it goes to where the bytes are not sent as they came: compressed,
 * framed anew, held back. It works on one slice at a time; the next one is pushed when all that came of the one
 * before has been sent, so that back-pressure needs no code here either.
 *
 *   decoder ─push▶ coder ─▶ pending pieces ─next()▶ throttle ─▶ send ─▶ onSent ─▶ next() … ─▶ push
 */
import type { ContentCoder } from './content-coder.ts';
import type { Throttle } from '../net/throttle.ts';

/** A piece that may be sent now, of the memory it lies in. */
interface Piece {
  buffer: Buffer;
  offset: number;
  length: number;
}

export interface BodyPipeOwner {
  /** There is something to send, or room for another slice: ask again. */
  pipeReady(): void;
  pipeFailed(): void;
}

export class BodyPipe {
  readonly #coder: ContentCoder | undefined;
  readonly #throttles: readonly Throttle[];
  readonly #owner: BodyPipeOwner;
  readonly #pending: Piece = { buffer: Buffer.alloc(0), offset: 0, length: 0 };
  #coding = false;
  #waiting = false;
  #ended = false;
  #closed = false;

  constructor(owner: BodyPipeOwner, coder: ContentCoder | undefined, throttles: readonly Throttle[]) {
    this.#owner = owner;
    this.#coder = coder;
    this.#throttles = throttles;
    if (coder !== undefined) coder.failed = () => this.#fail();
  }

  /** Wants the content alone, without the framing it came in. */
  get takesContent(): boolean {
    return this.#coder !== undefined;
  }

  /** Something is under way: `pipeReady` follows. */
  get busy(): boolean {
    return this.#coding || this.#waiting;
  }

  /** A slice can be pushed. */
  get empty(): boolean {
    return this.#pending.length === 0;
  }

  /** All there will ever be has been taken out. */
  get done(): boolean {
    return this.#ended && !this.busy && this.empty;
  }

  /** The slice stays untouched until the pipe is empty again. `last`: nothing follows. */
  push(buffer: Buffer, offset: number, length: number, last: boolean): void {
    this.#ended = last;
    if (this.#coder === undefined) return this.#hold(buffer, offset, length);
    this.#coding = true;
    let isLater = false;
    this.#coder.code(buffer.subarray(offset, offset + length), last, coded => {
      if (this.#closed) return;
      this.#coding = false;
      this.#hold(coded, 0, coded.length);
      if (isLater) this.#owner.pipeReady();
    });
    isLater = true;
  }

  #hold(buffer: Buffer, offset: number, length: number): void {
    this.#pending.buffer = buffer;
    this.#pending.offset = offset;
    this.#pending.length = length;
  }

  /** Bytes that may be sent now, or none: then `pipeReady` tells when. */
  next(): Piece | undefined {
    const { buffer, offset, length } = this.#pending;
    const allowed = this.#allowed(length);
    if (allowed === 0) return undefined;
    this.#pending.offset += allowed;
    this.#pending.length -= allowed;
    return { buffer, offset, length: allowed };
  }

  /** As much as every throttle lets through; those that come first decide first. */
  #allowed(length: number): number {
    let allowed = length;
    for (const throttle of this.#throttles) {
      allowed = throttle.allow(allowed);
      if (allowed > 0) continue;
      this.#waiting = true;
      throttle.wait(() => {
        this.#waiting = false;
        if (!this.#closed) this.#owner.pipeReady();
      });
      return 0;
    }
    for (const throttle of this.#throttles) throttle.passed(allowed);
    return allowed;
  }

  #fail(): void {
    if (!this.#closed) this.#owner.pipeFailed();
  }

  close(): void {
    this.#closed = true;
    this.#coder?.close(!this.#coding);
    for (const throttle of this.#throttles) throttle.stop();
  }
}
