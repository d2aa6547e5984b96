/**
 * The buffers that receives go to: slots of one size in an arena, offered to the kernel as a provided buffer ring
 * (IORING_REGISTER_PBUF_RING). The kernel takes one when bytes have arrived, so an idle connection holds none.
 *
 *            offer                   bytes arrive                 release, and no send pins it
 *   FREE ───────────▶ IN THE RING ───────────────▶ HELD by its connection ─────────────────────▶ FREE
 *   (last in,          (the kernel's)                (pins: sends of it that are not complete)
 *    first out)
 *
 * Few are offered at a time: the ring is first in, first out, and each slot in it is cold memory. The number
 * grows when a receive finds none (ENOBUFS).
 */
import { POISON } from '../poison.ts';
import { REGISTER_PBUF_RING } from './abi.ts';
import { Arena } from './memory.ts';
import type { Ring } from './ring.ts';

export const BUFFER_GROUP = 1;
const RING_ENTRIES = 4096;
const OFFERED_AT_FIRST = 64;

export class Slots {
  readonly size: number;
  readonly #arena: Arena;
  readonly #ringArena: Arena;
  readonly #ring: Uint32Array;
  readonly #ringShorts: Uint16Array;
  readonly #poison: boolean;
  readonly #buffers: (Buffer | undefined)[];
  /** Sends not complete, and one for the connection that holds it. */
  readonly #uses: Uint16Array;
  readonly #free: Int32Array;
  #freeCount: number;
  #tail = 0;
  #offered = 0;
  #target = OFFERED_AT_FIRST;
  /** What was claimed last: most sends are of it. */
  #lastBuffer: Buffer | undefined;
  #lastSlot = -1;

  private constructor(size: number, count: number, arena: Arena, ringArena: Arena, poison: boolean) {
    this.size = size;
    this.#arena = arena;
    this.#ringArena = ringArena;
    this.#ring = new Uint32Array(ringArena.bytes);
    this.#ringShorts = new Uint16Array(ringArena.bytes);
    this.#poison = poison;
    this.#buffers = Array.from({ length: count }, () => undefined);
    this.#uses = new Uint16Array(count);
    this.#free = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#freeCount = count;
  }

  /** Registers them with the ring; undefined where memory or the kernel's consent is missing. */
  static open(ring: Ring, size: number, count: number, poison: boolean): Slots | undefined {
    const arena = Arena.take(size * count);
    const ringArena = Arena.take(RING_ENTRIES * 16);
    if (arena === undefined || ringArena === undefined) return undefined;
    const request = Buffer.alloc(40);
    request.writeBigUInt64LE(BigInt(ringArena.address), 0);
    request.writeUInt32LE(RING_ENTRIES, 8);
    request.writeUInt16LE(BUFFER_GROUP, 12);
    if (ring.register(REGISTER_PBUF_RING, request, 1) < 0) {
      arena.release();
      ringArena.release();
      return undefined;
    }
    const slots = new Slots(size, count, arena, ringArena, poison);
    slots.offer();
    return slots;
  }

  /** Slots that connections hold or sends pin: zero when a thread is idle. */
  get taken(): number {
    return this.#buffers.length - this.#freeCount - this.#offered;
  }

  /** Fills the ring up to the number wanted. Called once before the kernel is entered. */
  offer(): void {
    if (this.#offered >= this.#target) return;
    const ring = this.#ring;
    while (this.#offered < this.#target && this.#freeCount > 0) {
      const slot = this.#free[--this.#freeCount] as number;
      const address = this.#arena.address + slot * this.size;
      const at = (this.#tail & (RING_ENTRIES - 1)) << 2;
      ring[at] = address;
      ring[at + 1] = Math.floor(address / 4294967296);
      ring[at + 2] = this.size;
      this.#ringShorts[(at + 3) << 1] = slot;
      this.#tail = (this.#tail + 1) & 0xffff;
      this.#offered++;
    }
    // The ring's tail lies where the first entry has an unused field.
    this.#ringShorts[7] = this.#tail;
  }

  /** A receive found no buffer: more are offered from now on. */
  starved(): void {
    this.#target = Math.min(this.#target * 2, RING_ENTRIES);
  }

  /** The kernel has filled it: the connection's from now on, which gives it back by unpin(). */
  claim(slot: number): Buffer {
    this.#offered--;
    this.#uses[slot] = 1;
    const buffer = this.bufferOf(slot);
    this.#lastBuffer = buffer;
    this.#lastSlot = slot;
    return buffer;
  }

  /** A slot for bytes of our own, -1 when all are in use. */
  take(): number {
    if (this.#freeCount === 0) return -1;
    const slot = this.#free[--this.#freeCount] as number;
    this.#uses[slot] = 1;
    return slot;
  }

  bufferOf(slot: number): Buffer {
    return (this.#buffers[slot] ??= Buffer.from(this.#arena.bytes, slot * this.size, this.size));
  }

  get baseAddress(): number {
    return this.#arena.address;
  }

  addressOf(slot: number): number {
    return this.#arena.address + slot * this.size;
  }

  /** The slot whose memory this is, or -1. */
  slotOf(buffer: Buffer): number {
    // asking a Buffer for its memory is a call into the runtime
    if (buffer === this.#lastBuffer) return this.#lastSlot;
    return buffer.buffer === this.#arena.bytes ? Math.floor(buffer.byteOffset / this.size) : -1;
  }

  pin(slot: number): void {
    this.#uses[slot] = (this.#uses[slot] as number) + 1;
  }

  unpin(slot: number): void {
    const left = (this.#uses[slot] as number) - 1;
    this.#uses[slot] = left;
    if (left > 0) return;
    if (this.#poison) this.#buffers[slot]?.fill(POISON);
    this.#free[this.#freeCount++] = slot;
  }

  get exhausted(): boolean {
    return this.#freeCount === 0 && this.#offered === 0;
  }

  /** The ring is closed and nothing is pending: nobody reads or writes here any more. */
  destroy(): void {
    this.#arena.release();
    this.#ringArena.release();
  }
}
