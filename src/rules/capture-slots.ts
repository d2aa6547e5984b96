/**
 * The capture slots of a frontend (manual, section 8.8): those of `capture` and `declare capture` lines first,
 * then one for each rule `capture <sample> len <n>`. Logs show all of them, filled or not.
 */
import type { Captures } from '../model/proxy.ts';

export type CaptureSide = 'request' | 'response';

export class CaptureSlots {
  /** Length of each slot, by number. */
  readonly request: number[];
  readonly response: number[];

  constructor(captures: Captures) {
    const declared = (side: CaptureSide): number[] =>
      captures.declared.filter(slot => slot.side === side).map(slot => slot.len);
    this.request = [...captures.request.map(slot => slot.len), ...declared('request')];
    this.response = [...captures.response.map(slot => slot.len), ...declared('response')];
  }

  /** Number of the new slot. */
  add(side: CaptureSide, len: number): number {
    return this[side].push(len) - 1;
  }

  lengthOf(side: CaptureSide, slot: number): number | undefined {
    return this[side][slot];
  }
}
