/**
 * The file of `shm-stats-file`: read and written as a whole by one process at a time. It is not mapped: one that somebody
 * cuts short would end every process that has it in its memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { describeSystemError } from '../../base/system-error.ts';
import { lockFile, unlockFile } from '../../net/system-calls.ts';

export class CounterFile {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** A text says why it cannot be had. */
  static open(path: string): CounterFile | string {
    try {
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, 0o600);
      if (fstatSync(fd).isFile()) return new CounterFile(path, fd);
      closeSync(fd);
      return 'it is no regular file';
    } catch (error) {
      return describeSystemError(error);
    }
  }

  /** Gives what is in it, and writes what comes back. False: another process has it now. Throws errors of the system. */
  change(edit: (bytes: Buffer) => Buffer | undefined): boolean {
    if (lockFile(this.#fd) < 0) return false;
    try {
      const edited = edit(this.#read());
      if (edited !== undefined) this.#write(edited);
      return true;
    } finally {
      unlockFile(this.#fd);
    }
  }

  #read(): Buffer {
    const bytes = Buffer.alloc(fstatSync(this.#fd).size);
    const length = readSync(this.#fd, bytes, 0, bytes.length, 0);
    return bytes.subarray(0, length);
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#fd, bytes, done, bytes.length - done, done);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
