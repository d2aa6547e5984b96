/**
 * One side of a request that is passed on between two connections of HTTP/2 as it comes: what its stream receives is sent on
 * the stream of the other side. Content is given back to its sender's window when it is framed there.
 *
 *   stream ─ fields, DATA, trailers ─▶ #due ─▶ other.stream      and the same the other way round
 */
import { CANCEL, REFUSED_STREAM } from '../../http2/frames.ts';
import { FIELD_OVERHEAD } from '../../http2/block-writer.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { Session } from '../../http2/session.ts';
import type { ResetBy, Stream, StreamOwner } from '../../http2/stream.ts';

type Field = readonly [name: string, value: string];

interface Piece {
  /** Of a head, or of trailers; undefined: content. */
  readonly fields?: readonly Field[];
  readonly bytes: Buffer;
  readonly ends: boolean;
}

const NOTHING: Buffer = Buffer.alloc(0);

export class RelaySide implements StreamOwner, FieldSink {
  /** Undefined: not opened yet. */
  stream: Stream | undefined;
  /** Some fields have come. */
  hasBegun = false;
  readonly #session: Session;
  readonly wrote: () => void;
  /** Something of either side has happened. */
  readonly #moved: () => void;
  #other: RelaySide | undefined;
  #fields: Field[] = [];
  readonly #due: Piece[] = [];
  /** Bytes of content that the other side has not framed yet; below 0: nothing is under way. */
  #underWay = -1;
  /** All of it has come. */
  #isComplete = false;
  /** Its stream was reset behind the end: so is the other one's, when all is passed on; below 0: it was not. */
  #resetLater = -1;

  constructor(session: Session, wrote: () => void, moved: () => void) {
    this.#session = session;
    this.wrote = wrote;
    this.#moved = moved;
  }

  connect(other: RelaySide): void {
    this.#other = other;
    other.#other = this;
  }

  // ── what its stream receives ──

  fieldsBegin(): FieldSink {
    this.#fields = [];
    return this;
  }

  field(name: string, value: string): void {
    this.#fields.push([name, value]);
  }

  fieldsEnd(endStream: boolean, tooLarge: boolean): void {
    this.hasBegun = true;
    if (tooLarge) return this.cut(CANCEL);
    this.#pass({ fields: this.#fields, bytes: NOTHING, ends: endStream });
  }

  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    this.#pass({ bytes: Buffer.from(bytes.subarray(start, end)), ends: endStream });
  }

  #pass(piece: Piece): void {
    this.#isComplete = piece.ends;
    this.#due.push(piece);
    this.flush();
  }

  /** The other side's stream is open, or has room again. */
  flush(): void {
    const target = this.#other?.stream;
    if (target === undefined) return;
    while (this.#underWay < 0 && this.#due.length > 0) this.#sendOn(target, this.#due.shift() as Piece);
    this.#other?.wrote();
    if (this.#resetLater >= 0 && !this.#holdsSome()) this.#other?.stop(this.#resetLater);
    this.#moved();
  }

  #holdsSome(): boolean {
    return this.#underWay >= 0 || this.#due.length > 0;
  }

  #sendOn(target: Stream, { fields, bytes, ends }: Piece): void {
    const to = (this.#other as RelaySide).#session;
    if (fields !== undefined) return this.#sendFields(target, fields, ends);
    this.#underWay = bytes.length;
    if (to.send(target, bytes, 0, bytes.length, ends)) this.#framed();
  }

  #sendFields(target: Stream, fields: readonly Field[], ends: boolean): void {
    const to = (this.#other as RelaySide).#session;
    to.block.begin(
      fields.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_OVERHEAD, 0),
    );
    for (const [name, value] of fields) to.block.field(name, value);
    if (!to.endBlock(target, ends)) this.cut(CANCEL);
  }

  #framed(): void {
    const bytes = this.#underWay;
    this.#underWay = -1;
    if (this.stream !== undefined) this.#session.consumed(this.stream, bytes);
  }

  /** What the other side has sent last is framed here. */
  dataSent(): void {
    this.#other?.sentOn();
  }

  sentOn(): void {
    this.#framed();
    this.wrote();
    this.flush();
  }

  // ── the end ──

  streamReset(code: number, by: ResetBy): void {
    const isUntouched = by === 'refused' || (code === REFUSED_STREAM && by === 'peer');
    const told = isUntouched ? REFUSED_STREAM : by === 'lost' ? CANCEL : code;
    if (this.#isComplete && this.#holdsSome()) this.#resetLater = told;
    else this.#other?.stop(told);
    this.#moved();
  }

  /** Both streams. */
  cut(code: number): void {
    this.stop(code);
    this.#other?.stop(code);
    this.#moved();
  }

  stop(code: number): void {
    this.#due.length = 0;
    if (this.stream === undefined || this.stream.closed) return;
    this.#session.reset(this.stream, code);
    this.wrote();
  }
}
