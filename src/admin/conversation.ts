/**
 * What a command hears of its client while it runs, and tells it. It reads line by line and only what it asks for: the
 * rest are further commands.
 */
import type { Socket } from 'node:net';

/** What has come of a client (line-reader.ts). */
interface Lines {
  takeLine(atEnd: boolean): string | undefined;
  putBack(text: string): void;
}

export class Conversation {
  /** Aborted when the client has closed its connection: nobody listens any more. */
  readonly closed: AbortSignal;
  readonly #socket: Socket;
  readonly #reader: Lines;
  readonly #write: (text: string) => Promise<void>;
  readonly #hasEnded: () => boolean;
  #wanted: ((text: string) => void) | undefined;

  /** `write`: resolves when the client may be sent more. */
  constructor(
    socket: Socket,
    reader: Lines,
    write: (text: string) => Promise<void>,
    hasEnded: () => boolean,
    closed: AbortSignal,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#write = write;
    this.#hasEnded = hasEnded;
    this.closed = closed;
  }

  /** A line with its end; at the end of input what is left. Empty: nothing more comes. */
  read(): Promise<string> {
    return new Promise(resolve => {
      this.#wanted = resolve;
      this.heard();
    });
  }

  /** The last of what was read is a command after all. */
  unread(text: string): void {
    this.#reader.putBack(text);
  }

  write(text: string): Promise<void> {
    return this.#write(text);
  }

  /** Something has come, or the end of all. */
  heard(): void {
    const wanted = this.#wanted;
    const text = wanted && this.#reader.takeLine(this.#hasEnded());
    if (text === undefined) return;
    this.#wanted = undefined;
    this.#socket.resume();
    wanted?.(text);
  }
}
