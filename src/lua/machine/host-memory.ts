/** The memory of a WebAssembly module, seen through views that follow when it grows. Text is latin1: a char is a byte. */
import type { Memory } from '../../base/webassembly.ts';
import { latin1Slice, latin1Write } from '../../base/latin1.ts';

const PAGE = 65_536;
/** What 32-bit pointers with a sign can reach. */
const MOST_BYTES = 2 ** 31;

export class HostMemory {
  #memory!: Memory;
  #buffer = Buffer.alloc(0);
  #ints = new Int32Array(0);

  attach(memory: Memory): void {
    this.#memory = memory;
    this.#look();
  }

  #look(): void {
    this.#buffer = Buffer.from(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
  }

  get size(): number {
    return this.#buffer.length;
  }

  /** At least so many bytes; false: they cannot be had. */
  grow(bytes: number): boolean {
    const wanted = Math.min(Math.max(bytes, this.size * 1.2), MOST_BYTES);
    if (bytes > MOST_BYTES) return false;
    try {
      this.#memory.grow(Math.ceil((wanted - this.size) / PAGE));
    } catch {
      return false;
    }
    this.#look();
    return true;
  }

  int(at: number): number {
    return this.#ints[at >> 2] as number;
  }

  setInt(at: number, value: number): void {
    this.#ints[at >> 2] = value;
  }

  setLong(at: number, value: number): void {
    this.#buffer.writeBigInt64LE(BigInt(value), at);
  }

  bytes(at: number, length: number): Uint8Array {
    return this.#buffer.subarray(at, at + length);
  }

  /** Up to a NUL. */
  text(at: number): string {
    return latin1Slice(this.#buffer, at, this.#buffer.indexOf(0, at));
  }

  read(at: number, length: number): string {
    if (length > LOOP_BELOW) return latin1Slice(this.#buffer, at, at + length);
    let text = '';
    for (let index = at; index < at + length; index++) text += CHARS[this.#buffer[index] as number] as string;
    return text;
  }

  write(text: string, at: number): void {
    if (text.length > LOOP_BELOW) latin1Write(this.#buffer, text, at);
    else for (let index = 0; index < text.length; index++) this.#buffer[at + index] = text.charCodeAt(index);
  }
}

/** A call into the runtime costs as much as so many turns of a loop. */
const LOOP_BELOW = 24;
const CHARS: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
