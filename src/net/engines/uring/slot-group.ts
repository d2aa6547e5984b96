/**
 * Receive buffers of one size in one arena, offered to the kernel as a provided buffer ring
 * (IORING_REGISTER_PBUF_RING). Few are offered at a time: the ring is first in, first out, and each slot in it is
 * cold memory. The number grows when a receive finds none (ENOBUFS), and shrinks again when fewer are needed. The
 * memory of slots that were not used for a while goes back to the system.
 *
 *   #free:   0 … #dropped   no memory: it comes back, zeroed, when one is used
 *            … #fewest      nobody took one of these since the last trim(): the next trim() drops them, but the …
 *            … #freeCount   … last few, which are used next
 */
import { HEADROOM } from '../hot-buffers.ts';
import { REGISTER_PBUF_RING } from './abi.ts';
import { Arena } from './memory.ts';
import type { Ring } from './ring.ts';

const RING_ENTRIES = 4096;
/** Node's longest buffer; the address of a longer one is fatal. */
const MOST_ARENA_BYTES = 2 ** 32;

interface GroupOptions {
  /** The kernel's number for the group. */
  readonly id: number;
  readonly size: number;
  readonly count: number;
  readonly offeredAtFirst: number;
}

export class SlotGroup {
  readonly id: number;
  /** What the kernel may write to each. */
  readonly size: number;
  /** From one slot to the next. */
  readonly stride: number;
  readonly arena: Arena;
  readonly #ringArena: Arena;
  readonly #ring: Uint32Array;
  readonly #ringShorts: Uint16Array;
  readonly #free: Int32Array;
  #freeCount: number;
  /** The least that #freeCount was since the last trim(). */
  #fewest: number;
  #dropped: number;
  #tail = 0;
  #offered = 0;
  readonly #leastTarget: number;
  #target: number;
  /** Of the ring, used in one turn since the last trim(). */
  #most = 0;
  /** At the ring's end. */
  #droppedOfRing = 0;

  private constructor(options: GroupOptions, arena: Arena, ringArena: Arena) {
    const { id, size, count, offeredAtFirst } = options;
    this.id = id;
    this.size = size;
    this.stride = strideOf(size);
    this.arena = arena;
    this.#ringArena = ringArena;
    this.#ring = new Uint32Array(ringArena.bytes);
    this.#ringShorts = new Uint16Array(ringArena.bytes);
    this.#free = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#freeCount = count;
    this.#fewest = count;
    this.#dropped = count;
    this.#leastTarget = offeredAtFirst;
    this.#target = offeredAtFirst;
  }

  /** Registers it with the ring; undefined where memory or the kernel's consent is missing. */
  static open(ring: Ring, options: GroupOptions): SlotGroup | undefined {
    const arena = Arena.take(strideOf(options.size) * options.count);
    const ringArena = Arena.take(RING_ENTRIES * 16);
    if (arena === undefined || ringArena === undefined) return undefined;
    const request = Buffer.alloc(40);
    request.writeBigUInt64LE(BigInt(ringArena.address), 0);
    request.writeUInt32LE(RING_ENTRIES, 8);
    request.writeUInt16LE(options.id, 12);
    if (ring.register(REGISTER_PBUF_RING, request, 1) < 0) {
      arena.release();
      ringArena.release();
      return undefined;
    }
    return new SlotGroup(options, arena, ringArena);
  }

  /** Slots that nobody holds. */
  get idle(): number {
    return this.#freeCount + this.#offered;
  }

  /** A receive of this group would find a buffer once offer() has been called. */
  get available(): boolean {
    return this.#freeCount > 0 || this.#offered > 0;
  }

  /** Fills the ring up to the number wanted. Called once before the kernel is entered. */
  offer(): void {
    if (this.#offered >= this.#target) return;
    this.#most = Math.max(this.#most, this.#target - this.#offered);
    this.#droppedOfRing = 0;
    const ring = this.#ring;
    while (this.#offered < this.#target && this.#freeCount > 0) {
      const slot = this.#free[--this.#freeCount] as number;
      const address = this.addressOf(slot) + HEADROOM;
      const at = entryOf(this.#tail);
      ring[at] = address;
      ring[at + 1] = Math.floor(address / 4294967296);
      ring[at + 2] = this.size;
      this.#ringShorts[shortOf(this.#tail)] = slot;
      this.#tail = (this.#tail + 1) & 0xffff;
      this.#offered++;
    }
    // The ring's tail lies where the first entry has an unused field.
    this.#ringShorts[7] = this.#tail;
    this.#noteFewest();
  }

  #noteFewest(): void {
    if (this.#freeCount >= this.#fewest) return;
    this.#fewest = this.#freeCount;
    this.#dropped = Math.min(this.#dropped, this.#fewest);
  }

  /** A receive found no buffer: more are offered from now on. */
  starved(): void {
    this.#target = Math.min(this.#target * 2, RING_ENTRIES);
  }

  /** The kernel has taken one out of the ring. */
  taken(): void {
    this.#offered--;
  }

  /** A slot for bytes of our own, -1 when all are in use. */
  take(): number {
    if (this.#freeCount === 0) return -1;
    const slot = this.#free[--this.#freeCount] as number;
    this.#noteFewest();
    return slot;
  }

  give(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }

  /** The ring was refilled since the last trim(). */
  get used(): boolean {
    return this.#most > 0;
  }

  /**
   * Memory that was not needed since the last call goes: of free slots, and of those that the ring has too many of.
   * Not while completions wait to be read. True: nothing is left that a later call could take.
   */
  trim(): boolean {
    if (this.#most * 4 <= this.#target) this.#target = Math.max(this.#target >> 1, this.#leastTarget);
    this.#most = 0;
    this.#dropFree();
    this.#dropOffered();
    return this.#target === this.#leastTarget && this.#dropped >= this.#freeCount - this.#leastTarget;
  }

  #dropFree(): void {
    const until = this.#fewest - this.#leastTarget;
    this.#fewest = this.#freeCount;
    if (until <= this.#dropped) return;
    this.#drop(this.#free.subarray(this.#dropped, until));
    this.#dropped = until;
  }

  /** From the ring's end, which the kernel comes to last. */
  #dropOffered(): void {
    const from = this.#droppedOfRing;
    const surplus = this.#offered - this.#target;
    if (surplus <= from) return;
    const slotAt = (_: unknown, i: number): number =>
      this.#ringShorts[shortOf(this.#tail - 1 - from - i)] as number;
    this.#drop(Int32Array.from({ length: surplus - from }, slotAt));
    this.#droppedOfRing = surplus;
  }

  /** Sorts them: slots that lie side by side go in one piece, with the pages they share. */
  #drop(slots: Int32Array): void {
    slots.sort();
    let start = 0;
    for (let i = 1; i <= slots.length; i++) {
      if (i < slots.length && slots[i] === (slots[i - 1] as number) + 1) continue;
      const last = this.placeOf(slots[i - 1] as number);
      this.arena.drop(this.placeOf(slots[start] as number), last + this.stride);
      start = i;
    }
  }

  /** In the arena. */
  placeOf(slot: number): number {
    return slot * this.stride;
  }

  addressOf(slot: number): number {
    return this.arena.address + this.placeOf(slot);
  }

  bufferOf(slot: number): Buffer {
    return Buffer.from(this.arena.bytes, this.placeOf(slot), this.stride);
  }

  destroy(): void {
    this.arena.release();
    this.#ringArena.release();
  }
}

/** Where an entry of the ring begins, in words of 32 bits. */
function entryOf(tail: number): number {
  return (tail & (RING_ENTRIES - 1)) << 2;
}

/** Where an entry has its slot's number, in words of 16 bits. */
function shortOf(tail: number): number {
  return (entryOf(tail) + 3) << 1;
}

/** How many of that size fit into an arena. */
export function mostSlots(size: number): number {
  return Math.floor(MOST_ARENA_BYTES / strideOf(size));
}

function strideOf(size: number): number {
  return HEADROOM + size;
}
