/** Bytes of a connection that content rules hold back, for scripts that change them. */
import type { ChannelBytes } from '../../rules/channel-bytes.ts';

interface BytesMemory {
  /** All of them, those in front that are said to go on included. */
  read(): Buffer;
  write(bytes: Buffer): void;
  readonly mayReceive: boolean;
}

export class HeldBytes implements ChannelBytes {
  readonly #memory: BytesMemory;
  /** As much as a connection holds. */
  readonly #size: number;
  output = 0;

  constructor(memory: BytesMemory, size: number) {
    this.#memory = memory;
    this.#size = size;
  }

  get input(): Buffer {
    return this.#memory.read().subarray(this.output);
  }

  get room(): number {
    return Math.max(0, this.#size - this.#memory.read().length);
  }

  get isFull(): boolean {
    return this.room === 0;
  }

  get mayReceive(): boolean {
    return this.#memory.mayReceive && this.room > 0;
  }

  edit(sent: Buffer, input: Buffer): void {
    const gone = this.#memory.read().subarray(0, this.output);
    this.output += sent.length;
    this.#memory.write(Buffer.concat([gone, sent, input]));
  }
}
