/**
 * The capture slots of a frontend (manual, section 8.8), in the order of the lines that make them: `capture` and
 * `declare capture`, and rules `capture <sample> len <n>`. Logs show all of them, filled or not.
 */
import type { Captures } from '../model/proxy.ts';

export type CaptureSide = 'request' | 'response';

export class CaptureSlots {
  /** Length of each slot, by number; those of rules are 0 until these are compiled. */
  readonly request: number[] = [];
  readonly response: number[] = [];

  constructor({ request, response, declared }: Captures) {
    for (const { slot, len } of request) this.place('request', slot, len);
    for (const { slot, len } of response) this.place('response', slot, len);
    for (const { side, slot, len } of declared) this.place(side, slot, len);
  }

  /** Gives its number: the one given, or the next if there is none. */
  place(side: CaptureSide, slot: number | undefined, len: number): number {
    const lengths = this[side];
    const number = slot ?? lengths.length;
    while (lengths.length < number) lengths.push(0);
    lengths[number] = len;
    return number;
  }

  lengthOf(side: CaptureSide, slot: number): number | undefined {
    return this[side][slot];
  }
}
