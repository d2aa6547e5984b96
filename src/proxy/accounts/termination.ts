/**
 * How a session ended, as the two letters of the log (manual, section 8.5): who ended it, and when. The first
 * thing that went wrong stays: later events are its consequences.
 */
import type { Cause, Side } from '../../base/failure.ts';

export type Phase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | 'T' | '-';

const CLEAN = '--';

export class Termination {
  cause = '-';
  phase: Phase = '-';

  clear(): void {
    this.cause = '-';
    this.phase = '-';
  }

  /** Nothing went wrong: what this program answers by itself (`L`) is no failure. */
  get isClean(): boolean {
    return this.cause === '-' || this.cause === 'L';
  }

  /** Keeps the first. */
  set(cause: string, phase: Phase): void {
    if (this.cause !== '-') return;
    this.cause = cause;
    this.phase = phase;
  }

  fail(side: Side, cause: Cause, phase: Phase): void {
    this.set(letterOf(side, cause), phase);
  }

  get text(): string {
    return this.cause === '-' && this.phase === '-' ? CLEAN : this.cause + this.phase;
  }
}

function letterOf(side: Side, cause: Cause): string {
  if (cause === 'resource') return 'R';
  if (side === 'proxy') return 'P';
  const letter = side === 'client' ? 'C' : 'S';
  return cause === 'timeout' ? letter.toLowerCase() : letter;
}
