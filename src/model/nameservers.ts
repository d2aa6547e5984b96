/**
 * The nameservers of a `resolvers` section that are asked over streams, with the options of their lines (manual, section
 * 5.3.2). The section itself is kept as it stands (OtherSection).
 */
import type { Server } from './server.ts';

export interface StreamNameservers {
  /** Of the section. */
  readonly name: string;
  readonly servers: readonly Server[];
}
