/**
 * The file of a ring (`backing-file`, manual, section 12.6 on rings): what is written into the ring stands in it too, in
 * the layout of HAProxy's mapped rings, so that its tool `haring` reads it after the process has ended, however it did.
 *
 *   0      8      16        64     72       128    136      192
 *   | size | rsvd | ....... | tail | ...... | head | ...... | area: size bytes, used as a ring                    |
 *                                                           | readers | length | bytes | readers | length | bytes | ...
 *
 * Numbers are 64 bit, little endian; `readers` is a byte, always 0 here; `length` is of variable size. The file is
 * written, not mapped: the kernel has the bytes when `append` returns, which is what outlives a crash.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { describeSystemError } from '../../base/system-error.ts';
import type { RingSettings } from './ring-settings.ts';

const HEAD_BYTES = 192;
const PAGE = 4096;
const TAIL_AT = 64;
const HEAD_AT = 128;
const READERS = 1;
/** Of an empty ring. */
const EMPTY_TAIL = 1;

export class RingFile {
  readonly #fd: number;
  readonly #size: number;
  #head = 0;
  #tail = EMPTY_TAIL;
  /** Bytes between head and tail, the last `readers` included. */
  #used = READERS;
  /** Bytes of each message with its `readers`, the oldest first. */
  readonly #messages: number[] = [];
  #open = true;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#size = size;
    const head = Buffer.alloc(HEAD_BYTES + READERS);
    head.writeBigUInt64LE(BigInt(size), 0);
    head.writeBigUInt64LE(BigInt(HEAD_BYTES), 8);
    head.writeBigUInt64LE(BigInt(EMPTY_TAIL), TAIL_AT);
    writeSync(fd, head, 0, head.length, 0);
  }

  /** A file with messages in it becomes `<path>.bak`. A text says why there is none. */
  static open(path: string, bytes: number): RingFile | string {
    keepOld(path);
    let fd = -1;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      const whole = Math.ceil(bytes / PAGE) * PAGE;
      ftruncateSync(fd, whole);
      return new RingFile(fd, whole - HEAD_BYTES);
    } catch (error) {
      if (fd >= 0) closeAnyway(fd);
      return describeSystemError(error);
    }
  }

  /** One char a byte. Answers what went wrong: then nothing is written any more. */
  append(lines: readonly string[]): string | undefined {
    if (!this.#open) return undefined;
    try {
      for (const line of lines) this.#append(line);
      return undefined;
    } catch (error) {
      this.close();
      return describeSystemError(error);
    }
  }

  #append(line: string): void {
    const message = Buffer.concat([
      lengthOf(line.length),
      Buffer.from(line, 'latin1'),
      Buffer.alloc(READERS),
    ]);
    if (message.length + READERS >= this.#size) return;
    const head = this.#head;
    // a tail that met the head would mean an empty ring
    while (this.#used + message.length >= this.#size) this.#dropOldest();
    // the room is given up before it is used
    if (head !== this.#head) this.#writeNumber(this.#head, HEAD_AT);
    this.#writeArea(message);
    this.#messages.push(message.length);
    this.#used += message.length;
    this.#tail = (this.#tail + message.length) % this.#size;
    this.#writeNumber(this.#tail, TAIL_AT);
  }

  #dropOldest(): void {
    const bytes = this.#messages.shift() as number;
    this.#head = (this.#head + bytes) % this.#size;
    this.#used -= bytes;
  }

  #writeArea(bytes: Buffer): void {
    const first = Math.min(bytes.length, this.#size - this.#tail);
    writeSync(this.#fd, bytes, 0, first, HEAD_BYTES + this.#tail);
    if (first < bytes.length) writeSync(this.#fd, bytes, first, bytes.length - first, HEAD_BYTES);
  }

  #writeNumber(value: number, position: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    writeSync(this.#fd, bytes, 0, bytes.length, position);
  }

  close(): void {
    if (this.#open) closeAnyway(this.#fd);
    this.#open = false;
  }
}

/** All backing files of a configuration, by the name of their ring; undefined when one is refused (it was told). */
export function openRingFiles(
  rings: Iterable<RingSettings>,
  refuse: (text: string) => void,
): ReadonlyMap<string, RingFile> | undefined {
  const files = new Map<string, RingFile>();
  let refused = false;
  for (const { name, bytes, backingFile } of rings) {
    if (backingFile === undefined) continue;
    const file = RingFile.open(backingFile, bytes);
    if (file instanceof RingFile) files.set(name, file);
    else refuse(`cannot open backing-file '${backingFile}' for ring '${name}': ${file}.`);
    refused ||= typeof file === 'string';
  }
  if (!refused) return files;
  for (const file of files.values()) file.close();
  return undefined;
}

/** Below 240 a byte; else four bits in the first, then seven in each, the lowest first. */
function lengthOf(value: number): Buffer {
  if (value < 240) return Buffer.from([value]);
  const bytes = [(value & 0xff) | 240];
  let rest = (value - 240) >> 4;
  for (; rest >= 128; rest = (rest - 128) >> 7) bytes.push((rest & 0xff) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Without the right to do so the old one is written over, as the manual says. */
function keepOld(path: string): void {
  try {
    if (hasMessages(path)) renameSync(path, `${path}.bak`);
  } catch {
    return;
  }
}

function hasMessages(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    if (!fstatSync(fd).isFile()) return false;
    const head = Buffer.alloc(HEAD_BYTES);
    const length = readSync(fd, head, 0, HEAD_BYTES, 0);
    if (length < HEAD_BYTES) return length > 0;
    return head.readBigUInt64LE(HEAD_AT) !== 0n || head.readBigUInt64LE(TAIL_AT) !== BigInt(EMPTY_TAIL);
  } finally {
    closeSync(fd);
  }
}

function closeAnyway(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    return;
  }
}
