/**
 * What the sockets of a thread are read into by calls of its own: taken when there is something to read, given back when its
 * owner asks for more. So an idle connection holds none, and the one that was given back last, which is in the caches, is
 * taken next. Small ones first; large ones for connections that bytes rush in on.
 */
import { POISON } from './poison.ts';
import { addressOf } from '../memory-address.ts';

/** In front of what is read, of slots too: for lines that rules add to a head (http/squeeze.ts). */
export const HEADROOM = 1024;
/** As much as one packet of a loopback connection carries. */
const LARGE = 65_536;
/** In use at a time: who reads slowly holds one. More than that are small. */
const LARGE_AT_MOST = 256;
const LARGE_KEPT = 64;
const SMALL_KEPT = 512;

/** A piece of memory, with where it lies. */
export interface HotBuffer {
  readonly bytes: Buffer;
  /** Of what is read, behind the headroom. */
  readonly address: number;
  readonly size: number;
}

export class HotBuffers {
  readonly #size: number;
  readonly #poison: boolean;
  readonly #small: HotBuffer[] = [];
  readonly #large: HotBuffer[] = [];
  /** Taken and not yet given back: zero when a thread is idle. */
  taken = 0;
  #largeTaken = 0;

  constructor(bufsize: number, poison: boolean) {
    this.#size = bufsize;
    this.#poison = poison;
  }

  take(inBulk: boolean): HotBuffer {
    this.taken++;
    if (!inBulk || this.#largeTaken >= LARGE_AT_MOST) return this.#small.pop() ?? make(this.#size);
    this.#largeTaken++;
    return this.#large.pop() ?? make(Math.max(LARGE, this.#size + 1));
  }

  give(buffer: HotBuffer): void {
    this.drop(buffer);
    if (this.#poison) buffer.bytes.fill(POISON);
    const isSmall = buffer.size === this.#size;
    const list = isSmall ? this.#small : this.#large;
    if (list.length < (isSmall ? SMALL_KEPT : LARGE_KEPT)) list.push(buffer);
  }

  /** Somebody may still be sending from it: the collector takes it when that is over. */
  drop(buffer: HotBuffer): void {
    this.taken--;
    if (buffer.size !== this.#size) this.#largeTaken--;
  }
}

function make(size: number): HotBuffer {
  const bytes = Buffer.allocUnsafeSlow(HEADROOM + size);
  return { bytes, address: addressOf(bytes) + HEADROOM, size };
}
