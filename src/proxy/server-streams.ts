/**
 * The streams of one thread that use one server, so that they can be cut when it goes down or comes back
 * (`on-marked-down shutdown-sessions`, `on-marked-up shutdown-backup-sessions`, `shutdown sessions server`). A list
 * through its members: joining and leaving cost two writes, and nothing is allocated.
 */

/** Why: the server went down, came up, or an administrator wants it. The letter is that of the termination state. */
export type ShutdownLetter = 'D' | 'U' | 'K';

export class StreamPlace {
  readonly stream: { shutdown(letter: ShutdownLetter): void };
  list: ServerStreams | undefined = undefined;
  next: StreamPlace | undefined = undefined;
  previous: StreamPlace | undefined = undefined;

  constructor(stream: { shutdown(letter: ShutdownLetter): void }) {
    this.stream = stream;
  }

  join(list: ServerStreams): void {
    this.leave();
    this.list = list;
    this.next = list.first;
    if (list.first !== undefined) list.first.previous = this;
    list.first = this;
  }

  leave(): void {
    const { list, next, previous } = this;
    if (list === undefined) return;
    if (previous === undefined) list.first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    this.list = this.next = this.previous = undefined;
  }
}

export class ServerStreams {
  first: StreamPlace | undefined = undefined;

  /** Those that are cut leave the list, and others may while one is cut. */
  shutdown(letter: ShutdownLetter): number {
    let count = 0;
    for (let place = this.first; place !== undefined; place = this.first) {
      place.leave();
      place.stream.shutdown(letter);
      count++;
    }
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
