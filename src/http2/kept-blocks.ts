/**
 * Blocks of heads that come again. Servers answer with the same lines for a second at a time, as long as their Date
 * stands, and the parser knows those it has seen (http/repeated-fields.ts): such a head gives the same block on every
 * connection, as blocks here do not depend on each other (hpack/encoder.ts).
 */
import type { HeaderList } from '../http/header-list.ts';

/** A power of two. */
const PLACES = 16;
/** Of a block. */
export const MOST_KEPT_BYTES = 512;

export class KeptBlocks {
  /** What the parser knows of the lines, which stands for them: it is never written to. */
  readonly #tables: (Int32Array | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  readonly #statuses = new Int32Array(PLACES);
  readonly #lengths = new Int32Array(PLACES);
  readonly #sizes = new Int32Array(PLACES);
  readonly #bytes = Buffer.alloc(PLACES * MOST_KEPT_BYTES);

  /** The place of the block of such a head, or -1. */
  find(status: number, { recalled, length }: HeaderList): number {
    const place = placeOf(status, length);
    return recalled !== undefined && this.#tables[place] === recalled && this.#statuses[place] === status
      ? place
      : -1;
  }

  /** Bytes that its lines have in HTTP/1. */
  sizeAt(place: number): number {
    return this.#sizes[place] as number;
  }

  /** Copies it to `out[at…]`, where there is room; gives its end. */
  write(place: number, out: Buffer, at: number): number {
    const bytes = this.#bytes;
    const from = place * MOST_KEPT_BYTES;
    const length = this.#lengths[place] as number;
    for (let index = 0; index < length; index++) out[at + index] = bytes[from + index] as number;
    return at + length;
  }

  /** Keeps `out[from..to]` as the block of that head. */
  keep(
    status: number,
    { recalled, length }: HeaderList,
    size: number,
    out: Buffer,
    from: number,
    to: number,
  ): void {
    if (recalled === undefined || to - from > MOST_KEPT_BYTES) return;
    const place = placeOf(status, length);
    this.#tables[place] = recalled;
    this.#statuses[place] = status;
    this.#lengths[place] = to - from;
    this.#sizes[place] = size;
    out.copy(this.#bytes, place * MOST_KEPT_BYTES, from, to);
  }
}

function placeOf(status: number, length: number): number {
  return (status ^ length) & (PLACES - 1);
}
