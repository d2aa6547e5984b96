/**
 * The buffers that receives go to. The kernel takes one when bytes have arrived, so an idle connection holds none.
 *
 *            offer                   bytes arrive                 release, and no send pins it
 *   FREE ───────────▶ IN THE RING ───────────────▶ HELD by its connection ─────────────────────▶ FREE
 *   (last in,          (the kernel's)                (pins: sends of it that are not complete)
 *    first out)
 *
 * Two groups: slots of `tune.bufsize`, and few large ones for connections that bytes rush in on, where each
 * operation and each packet saved counts (docs/performance.md, h1-large).
 */
import { POISON } from '../poison.ts';
import type { Ring } from './ring.ts';
import { mostSlots, SlotGroup } from './slot-group.ts';

const SMALL_GROUP = 1;
const BULK_GROUP = 2;
/** As much as one packet of a loopback connection carries. */
const BULK_SIZE = 65_536;
const BULK_COUNT = 256;
const TRIM_MS = 10_000;

export class Slots {
  readonly size: number;
  readonly small: SlotGroup;
  readonly bulk: SlotGroup;
  readonly #poison: boolean;
  readonly #buffers: (Buffer | undefined)[];
  /** Sends not complete, and one for the connection that holds it. */
  readonly #uses: Uint16Array;
  /** What was claimed last: most sends are of it. */
  #lastBuffer: Buffer | undefined;
  #lastSlot = -1;
  #trimming: NodeJS.Timeout | undefined;

  private constructor(small: SlotGroup, bulk: SlotGroup, poison: boolean) {
    this.size = small.size;
    this.small = small;
    this.bulk = bulk;
    this.#poison = poison;
    const total = bulk.first + bulk.idle;
    this.#buffers = Array.from({ length: total }, () => undefined);
    this.#uses = new Uint16Array(total);
  }

  /** Registers them with the ring, fewer where they are very large; undefined where memory or the kernel's consent is missing. */
  static open(ring: Ring, size: number, wanted: number, poison: boolean): Slots | undefined {
    const count = Math.min(wanted, mostSlots(size));
    const small = SlotGroup.open(ring, { id: SMALL_GROUP, first: 0, size, count, offeredAtFirst: 64 });
    const bulkCount = Math.min(BULK_COUNT, count);
    const large = { size: Math.max(size, BULK_SIZE), count: bulkCount, offeredAtFirst: 4 };
    const bulk = SlotGroup.open(ring, { id: BULK_GROUP, first: count, ...large });
    if (small === undefined || bulk === undefined) {
      small?.destroy();
      bulk?.destroy();
      return undefined;
    }
    const slots = new Slots(small, bulk, poison);
    slots.offer();
    return slots;
  }

  /** Slots that connections hold or sends pin: zero when a thread is idle. */
  get taken(): number {
    return this.#buffers.length - this.small.idle - this.bulk.idle;
  }

  /** Called once before the kernel is entered. */
  offer(): void {
    this.small.offer();
    this.bulk.offer();
    if (this.#trimming === undefined && (this.small.used || this.bulk.used)) this.#trimLater();
  }

  /** An idle thread is not woken once all is given back. */
  #trimLater(): void {
    this.#trimming = setTimeout(() => {
      this.#trimming = undefined;
      if (!this.trim()) this.#trimLater();
    }, TRIM_MS).unref();
  }

  /** The kernel has filled it: the connection's from now on, which gives it back by unpin(). */
  claim(slot: number): Buffer {
    this.#groupOf(slot).taken();
    this.#uses[slot] = 1;
    const buffer = this.bufferOf(slot);
    this.#lastBuffer = buffer;
    this.#lastSlot = slot;
    return buffer;
  }

  /** A slot for bytes of our own, -1 when all are in use. */
  take(): number {
    const slot = this.small.take();
    if (slot >= 0) this.#uses[slot] = 1;
    return slot;
  }

  bufferOf(slot: number): Buffer {
    return (this.#buffers[slot] ??= this.#groupOf(slot).bufferOf(slot));
  }

  sizeOf(slot: number): number {
    return this.#groupOf(slot).size;
  }

  addressOf(slot: number): number {
    return this.#groupOf(slot).addressOf(slot);
  }

  /** Where a buffer of that slot's memory begins, from the begin of the slot's arena. */
  placeIn(slot: number, buffer: Buffer): number {
    // its offset is a call into the runtime too
    return buffer === this.#lastBuffer ? this.#groupOf(slot).placeOf(slot) : buffer.byteOffset;
  }

  /** The address of a place in that slot's arena. */
  addressAt(slot: number, place: number): number {
    return this.#groupOf(slot).arena.address + place;
  }

  /** The slot whose memory this is, or -1. */
  slotOf(buffer: Buffer): number {
    // asking a Buffer for its memory is a call into the runtime
    if (buffer === this.#lastBuffer) return this.#lastSlot;
    const { buffer: memory, byteOffset } = buffer;
    if (memory === this.small.arena.bytes) return Math.floor(byteOffset / this.small.stride);
    if (memory !== this.bulk.arena.bytes) return -1;
    return this.bulk.first + Math.floor(byteOffset / this.bulk.stride);
  }

  pin(slot: number): void {
    this.#uses[slot] = (this.#uses[slot] as number) + 1;
  }

  unpin(slot: number): void {
    const left = (this.#uses[slot] as number) - 1;
    this.#uses[slot] = left;
    if (left > 0) return;
    if (this.#poison) this.#buffers[slot]?.fill(POISON);
    this.#groupOf(slot).give(slot);
  }

  get exhausted(): boolean {
    return !this.small.available;
  }

  /** Memory that was not needed since the last call goes; true: a later call could take no more. */
  trim(): boolean {
    const isSmall = this.small.trim();
    return this.bulk.trim() && isSmall;
  }

  /** The ring is closed and nothing is pending: nobody reads or writes here any more. */
  destroy(): void {
    clearTimeout(this.#trimming);
    this.small.destroy();
    this.bulk.destroy();
  }

  #groupOf(slot: number): SlotGroup {
    return slot < this.bulk.first ? this.small : this.bulk;
  }
}
