/**
 * The buffers that receives go to. The kernel takes one when bytes have arrived, so an idle connection holds none.
 *
 *            offer                   bytes arrive                 release, and no send pins it
 *   FREE ───────────▶ IN THE RING ───────────────▶ HELD by its connection ─────────────────────▶ FREE
 *   (last in,          (the kernel's)                (pins: sends of it that are not complete)
 *    first out)
 *
 * They are of `tune.bufsize`. Connections that bytes rush in on are read by calls of our own (hot-buffers.ts).
 */
import { POISON } from '../poison.ts';
import type { Ring } from './ring.ts';
import { mostSlots, SlotGroup } from './slot-group.ts';

/** The kernel's number for them. */
const GROUP = 1;
const OFFERED_AT_FIRST = 64;
const TRIM_MS = 10_000;

export class Slots {
  readonly size: number;
  readonly group: SlotGroup;
  readonly #ring: Ring;
  readonly #poison: boolean;
  readonly #buffers: (Buffer | undefined)[];
  /** Sends not complete, and one for the connection that holds it. */
  readonly #uses: Uint16Array;
  /** What was claimed last: most sends are of it. */
  #lastBuffer: Buffer | undefined;
  #lastSlot = -1;
  #trimming: NodeJS.Timeout | undefined;

  private constructor(ring: Ring, group: SlotGroup, poison: boolean) {
    this.#ring = ring;
    this.size = group.size;
    this.group = group;
    this.#poison = poison;
    this.#buffers = Array.from({ length: group.idle }, () => undefined);
    this.#uses = new Uint16Array(group.idle);
  }

  /** Registers them with the ring, fewer where they are very large; undefined where memory or the kernel's consent is missing. */
  static open(ring: Ring, size: number, wanted: number, poison: boolean): Slots | undefined {
    const count = Math.min(wanted, mostSlots(size));
    const group = SlotGroup.open(ring, { id: GROUP, size, count, offeredAtFirst: OFFERED_AT_FIRST });
    if (group === undefined) return undefined;
    const slots = new Slots(ring, group, poison);
    slots.offer();
    return slots;
  }

  /** Slots that connections hold or sends pin: zero when a thread is idle. */
  get taken(): number {
    return this.#buffers.length - this.group.idle;
  }

  /** Called once before the kernel is entered. */
  offer(): void {
    this.group.offer();
    if (this.#trimming === undefined && this.group.used) this.#trimLater();
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
    this.group.taken();
    this.#uses[slot] = 1;
    const buffer = this.bufferOf(slot);
    this.#lastBuffer = buffer;
    this.#lastSlot = slot;
    return buffer;
  }

  /** A slot for bytes of our own, -1 when all are in use. */
  take(): number {
    const slot = this.group.take();
    if (slot >= 0) this.#uses[slot] = 1;
    return slot;
  }

  bufferOf(slot: number): Buffer {
    return (this.#buffers[slot] ??= this.group.bufferOf(slot));
  }

  addressOf(slot: number): number {
    return this.group.addressOf(slot);
  }

  /** Where a buffer of that slot's memory begins, from the begin of that of all. */
  placeIn(slot: number, buffer: Buffer): number {
    // its offset is a call into the runtime too
    return buffer === this.#lastBuffer ? this.group.placeOf(slot) : buffer.byteOffset;
  }

  /** The address of a place in their memory. */
  addressAt(place: number): number {
    return this.group.arena.address + place;
  }

  /** The slot whose memory this is, or -1. */
  slotOf(buffer: Buffer): number {
    // asking a Buffer for its memory is a call into the runtime
    if (buffer === this.#lastBuffer) return this.#lastSlot;
    const { buffer: memory, byteOffset } = buffer;
    return memory === this.group.arena.bytes ? Math.floor(byteOffset / this.group.stride) : -1;
  }

  pin(slot: number): void {
    this.#uses[slot] = (this.#uses[slot] as number) + 1;
  }

  unpin(slot: number): void {
    const left = (this.#uses[slot] as number) - 1;
    this.#uses[slot] = left;
    if (left > 0) return;
    if (this.#poison) this.#buffers[slot]?.fill(POISON);
    this.group.give(slot);
  }

  /**
   * Memory that was not needed since the last call goes; true: a later call could take no more. None goes where a
   * completion that is not read yet may name a slot.
   */
  trim(): boolean {
    return !this.#ring.ready && this.group.trim();
  }

  /** The ring is closed and nothing is pending: nobody reads or writes here any more. */
  destroy(): void {
    clearTimeout(this.#trimming);
    this.group.destroy();
  }
}
