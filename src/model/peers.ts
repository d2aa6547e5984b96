/** A `peers` section (manual, section 11.2): nodes that tell each other what is in their stick tables. */
import type { Bind } from './bind.ts';
import type { Position } from './diagnostic.ts';
import type { LogTarget } from './log.ts';
import type { Server } from './server.ts';

export interface PeersSection {
  readonly name: string;
  readonly position: Position;
  /** Where this node listens; missing: nowhere, it connects to the others. */
  readonly bind?: Bind;
  /** In the order of the configuration; one of them is this node. */
  readonly peers: readonly Peer[];
  /** Parts of a table, for those that get one of them; 0: not said. */
  readonly shards: number;
  readonly logs: readonly LogTarget[];
  readonly logGlobal: boolean;
}

export interface Peer {
  readonly name: string;
  /** This node: its predecessor connects to it when it is replaced. */
  readonly local: boolean;
  /** Address and transport. */
  readonly server: Server;
  /** The part of each table it gets; 0: all. */
  readonly shard: number;
}
