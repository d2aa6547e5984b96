/**
 * Connections whose "send now" leaves no completion when it succeeds: they are done when the kernel has consumed
 * the entries and told of those that failed.
 *
 *   add ──▶ next ──handedOver (enter() has taken all entries)──▶ taken ──settle (completions are read)──▶ sentNow()
 *
 * A peer may answer before that, within the same completions: whoever hears from it can tell by `round` that its entry
 * has been consumed, and by `allKnown` that it would know of a completion behind.
 *
 * Those that were told as sent before that (PAUSE) are not told again: only the slots that their bytes lie in are given back.
 *
 * The lists keep their length: one that is cut to nothing is allocated anew as it grows.
 */
import type { Slots } from './slots.ts';

/** A number of few bits needs no object of its own; none waits for that many. */
const ROUNDS = 0xffffff;

export interface Sender {
  /** Nothing is said twice: ignored when a completion has come, or a later send is under way. */
  sentNow(): void;
}

export class SendBatch {
  /** Entries that were added in an earlier one have been consumed. */
  round = 0;
  /** Of the completions that are being read: those that fall short have heard of it (fallsShort). */
  allKnown = true;
  #next: (Sender | undefined)[] = [];
  #nextCount = 0;
  #taken: (Sender | undefined)[] = [];
  #takenCount = 0;
  #nextSlots: number[] = [];
  #nextSlotCount = 0;
  #takenSlots: number[] = [];
  #takenSlotCount = 0;
  readonly #slots: Pick<Slots, 'unpin'>;

  constructor(slots: Pick<Slots, 'unpin'>) {
    this.#slots = slots;
  }

  /** Pinned for a send, until it has been consumed. */
  addSlot(slot: number): void {
    this.#nextSlots[this.#nextSlotCount++] = slot;
  }

  add(sender: Sender): void {
    this.#next[this.#nextCount++] = sender;
  }

  /** Some wait for the kernel to take their entries. */
  get waits(): boolean {
    return this.#nextCount > 0;
  }

  handedOver(): void {
    if (this.#takenCount > 0 || this.#takenSlotCount > 0) throw new Error('the sends before are not settled');
    this.round = (this.round + 1) & ROUNDS;
    const next = this.#next;
    this.#next = this.#taken;
    this.#taken = next;
    this.#takenCount = this.#nextCount;
    this.#nextCount = 0;
    const nextSlots = this.#nextSlots;
    this.#nextSlots = this.#takenSlots;
    this.#takenSlots = nextSlots;
    this.#takenSlotCount = this.#nextSlotCount;
    this.#nextSlotCount = 0;
  }

  /** Senders may add themselves again meanwhile. */
  settle(): void {
    for (let place = 0; place < this.#takenSlotCount; place++)
      this.#slots.unpin(this.#takenSlots[place] as number);
    this.#takenSlotCount = 0;
    const taken = this.#taken;
    const count = this.#takenCount;
    this.#takenCount = 0;
    for (let place = 0; place < count; place++) {
      const sender = taken[place] as Sender;
      taken[place] = undefined;
      sender.sentNow();
    }
  }

  /** The ring is torn down: whatever was handed over or not. */
  settleAll(): void {
    this.settle();
    this.handedOver();
    this.settle();
  }
}
