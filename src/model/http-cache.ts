/** A `cache` section (manual, section 6.2.1). */
import type { Position } from './diagnostic.ts';

export interface CacheSettings {
  readonly name: string;
  readonly position: Position;
  /** `total-max-size`, in bytes. */
  readonly totalBytes: number;
  readonly maxObjectBytes: number;
  readonly maxAgeSeconds: number;
  readonly processVary: boolean;
  readonly maxSecondaryEntries: number;
}
