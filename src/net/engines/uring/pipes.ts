/** Pipes through which bytes go from socket to socket inside the kernel: one for a transfer, so many at most. */
import { closeDescriptor, openPipe } from '../../system-calls.ts';

export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
  /** Bytes it can hold, if they come in full pages. */
  readonly size: number;
}

/** How many there may be: other threads may have a share of it. */
export interface PipeQuota {
  /** False: there is room for no more. */
  take(): boolean;
  give(): void;
}

export class Pipes {
  readonly #size: number;
  readonly #quota: PipeQuota;

  constructor(size: number, quota: PipeQuota) {
    this.#size = size;
    this.#quota = quota;
  }

  /** Undefined: the limit is reached, or the process is out of descriptors. */
  open(): Pipe | undefined {
    if (!this.#quota.take()) return undefined;
    const pipe = openPipe(this.#size);
    if (typeof pipe !== 'number') return pipe;
    this.#quota.give();
    return undefined;
  }

  /** With what is left in it. */
  close({ readFd, writeFd }: Pipe): void {
    this.#quota.give();
    closeDescriptor(readFd);
    closeDescriptor(writeFd);
  }
}

export const NO_PIPES: PipeQuota = { take: () => false, give: () => undefined };

/** For a thread that shares with none. */
export class OwnPipes implements PipeQuota {
  readonly #limit: number;
  #open = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(): boolean {
    if (this.#open >= this.#limit) return false;
    this.#open++;
    return true;
  }

  give(): void {
    this.#open--;
  }
}
