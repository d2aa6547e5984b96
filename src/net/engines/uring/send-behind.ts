/** A send that waits for the one before, which was told as sent. Its slot is pinned until it begins, or is given up. */
import type { Follows } from '../../connection.ts';
import type { Slots } from './slots.ts';

export class SendBehind {
  buffer: Buffer;
  offset: number;
  readonly length: number;
  readonly follows: Follows;
  readonly #slots: Slots;
  readonly #slot: number;

  constructor(slots: Slots, buffer: Buffer, offset: number, length: number, follows: Follows) {
    this.buffer = buffer;
    this.offset = offset;
    this.length = length;
    this.follows = follows;
    this.#slots = slots;
    this.#slot = slots.slotOf(buffer);
    if (this.#slot >= 0) slots.pin(this.#slot);
  }

  /** The connection is closed: whoever has lent the memory uses it again. */
  keep(): void {
    if (this.#slot >= 0) return;
    this.buffer = Buffer.from(this.buffer.subarray(this.offset, this.offset + this.length));
    this.offset = 0;
  }

  letGo(): void {
    if (this.#slot >= 0) this.#slots.unpin(this.#slot);
  }
}
