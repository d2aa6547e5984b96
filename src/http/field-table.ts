/**
 * Memory for what is known of a head's fields, a piece of it for each HeaderList. Several lists share one array: an
 * array is two objects and a piece of memory, each a place that is cold when hundreds of requests are under way
 * (bench: h1-small-512). A piece is gone with all the lists that share its array.
 *
 *   table  [ ··· | firsts of known fields | spans of the fields, SPAN numbers each | ··· ]
 *                 └ firstsAt               └ spansAt                              └ + room * SPAN
 */
import { KNOWN_FIELDS } from './known-fields.ts';

/** Numbers a field: nameStart nameEnd valueStart valueEnd lineEnd hash. */
export const SPAN = 6;

export interface FieldPiece {
  readonly table: Int32Array;
  readonly firstsAt: number;
  readonly spansAt: number;
  /** Fields it has room for. */
  readonly room: number;
}

export const NO_PIECE: FieldPiece = { table: new Int32Array(0), firstsAt: 0, spansAt: 0, room: 0 };

const PIECES_OF_A_TABLE = 16;

let table = NO_PIECE.table;
let used = 0;

export function takePiece(room: number): FieldPiece {
  const size = KNOWN_FIELDS.length + room * SPAN;
  if (used + size > table.length) {
    table = new Int32Array(size * PIECES_OF_A_TABLE);
    used = 0;
  }
  const firstsAt = used;
  used += size;
  return { table, firstsAt, spansAt: firstsAt + KNOWN_FIELDS.length, room };
}
