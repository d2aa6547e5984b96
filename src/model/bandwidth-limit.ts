/** `filter bwlim-in` and `bwlim-out` (manual, section 9.7). */
import type { Position } from './diagnostic.ts';
import type { Word } from './word.ts';

export interface BandwidthLimit {
  readonly name: string;
  readonly position: Position;
  /** Of what clients send, or of what they are sent. */
  readonly direction: 'in' | 'out';
  /** Bytes in a period. */
  readonly limit: number;
  /** Of a limit of its own for each stream; a shared one has the period of its table. */
  readonly periodMs: number;
  readonly minSize: number;
  /** Streams with the same key share the limit. */
  readonly key?: Word;
  /** Where it is counted; missing: the proxy's own table. */
  readonly table?: string;
}

/** A limit as it is in force for one stream. */
export interface BandwidthInForce {
  /** Bytes in a period; may change while it is in force. */
  readonly limit: number;
  readonly periodMs: number;
  readonly minSize: number;
  /** Hears what has passed. */
  passed?(bytes: number): void;
  /** The stream is over. */
  release?(): void;
}
