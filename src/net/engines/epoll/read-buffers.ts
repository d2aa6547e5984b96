/**
 * What the sockets of a thread are read into: taken when there is something to read, given back when its owner asks for
 * more. So an idle connection holds none. Small ones first; large ones for connections that bytes rush in on.
 */
import { POISON } from '../poison.ts';
import { addressOf } from '../../memory-address.ts';

/** In front of what is read: room for what is added to it (Connection.headroom). */
export const HEADROOM = 1024;
const BULK = 65_536;
const KEPT_AT_MOST = 1024;

/** A piece of memory, with where it lies. */
export interface ReadBuffer {
  readonly bytes: Buffer;
  /** Of what is read, behind the headroom. */
  readonly address: number;
  readonly size: number;
}

export class ReadBuffers {
  readonly #size: number;
  readonly #poison: boolean;
  readonly #small: ReadBuffer[] = [];
  readonly #large: ReadBuffer[] = [];
  /** Taken and not yet given back: zero when a thread is idle. */
  taken = 0;

  constructor(bufsize: number, poison: boolean) {
    this.#size = bufsize;
    this.#poison = poison;
  }

  take(inBulk: boolean): ReadBuffer {
    this.taken++;
    const size = inBulk ? Math.max(BULK, this.#size) : this.#size;
    return (inBulk ? this.#large : this.#small).pop() ?? make(size);
  }

  give(buffer: ReadBuffer): void {
    this.taken--;
    if (this.#poison) buffer.bytes.fill(POISON);
    const list = buffer.size === this.#size ? this.#small : this.#large;
    if (list.length < KEPT_AT_MOST) list.push(buffer);
  }

  /** Somebody may still be sending from it: the collector takes it when that is over. */
  drop(): void {
    this.taken--;
  }
}

function make(size: number): ReadBuffer {
  const bytes = Buffer.allocUnsafeSlow(HEADROOM + size);
  return { bytes, address: addressOf(bytes) + HEADROOM, size };
}
