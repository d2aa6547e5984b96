/**
 * Bytes received from one peer and not yet used up. As long as they arrived in one piece it only refers to the
 * engine's slice (nothing is copied); what must survive the next receive() is moved to memory of its own.
 *
 *   buffer  [......·start███████end·........]     start..end: unused bytes
 *             └──────┘ headroom
 */
const EMPTY = Buffer.alloc(0);

export class Inbox {
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** Bytes in front of `start` that nobody else uses, as long as nothing of the slice has been used up. */
  headroom = 0;
  #owned = false;

  get length(): number {
    return this.end - this.start;
  }

  /** Takes a slice just received, with so many bytes in front of it. */
  add(buffer: Buffer, offset: number, length: number, headroom = 0): void {
    if (this.start === this.end) {
      this.headroom = headroom;
      this.buffer = buffer;
      this.start = offset;
      this.end = offset + length;
      this.#owned = false;
      return;
    }
    this.#makeRoom(length);
    buffer.copy(this.buffer, this.end, offset, offset + length);
    this.end += length;
  }

  consume(length: number): void {
    this.start += length;
    this.headroom = 0;
    if (this.start >= this.end) this.clear();
  }

  /** Makes the unused bytes independent of the engine's slice: call before receive(). */
  detach(): void {
    if (this.#owned || this.start === this.end) return;
    this.#moveTo(Buffer.allocUnsafe(Math.max(1024, this.length * 2)));
  }

  /** The unused bytes, in memory of their own. */
  copy(): Buffer {
    return Buffer.from(this.buffer.subarray(this.start, this.end));
  }

  /** Other bytes take the place of all unused ones. */
  replace(bytes: Buffer): void {
    this.clear();
    if (bytes.length > 0) this.add(bytes, 0, bytes.length);
  }

  clear(): void {
    this.buffer = EMPTY;
    this.start = 0;
    this.end = 0;
    this.headroom = 0;
    this.#owned = false;
  }

  #makeRoom(length: number): void {
    if (this.#owned && this.end + length <= this.buffer.length) return;
    this.#moveTo(Buffer.allocUnsafe((this.length + length) * 2));
  }

  #moveTo(target: Buffer): void {
    const length = this.length;
    this.buffer.copy(target, 0, this.start, this.end);
    this.buffer = target;
    this.start = 0;
    this.end = length;
    this.headroom = 0;
    this.#owned = true;
  }
}
