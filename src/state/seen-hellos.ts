/**
 * Hellos whose early data was accepted, so that none is accepted twice (RFC 8446, section 8.2): a table in memory that all
 * threads share. A hello is known by its binder, which nobody can make who has not its ticket's secret, and is remembered for
 * longer than OpenSSL takes it for fresh. Where a bucket is full, where two threads meet, or where the clock went back, the
 * answer is no: the handshake goes on without early data.
 *
 *   instance (16 bytes)  ·  highest second seen (8)  ·  slots of 8 bytes, 8 to a bucket: second << 32 | print; 0: free
 *
 * `instance` says which process this is. Tickets tell whose they are, so that what another process has seen, before a reload
 * or on another machine with the same ticket keys, has not to be known here.
 */
import { randomFillSync } from 'node:crypto';

const INSTANCE_BYTES = 16;
/** OpenSSL takes a hello within 10 seconds of when it should come, counted in whole ones: 11 of them at most. */
const REMEMBERED_S = 30;
/** Threads look at the clock one after the other. */
const CLOCK_SLACK_S = 1;
const HIGHEST = 2;
const HEAD_WORDS = 3;
const WORD_BYTES = 8;
const BUCKET = 8;
const BUCKETS = 32_768;
const PRINT = 0xffff_ffffn;
const SECOND_SHIFT = 32n;

/** Of one process; pages that nobody touches cost nothing. `buckets`: of 8 hellos each. */
export function createEarlyMemory(buckets = BUCKETS): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((HEAD_WORDS + buckets * BUCKET) * WORD_BYTES);
  Buffer.from(memory).set(randomFillSync(Buffer.alloc(INSTANCE_BYTES)));
  return memory;
}

export class SeenHellos {
  readonly instance: Buffer;
  readonly #words: BigUint64Array;
  readonly #buckets: number;

  constructor(memory: SharedArrayBuffer) {
    this.instance = Buffer.from(Buffer.from(memory, 0, INSTANCE_BYTES));
    this.#words = new BigUint64Array(memory);
    this.#buckets = (this.#words.length - HEAD_WORDS) / BUCKET;
  }

  /** True once, in whichever thread asks first. `second`: the wall clock's, which OpenSSL measures the age of tickets by. */
  isFirst(binder: Buffer, second: number): boolean {
    if (binder.length < WORD_BYTES || !this.#goesForward(second)) return false;
    const from = HEAD_WORDS + (binder.readUInt32LE(0) % this.#buckets) * BUCKET;
    const mine = (BigInt(second) << SECOND_SHIFT) | BigInt(binder.readUInt32LE(4));
    for (;;) {
      const free = this.#freeFor(mine, from);
      if (free < 0) return false;
      const old = Atomics.load(this.#words, free);
      // another thread may have taken it, for the same hello even: looked at again
      if (!isOver(old, mine) || Atomics.compareExchange(this.#words, free, old, mine) !== old) continue;
      return !this.#isThere(mine, from, free);
    }
  }

  /** -1: there is none, or it is there already. */
  #freeFor(mine: bigint, from: number): number {
    let free = -1;
    for (let at = from; at < from + BUCKET; at++) {
      const slot = Atomics.load(this.#words, at);
      if (isOver(slot, mine)) {
        if (free < 0) free = at;
      } else if (isSame(slot, mine)) return -1;
    }
    return free;
  }

  /** Two threads that have each taken a slot for the same hello both see it, or the later one does. */
  #isThere(mine: bigint, from: number, butAt: number): boolean {
    for (let at = from; at < from + BUCKET; at++) {
      const slot = Atomics.load(this.#words, at);
      if (at !== butAt && isSame(slot, mine) && !isOver(slot, mine)) return true;
    }
    return false;
  }

  /** A clock that was put back makes fresh what was forgotten: nothing is accepted until it is where it was. */
  #goesForward(second: number): boolean {
    const now = BigInt(second);
    for (;;) {
      const highest = Atomics.load(this.#words, HIGHEST);
      if (now <= highest) return Number(highest) - second <= CLOCK_SLACK_S;
      if (Atomics.compareExchange(this.#words, HIGHEST, highest, now) === highest) return true;
    }
  }
}

/** Free, or not to be remembered any more. */
function isOver(slot: bigint, mine: bigint): boolean {
  return Number(mine >> SECOND_SHIFT) - Number(slot >> SECOND_SHIFT) > REMEMBERED_S;
}

function isSame(slot: bigint, mine: bigint): boolean {
  return (slot & PRINT) === (mine & PRINT);
}
