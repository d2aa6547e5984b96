/**
 * Connections whose "send now" leaves no completion when it succeeds: they are done when the kernel has consumed
 * the entries and told of those that failed.
 *
 *   add ──▶ next ──handedOver (enter() has taken all entries)──▶ taken ──settle (completions are read)──▶ sentNow()
 *
 * A peer may answer before that, within the same completions: whoever hears from it can tell by `round` that its entry
 * has been consumed, and by `allKnown` that it would know of a completion behind.
 *
 * The lists keep their length: one that is cut to nothing is allocated anew as it grows.
 */
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

  add(sender: Sender): void {
    this.#next[this.#nextCount++] = sender;
  }

  /** Some wait for the kernel to take their entries. */
  get waits(): boolean {
    return this.#nextCount > 0;
  }

  handedOver(): void {
    if (this.#takenCount > 0) throw new Error('the sends before are not settled');
    this.round = (this.round + 1) & ROUNDS;
    const next = this.#next;
    this.#next = this.#taken;
    this.#taken = next;
    this.#takenCount = this.#nextCount;
    this.#nextCount = 0;
  }

  /** Senders may add themselves again meanwhile. */
  settle(): void {
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
