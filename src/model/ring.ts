/** Where the lines of a `ring` section go (manual, section 12.6). Its other words are kept as they stand (OtherSection). */
import type { Server } from './server.ts';

export interface RingSection {
  readonly name: string;
  readonly servers: readonly Server[];
}
