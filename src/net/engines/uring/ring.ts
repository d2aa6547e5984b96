/**
 * One io_uring of one thread: setup, the two rings shared with the kernel, and the one system call.
 *
 *   push() writes entries      ┌────────────┐  enter()   ┌────────┐  enter()   ┌────────────┐  drain() reads them
 *   at the tail ─────────────▶ │ submission │ ─────────▶ │ kernel │ ─────────▶ │ completion │ ──────────────────▶
 *                              └────────────┘            └────────┘            └────────────┘
 *
 * Set up with SINGLE_ISSUER and DEFER_TASKRUN: the kernel looks at the submission ring and writes to the
 * completion ring only while this thread is inside enter(). So plain loads and stores are enough on both.
 */
import { errorName } from '../../cause.ts';
import { loadKoffi } from '../../system-calls.ts';
import {
  ENTER_EXT_ARG,
  ENTER_GETEVENTS,
  ENTER_REGISTERED_RING,
  FEAT_EXT_ARG,
  FEAT_SINGLE_MMAP,
  OFFSET_RINGS,
  OFFSET_SQES,
  REGISTER_RING_FDS,
  SETUP_CLAMP,
  SETUP_CQSIZE,
  SETUP_DEFER_TASKRUN,
  SETUP_SINGLE_ISSUER,
  SETUP_SUBMIT_ALL,
  SQ_CQ_OVERFLOW,
  SYS_IO_URING_ENTER,
  SYS_IO_URING_REGISTER,
  SYS_IO_URING_SETUP,
} from './abi.ts';
import { addressOf } from '../../memory-address.ts';
import { mapRing } from './memory.ts';

/** What a completion says: the two words of its user data, the result, the flags. */
export type OnCompletion = (low: number, high: number, result: number, flags: number) => void;

export interface RingFailure {
  readonly code: string;
  readonly step: string;
}

type Setup = (number: number, entries: number, parameters: Buffer) => number;
type Register = (number: number, fd: number, operation: number, argument: Buffer, count: number) => number;
type Enter = (
  number: number,
  fd: number,
  submit: number,
  wait: number,
  flags: number,
  argument: number,
  size: number,
) => number;

interface Calls {
  readonly setup: Setup;
  readonly register: Register;
  readonly enter: Enter;
  readonly close: (fd: number) => number;
  readonly errno: () => number;
}

let calls: Calls | undefined;

function system(): Calls {
  if (calls !== undefined) return calls;
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  calls = {
    setup: libc.func('long syscall(long, uint32_t, void *)') as unknown as Setup,
    register: libc.func('long syscall(long, int, uint32_t, void *, uint32_t)') as unknown as Register,
    enter: libc.func(
      'long syscall(long, int, uint32_t, uint32_t, uint32_t, uintptr_t, size_t)',
    ) as unknown as Enter,
    close: libc.func('int close(int)'),
    errno: () => koffi.errno(),
  };
  return calls;
}

const PARAMETERS_SIZE = 120;

export class Ring {
  readonly fd: number;
  readonly entries: number;
  readonly #calls = system();
  readonly #unmap: (() => void)[];
  /** Both rings' heads, tails and flags, and the completions, as words. */
  readonly #words: Uint32Array;
  readonly #signed: Int32Array;
  readonly #sqes: Uint32Array;
  readonly #sqesSigned: Int32Array;
  readonly #sqMask: number;
  readonly #cqMask: number;
  readonly #sqHead: number;
  readonly #sqTail: number;
  readonly #sqFlags: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqes: number;
  #tail: number;
  /** The last enter() has taken all entries. */
  takenAll = true;
  #enterFd: number;
  #enterFlags = 0;
  /** struct io_uring_getevents_arg, then a timespec. */
  readonly #wait = Buffer.alloc(64);
  readonly #waitAddress: number;

  private constructor(
    fd: number,
    parameters: Buffer,
    words: ArrayBuffer,
    sqes: ArrayBuffer,
    unmap: (() => void)[],
  ) {
    const at = (offset: number): number => parameters.readUInt32LE(offset);
    this.fd = fd;
    this.#unmap = unmap;
    this.entries = at(0);
    this.#words = new Uint32Array(words);
    this.#signed = new Int32Array(words);
    this.#sqes = new Uint32Array(sqes);
    this.#sqesSigned = new Int32Array(sqes);
    this.#sqMask = this.entries - 1;
    this.#cqMask = at(4) - 1;
    this.#sqHead = at(40) >>> 2;
    this.#sqTail = at(44) >>> 2;
    this.#sqFlags = at(56) >>> 2;
    this.#cqHead = at(80) >>> 2;
    this.#cqTail = at(84) >>> 2;
    this.#cqes = at(100) >>> 2;
    const array = at(64) >>> 2;
    for (let i = 0; i < this.entries; i++) this.#words[array + i] = i;
    this.#tail = this.#words[this.#sqTail] as number;
    this.#enterFd = fd;
    this.#waitAddress = addressOf(this.#wait);
    this.#wait.writeUInt32LE(8, 8);
    this.#wait.writeBigUInt64LE(BigInt(this.#waitAddress + 32), 16);
    this.#registerOwnFd();
  }

  static open(entries: number, completions: number): Ring | RingFailure {
    const { setup, errno, close } = system();
    const parameters = Buffer.alloc(PARAMETERS_SIZE);
    parameters.writeUInt32LE(completions, 4);
    const flags = SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_CQSIZE | SETUP_CLAMP | SETUP_SUBMIT_ALL;
    parameters.writeUInt32LE(flags, 8);
    const fd = setup(SYS_IO_URING_SETUP, entries, parameters);
    if (fd < 0) return { step: 'io_uring_setup', code: errorName(errno()) };
    const features = parameters.readUInt32LE(20);
    const mapped =
      (features & FEAT_SINGLE_MMAP) !== 0 && (features & FEAT_EXT_ARG) !== 0
        ? mapRings(fd, parameters)
        : undefined;
    if (mapped !== undefined) return new Ring(fd, parameters, mapped.words, mapped.sqes, mapped.unmap);
    close(fd);
    return { step: 'mmap', code: 'ENOMEM' };
  }

  /** Entries written and not yet taken by the kernel. */
  get unsubmitted(): number {
    return (this.#tail - (this.#words[this.#sqHead] as number)) >>> 0;
  }

  /** Where the next entry's 16 words begin, cleared; undefined results never: a full ring is submitted first. */
  #next(): number {
    if (this.unsubmitted >= this.entries) this.submit();
    const at = (this.#tail & this.#sqMask) << 4;
    this.#tail = (this.#tail + 1) >>> 0;
    return at;
  }

  /**
   * One entry. `head`: opcode, flags << 8, ioprio << 16. `low` and `high` come back with the completion.
   * `address` is an address or a length of 48 bits, `offset` likewise.
   */
  push(
    head: number,
    fd: number,
    address: number,
    length: number,
    operationFlags: number,
    low: number,
    high: number,
    bufferGroup = 0,
    offset = 0,
  ): void {
    const at = this.#next();
    const sqes = this.#sqes;
    sqes[at] = head;
    this.#sqesSigned[at + 1] = fd;
    sqes[at + 2] = offset;
    sqes[at + 3] = Math.floor(offset / 4294967296);
    sqes[at + 4] = address;
    sqes[at + 5] = Math.floor(address / 4294967296);
    sqes[at + 6] = length;
    sqes[at + 7] = operationFlags;
    sqes[at + 8] = low;
    sqes[at + 9] = high;
    sqes[at + 10] = bufferGroup;
    sqes[at + 11] = 0;
    sqes[at + 12] = 0;
    sqes[at + 13] = 0;
  }

  /** Hands over what was pushed and lets the kernel post what is complete. Does not wait. */
  submit(): void {
    this.#enter(0, ENTER_GETEVENTS, 0, 0);
  }

  /** The same, and sleeps until something is complete, at most for so long (Infinity: no limit). */
  wait(timeoutMs: number): void {
    if (timeoutMs === Infinity) {
      this.#enter(1, ENTER_GETEVENTS, 0, 0);
      return;
    }
    const seconds = Math.floor(timeoutMs / 1000);
    this.#wait.writeUInt32LE(seconds, 32);
    this.#wait.writeUInt32LE(Math.floor((timeoutMs - seconds * 1000) * 1e6), 40);
    this.#enter(1, ENTER_GETEVENTS | ENTER_EXT_ARG, this.#waitAddress, 24);
  }

  /** Why the kernel does not let it be entered; a filter of system calls may forbid that alone. */
  get refusal(): RingFailure | undefined {
    const result = this.#calls.enter(SYS_IO_URING_ENTER, this.#enterFd, 0, 0, this.#enterFlags, 0, 0);
    return result < 0 ? { step: 'io_uring_enter', code: errorName(this.#calls.errno()) } : undefined;
  }

  /** An interrupted or timed-out wait is no error: the caller looks at the rings. */
  #enter(wait: number, flags: number, argument: number, size: number): void {
    this.#words[this.#sqTail] = this.#tail;
    const submit = this.unsubmitted;
    this.#calls.enter(
      SYS_IO_URING_ENTER,
      this.#enterFd,
      submit,
      wait,
      flags | this.#enterFlags,
      argument,
      size,
    );
    this.takenAll = this.unsubmitted === 0;
  }

  /** True while completions wait in the kernel for room in the ring. */
  get overflowing(): boolean {
    return ((this.#words[this.#sqFlags] as number) & SQ_CQ_OVERFLOW) !== 0;
  }

  get ready(): boolean {
    return this.#words[this.#cqHead] !== this.#words[this.#cqTail];
  }

  /** Tells of what is complete and has this in its low word, or is 0, and takes nothing off. */
  look(mask: number, wanted: number, onFound: (low: number, high: number) => void): void {
    const words = this.#words;
    const tail = words[this.#cqTail] as number;
    for (let head = words[this.#cqHead] as number; head !== tail; head = (head + 1) >>> 0) {
      const at = this.#cqes + ((head & this.#cqMask) << 2);
      const low = words[at] as number;
      if ((low & mask) === wanted || words[at + 2] === 0) onFound(low, words[at + 1] as number);
    }
  }

  /** The next completion that has these words, if any is there, is 0. */
  isNextZero(low: number, high: number): boolean {
    const words = this.#words;
    const tail = words[this.#cqTail] as number;
    for (let head = words[this.#cqHead] as number; head !== tail; head = (head + 1) >>> 0) {
      const at = this.#cqes + ((head & this.#cqMask) << 2);
      if (words[at] === low && words[at + 1] === high) return words[at + 2] === 0;
    }
    return false;
  }

  /** Hands out what is complete; each is taken off before it is handed out. */
  drain(onCompletion: OnCompletion): void {
    const words = this.#words;
    for (;;) {
      const head = words[this.#cqHead] as number;
      if (head === words[this.#cqTail]) return;
      const at = this.#cqes + ((head & this.#cqMask) << 2);
      const low = words[at] as number;
      const high = words[at + 1] as number;
      const result = this.#signed[at + 2] as number;
      const flags = words[at + 3] as number;
      words[this.#cqHead] = (head + 1) >>> 0;
      onCompletion(low, high, result, flags);
    }
  }

  /** io_uring_register with a structure; the negative error number when it fails. */
  register(operation: number, argument: Buffer, count: number): number {
    const result = this.#calls.register(SYS_IO_URING_REGISTER, this.fd, operation, argument, count);
    return result < 0 ? -this.#calls.errno() : result;
  }

  /** Nothing may be pending any more. */
  close(): void {
    this.#calls.close(this.fd);
    for (const unmap of this.#unmap) unmap();
  }

  /** Saves looking up the descriptor at each enter(). */
  #registerOwnFd(): void {
    const update = Buffer.alloc(16);
    update.writeUInt32LE(0xffffffff, 0);
    update.writeUInt32LE(this.fd, 8);
    if (this.register(REGISTER_RING_FDS, update, 1) !== 1) return;
    this.#enterFd = update.readUInt32LE(0);
    this.#enterFlags = ENTER_REGISTERED_RING;
  }
}

function mapRings(
  fd: number,
  parameters: Buffer,
): { words: ArrayBuffer; sqes: ArrayBuffer; unmap: (() => void)[] } | undefined {
  const at = (offset: number): number => parameters.readUInt32LE(offset);
  const size = Math.max(at(64) + at(0) * 4, at(100) + at(4) * 16);
  const rings = mapRing(fd, size, OFFSET_RINGS);
  const entries = mapRing(fd, at(0) * 64, OFFSET_SQES);
  if (rings !== undefined && entries !== undefined)
    return {
      words: rings.mapping.bytes,
      sqes: entries.mapping.bytes,
      unmap: [() => rings.unmap(), () => entries.unmap()],
    };
  rings?.unmap();
  entries?.unmap();
  return undefined;
}
