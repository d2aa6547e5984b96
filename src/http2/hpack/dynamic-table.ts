/**
 * The dynamic table (RFC 7541, section 2.3.2): the latest fields as ready texts, in a ring that grows as needed. A
 * connection that sends no field for it owns no ring.
 */

/** What an entry counts besides its texts (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD = 32;
const FIRST_RING = 16;

export class DynamicTable {
  count = 0;
  maxBytes: number;
  /** Another one after each change: places mean the same as long as it is. */
  version = 0;
  #bytes = 0;
  #names: string[] = [];
  #values: string[] = [];
  /** Where the next entry goes, in a ring whose length is a power of two. */
  #next = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** `age`: 0 is the latest; below `count`. */
  nameAt(age: number): string {
    return this.#names[(this.#next - 1 - age) & (this.#names.length - 1)] as string;
  }

  valueAt(age: number): string {
    return this.#values[(this.#next - 1 - age) & (this.#values.length - 1)] as string;
  }

  /** One that is larger than the table empties it (RFC 7541, section 4.4). */
  add(name: string, value: string): void {
    const bytes = name.length + value.length + ENTRY_OVERHEAD;
    this.version++;
    this.#evictTo(this.maxBytes - bytes);
    if (bytes > this.maxBytes) return;
    if (this.count === this.#names.length) this.#grow();
    this.#names[this.#next] = name;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) & (this.#names.length - 1);
    this.#bytes += bytes;
    this.count++;
  }

  resize(maxBytes: number): void {
    this.version++;
    this.maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.count > 0) {
      const oldest = (this.#next - this.count) & (this.#names.length - 1);
      const name = this.#names[oldest] as string;
      const value = this.#values[oldest] as string;
      this.#bytes -= name.length + value.length + ENTRY_OVERHEAD;
      this.#names[oldest] = '';
      this.#values[oldest] = '';
      this.count--;
    }
  }

  #grow(): void {
    const length = Math.max(FIRST_RING, this.count * 2);
    const { count } = this;
    const names = Array.from({ length }, (_, at) => (at < count ? this.nameAt(count - 1 - at) : ''));
    const values = Array.from({ length }, (_, at) => (at < count ? this.valueAt(count - 1 - at) : ''));
    this.#names = names;
    this.#values = values;
    this.#next = count;
  }
}
