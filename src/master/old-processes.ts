/**
 * The processes of `-sf` and `-st` (management guide, section 4): asked to let go of an address that is in use
 * (SIGTTOU) and to take it back when the start fails (SIGTTIN); once this process serves they finish, or end.
 */
import type { Options } from '../config-parser/command-line.ts';
import type { Listening, ListenFailure } from '../net/listening-socket.ts';
import { blockFor, closeDescriptor } from '../net/system-calls.ts';
import type { OpenListening } from '../worker/listening/bind-listeners.ts';

/** Together two seconds, for all addresses of a start. */
const MOST_RETRIES = 200;
const RETRY_AFTER_MS = 10;

export class OldProcesses {
  readonly #signal: 'SIGUSR1' | 'SIGTERM';
  #pids: readonly number[];
  #retries = MOST_RETRIES;
  #opened: readonly number[] = [];

  constructor({ oldProcesses }: Options) {
    this.#signal = oldProcesses?.signal ?? 'SIGUSR1';
    this.#pids = oldProcesses?.pids ?? [];
  }

  /** As `open`, and again while the address is in use by one of them. */
  letGo(open: OpenListening): OpenListening {
    if (this.#pids.length === 0) return open;
    return (settings, nth, count): Listening | ListenFailure => {
      let opened = open(settings, nth, count);
      while ('code' in opened && opened.code === 'EADDRINUSE' && this.#retries > 0) {
        // nobody is there to let go
        if (this.#tell('SIGTTOU') === 0) break;
        blockFor(RETRY_AFTER_MS);
        this.#retries--;
        opened = open(settings, nth, count);
      }
      if ('fds' in opened) this.#opened = [...this.#opened, ...opened.fds];
      return opened;
    };
  }

  /** What was opened before a start failed, so that they can have it back. */
  closeOpened(): void {
    for (const fd of this.#opened) closeDescriptor(fd);
    this.#opened = [];
  }

  /** The start failed: they go on as if nothing had happened. */
  resume(): void {
    if (this.#retries < MOST_RETRIES) this.#tell('SIGTTIN');
  }

  /** Their numbers may soon be somebody else's: they are forgotten. */
  replace(): void {
    this.#tell(this.#signal);
    this.#pids = [];
    this.#opened = [];
  }

  /** Gives how many are still there. */
  #tell(signal: NodeJS.Signals): number {
    let told = 0;
    for (const pid of this.#pids) {
      try {
        process.kill(pid, signal);
        told++;
      } catch {
        // gone already
      }
    }
    return told;
  }
}
