/**
 * The streams of one thread that use a server, so that they can be cut when it goes down or comes back
 * (`on-marked-down shutdown-sessions`, `on-marked-up shutdown-backup-sessions`, `shutdown sessions server`). Joining and
 * leaving cost three writes, and nothing is allocated. All servers share one list: with thousands of them, one for each
 * would be several places in cold memory a request (bench: servers-scale).
 */
import { Places } from '../places.ts';

/** Why: the server went down, came up, or an administrator wants it. The letter is that of the termination state. */
export type ShutdownLetter = 'D' | 'U' | 'K';

interface Cuttable {
  /** Leaves its server for good. */
  shutdown(letter: ShutdownLetter): void;
}

export class StreamsByServer {
  readonly #streams = new Places<Cuttable>();
  /** Of the server table, by place. */
  readonly #rows: number[] = [];

  /** Gives its place. */
  join(row: number, stream: Cuttable): number {
    const place = this.#streams.enter(stream);
    this.#rows[place] = row;
    return place;
  }

  leave(place: number): void {
    this.#streams.leave(place);
  }

  /** Gives how many were cut. While one is cut others may leave. */
  shutdown(row: number, letter: ShutdownLetter): number {
    let count = 0;
    this.#streams.visit((stream, place) => {
      if (this.#rows[place] !== row) return;
      stream.shutdown(letter);
      count++;
    });
    return count;
  }
}
