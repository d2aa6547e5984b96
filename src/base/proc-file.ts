/** A file of /proc, opened when the program starts: what is open can be read also after a chroot has hidden /proc. */
import { openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 4096;

export class ProcFile {
  readonly #fd: number | undefined;

  constructor(path: string) {
    try {
      this.#fd = openSync(path, 'r');
    } catch {
      this.#fd = undefined;
    }
  }

  /** Its first 4 kB as they are now; empty where there is no such file. */
  read(): string {
    if (this.#fd === undefined) return '';
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    try {
      return chunk.toString('latin1', 0, readSync(this.#fd, chunk, 0, CHUNK_BYTES, 0));
    } catch {
      return '';
    }
  }
}
