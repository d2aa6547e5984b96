/**
 * The body of an HTTP/2 request as its wire receives it: pieces of DATA in HTTP/1 framing, each given when it is asked
 * for. Memory of pieces is shared by all wires of a thread.
 *
 *   piece  [···5␍␊hello␍␊0␍␊␍␊···]     the size in front of what came, written when the piece is given
 */
import { latin1Write } from '../../base/latin1.ts';

/** In front of the content of a piece, and behind it: the framing of a chunk, and of the last one. */
const FRONT = 16;
const BEHIND = 16;
/** Content of a piece: what a frame holds. */
const CONTENT = 16_384;
const KEPT_AT_MOST = 128;

class Piece {
  readonly buffer = Buffer.allocUnsafeSlow(FRONT + CONTENT + BEHIND);
  end = FRONT;
  next: Piece | undefined;
}

const free: Piece[] = [];

export class Upload {
  /** What take() gave. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #first: Piece | undefined;
  #last: Piece | undefined;
  /** What its reader has now. */
  #given: Piece | undefined;
  /** Bytes of content in it. */
  #givenBytes = 0;
  #isChunked = false;
  /** The end has come; behind the last chunk: trailers. */
  #ended = false;
  #endGiven = false;
  #trailers = '';

  begin(isChunked: boolean): void {
    this.#isChunked = isChunked;
    this.#ended = this.#endGiven = false;
    this.#trailers = '';
  }

  add(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const piece = this.#roomy();
      const length = Math.min(end - at, FRONT + CONTENT - piece.end);
      bytes.copy(piece.buffer, piece.end, at, at + length);
      piece.end += length;
      at += length;
    }
  }

  #roomy(): Piece {
    const last = this.#last;
    if (last !== undefined && last.end < FRONT + CONTENT) return last;
    const piece = free.pop() ?? new Piece();
    if (last === undefined) this.#first = piece;
    else last.next = piece;
    return (this.#last = piece);
  }

  /** `trailers`: field lines. */
  finish(trailers: string): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  /** Something is there that was not given. */
  get ready(): boolean {
    return this.#first !== undefined || this.#lacksEnd();
  }

  #lacksEnd(): boolean {
    return this.#ended && !this.#endGiven && this.#isChunked;
  }

  /** All was given, and nothing more comes. */
  get done(): boolean {
    return this.#ended && this.#first === undefined;
  }

  /** The reader needs what it has no more. Gives how many bytes of content that were. */
  release(): number {
    const piece = this.#given;
    const bytes = this.#givenBytes;
    this.#givenBytes = 0;
    this.#given = undefined;
    if (piece !== undefined) giveBack(piece);
    return bytes;
  }

  /** The next piece, in `buffer[start..end]`; only when `ready`, and what was given before is released. */
  take(): void {
    const piece = this.#first;
    if (piece === undefined) return this.#takeEnd();
    this.#first = piece.next;
    if (this.#first === undefined) this.#last = undefined;
    piece.next = undefined;
    this.#given = piece;
    this.#givenBytes = piece.end - FRONT;
    this.buffer = piece.buffer;
    this.start = FRONT;
    this.end = piece.end;
    if (this.#isChunked) this.#frame();
  }

  #frame(): void {
    const size = `${(this.end - FRONT).toString(16)}\r\n`;
    this.start -= size.length;
    latin1Write(this.buffer, size, this.start);
    this.end += latin1Write(this.buffer, '\r\n', this.end);
    if (this.#first !== undefined || !this.#ended || this.#trailers !== '') return;
    this.#endGiven = true;
    this.end += latin1Write(this.buffer, LAST, this.end);
  }

  #takeEnd(): void {
    this.#endGiven = true;
    this.buffer = Buffer.from(`0\r\n${this.#trailers}\r\n`, 'latin1');
    this.start = 0;
    this.end = this.buffer.length;
  }

  /** Nobody asks any more. What was given last may still be in use: it is left to the collector. */
  stop(): void {
    for (let piece = this.#first; piece !== undefined;) {
      const { next } = piece;
      giveBack(piece);
      piece = next;
    }
    this.#first = this.#last = this.#given = undefined;
    this.#givenBytes = 0;
    this.#ended = true;
    this.#isChunked = false;
  }
}

const LAST = '0\r\n\r\n';

function giveBack(piece: Piece): void {
  piece.end = FRONT;
  piece.next = undefined;
  if (free.length < KEPT_AT_MOST) free.push(piece);
}
