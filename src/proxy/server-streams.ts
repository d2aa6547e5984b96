/**
 * The streams of one thread that use one server, so that they can be cut when it goes down or comes back
 * (`on-marked-down shutdown-sessions`, `on-marked-up shutdown-backup-sessions`, `shutdown sessions server`). Joining and
 * leaving cost two writes, and nothing is allocated.
 */
import { Places } from './places.ts';

/** Why: the server went down, came up, or an administrator wants it. The letter is that of the termination state. */
export type ShutdownLetter = 'D' | 'U' | 'K';

interface Cuttable {
  /** Leaves its server for good. */
  shutdown(letter: ShutdownLetter): void;
}

export class ServerStreams {
  readonly #streams = new Places<Cuttable>();

  /** Gives its place. */
  join(stream: Cuttable): number {
    return this.#streams.enter(stream);
  }

  leave(place: number): void {
    this.#streams.leave(place);
  }

  /** While one is cut others may leave. */
  shutdown(letter: ShutdownLetter): number {
    let count = 0;
    this.#streams.visit(stream => {
      stream.shutdown(letter);
      count++;
    });
    return count;
  }
}

/** Of one thread, by row of the server table: a server whose settings change keeps its streams. */
export class StreamsByServer {
  readonly #lists = new Map<number, ServerStreams>();

  of(row: number): ServerStreams {
    let list = this.#lists.get(row);
    if (list === undefined) this.#lists.set(row, (list = new ServerStreams()));
    return list;
  }

  /** Gives how many were cut. */
  shutdown(row: number, letter: ShutdownLetter): number {
    return this.#lists.get(row)?.shutdown(letter) ?? 0;
  }
}
