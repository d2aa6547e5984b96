/** A `log-forward` section: takes syslog messages and passes them on (manual, section 12.6). */
import type { Bind } from './bind.ts';
import type { Position } from './diagnostic.ts';
import type { LogTarget } from './log.ts';

/** `option host`: what becomes of the host name of a message whose sender's address is known. */
export type HostStrategy = 'replace' | 'fill' | 'keep' | 'append';

export interface LogForward {
  readonly name: string;
  readonly position: Position;
  /** Of `bind` and `dgram-bind` lines. */
  readonly binds: readonly Bind[];
  readonly logs: readonly LogTarget[];
  /** `log global` was said. */
  readonly logGlobal: boolean;
  /** Connections at a time; 0: no limit of its own. */
  readonly maxconn: number;
  /** Silence after which a connection is closed; 0: never. */
  readonly clientTimeoutMs: number;
  /** `option assume-rfc6587-ntf`: in streams messages end with a line feed, whatever they begin with. */
  readonly assumesLineFeeds: boolean;
  /** `option dont-parse-log` was not said. */
  readonly parses: boolean;
  readonly host: HostStrategy;
}
