/**
 * Files of the `io` and `os` libraries: what the C library inside the WebAssembly module asks its host for. Calls answer
 * a number as the system would, or minus one of the C library's own error numbers.
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { HostMemory } from './host-memory.ts';

/** Numbers of the module's C library, by Node's names. */
const ERRORS: Readonly<Record<string, number>> = {
  EACCES: 2,
  EAGAIN: 6,
  EBADF: 8,
  EBUSY: 10,
  EEXIST: 20,
  EFBIG: 22,
  EINVAL: 28,
  EIO: 29,
  EISDIR: 31,
  ELOOP: 32,
  EMFILE: 33,
  ENAMETOOLONG: 37,
  ENFILE: 41,
  ENOENT: 44,
  ENOMEM: 48,
  ENOSPC: 51,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  EPERM: 63,
  EPIPE: 64,
  EROFS: 69,
  ESPIPE: 70,
  EXDEV: 75,
};
const NOT_A_TERMINAL = 59;
const UNKNOWN = 29;

const REMOVE_DIRECTORY = 512;

interface OpenFile {
  readonly fd: number;
  /** Where reading and writing go on; undefined: a pipe or a terminal, which have no place. */
  position: number | undefined;
  readonly appends: boolean;
}

export class HostFiles {
  /** Nothing is printed. */
  silent = false;
  readonly #memory: HostMemory;
  readonly #open = new Map<number, OpenFile>(
    [0, 1, 2].map(fd => [fd, { fd, position: undefined, appends: false }]),
  );

  constructor(memory: HostMemory) {
    this.#memory = memory;
  }

  /** The functions the module imports. */
  imports(): Record<string, (...args: never[]) => number> {
    return {
      __syscall_openat: (_folder: number, path: number, flags: number, more: number) =>
        attempt(() =>
          this.#openFile(this.#memory.text(path), flags, more === 0 ? 0 : this.#memory.int(more)),
        ),
      __syscall_fcntl64: () => 0,
      __syscall_ioctl: () => -NOT_A_TERMINAL,
      __syscall_dup3: () => -UNKNOWN,
      __syscall_unlinkat: (_folder: number, path: number, flags: number) =>
        attempt(() => remove(this.#memory.text(path), flags === REMOVE_DIRECTORY)),
      __syscall_rmdir: (path: number) => attempt(() => remove(this.#memory.text(path), true)),
      __syscall_renameat: (_from: number, from: number, _to: number, to: number) =>
        attempt(() => {
          renameSync(this.#memory.text(from), this.#memory.text(to));
          return 0;
        }),
      __syscall_readlinkat: (_folder: number, path: number, target: number, size: number) =>
        attempt(() => {
          const text = readlinkSync(this.#memory.text(path), 'latin1').slice(0, size);
          this.#memory.write(text, target);
          return text.length;
        }),
      fd_write: (fd: number, list: number, count: number, total: number) =>
        -attempt(() =>
          this.#move(fd, list, count, total, (file, view) =>
            this.silent && file.fd <= 2 ? view.length : writeTo(file, view),
          ),
        ),
      fd_read: (fd: number, list: number, count: number, total: number) =>
        -attempt(() => this.#move(fd, list, count, total, (file, view) => readFrom(file, view))),
      fd_seek: (fd: number, offset: bigint, from: number, result: number) =>
        -attempt(() => this.#seek(fd, Number(offset), from, result)),
      fd_close: (fd: number) => -attempt(() => this.#close(fd)),
    };
  }

  #openFile(path: string, flags: number, mode: number): number {
    const fd = openSync(path, flags, mode);
    const seekable = fstatSync(fd).isFile();
    this.#open.set(fd, { fd, position: seekable ? 0 : undefined, appends: (flags & APPEND) !== 0 });
    return fd;
  }

  #file(fd: number): OpenFile {
    const file = this.#open.get(fd);
    if (file === undefined) throw Object.assign(new Error('not open'), { code: 'EBADF' });
    return file;
  }

  /** One slice of memory after the other; answers 0. */
  #move(
    fd: number,
    list: number,
    count: number,
    total: number,
    move: (file: OpenFile, view: Uint8Array) => number,
  ): number {
    const file = this.#file(fd);
    let moved = 0;
    for (let index = 0; index < count; index++) {
      const length = this.#memory.int(list + index * 8 + 4);
      const done = move(file, this.#memory.bytes(this.#memory.int(list + index * 8), length));
      moved += done;
      if (done < length) break;
    }
    this.#memory.setInt(total, moved);
    return 0;
  }

  #seek(fd: number, offset: number, from: number, result: number): number {
    const file = this.#file(fd);
    if (file.position === undefined) throw Object.assign(new Error('no place'), { code: 'ESPIPE' });
    const start = from === 0 ? 0 : from === 1 ? file.position : fstatSync(file.fd).size;
    if (start + offset < 0) throw Object.assign(new Error('before the start'), { code: 'EINVAL' });
    file.position = start + offset;
    this.#memory.setLong(result, file.position);
    return 0;
  }

  #close(fd: number): number {
    this.#file(fd);
    this.#open.delete(fd);
    if (fd > 2) closeSync(fd);
    return 0;
  }
}

/** As in Linux. */
const APPEND = 0o2000;

function writeTo(file: OpenFile, view: Uint8Array): number {
  const place = file.appends ? undefined : file.position;
  const written = writeSync(file.fd, view, 0, view.length, place ?? null);
  if (file.position !== undefined)
    file.position = file.appends ? fstatSync(file.fd).size : file.position + written;
  return written;
}

function readFrom(file: OpenFile, view: Uint8Array): number {
  const taken = view.length === 0 ? 0 : readSync(file.fd, view, 0, view.length, file.position ?? null);
  if (file.position !== undefined) file.position += taken;
  return taken;
}

function remove(path: string, isFolder: boolean): number {
  if (isFolder) rmdirSync(path);
  else unlinkSync(path);
  return 0;
}

function attempt(call: () => number): number {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return -(ERRORS[code ?? ''] ?? UNKNOWN);
  }
}
