/** Pipes through which bytes go from socket to socket inside the kernel: one for a transfer, so many at most. */
import { closeDescriptor, openPipe } from '../../system-calls.ts';

export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
  /** Bytes it can hold, if they come in full pages. */
  readonly size: number;
}

export class Pipes {
  readonly #size: number;
  readonly #limit: number;
  #open = 0;

  constructor(size: number, limit: number) {
    this.#size = size;
    this.#limit = limit;
  }

  /** Undefined: the limit is reached, or the process is out of descriptors. */
  open(): Pipe | undefined {
    if (this.#open >= this.#limit) return undefined;
    const pipe = openPipe(this.#size);
    if (typeof pipe === 'number') return undefined;
    this.#open++;
    return pipe;
  }

  /** With what is left in it. */
  close({ readFd, writeFd }: Pipe): void {
    this.#open--;
    closeDescriptor(readFd);
    closeDescriptor(writeFd);
  }
}
