/** Messages that went wrong: bytes changed, cut, doubled, replaced by numbers at their limits. */
import { randomNumbers } from './random-numbers.ts';

const LIMITS = [0, 1, 0x7f, 0x80, 0xff];

export class ByteMutator {
  readonly below: (limit: number) => number;

  constructor(seed: number) {
    this.below = randomNumbers(seed);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  garbage(atMost: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(atMost) + 1 }, () => this.below(256)));
  }

  /** Now and then it is left as it is. */
  mutate(message: Buffer): Buffer {
    let bytes: Buffer = Buffer.from(message);
    for (let count = this.below(4); count > 0; count--) bytes = this.#change(bytes, this.below(8));
    return bytes;
  }

  #change(bytes: Buffer, kind: number): Buffer {
    const at = this.below(bytes.length + 1);
    const end = at + this.below(bytes.length - at + 1);
    const part = bytes.subarray(at, end);
    if (kind === 0) return bytes.subarray(0, at);
    if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    if (kind === 2) return Buffer.concat([bytes.subarray(0, end), part, bytes.subarray(end)]);
    if (kind === 3) return Buffer.concat([bytes.subarray(0, at), this.garbage(8), bytes.subarray(at)]);
    if (kind === 4) return Buffer.concat([bytes.subarray(0, at), this.garbage(8), bytes.subarray(end)]);
    if (kind === 5) return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(20_000, part[0] ?? 0)]);
    if (at === bytes.length) return bytes;
    bytes[at] = kind === 6 ? this.pick(LIMITS) : (bytes[at] as number) ^ (1 << this.below(8));
    return bytes;
  }
}
