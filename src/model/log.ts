/** `log <target> [len n] [format f] [sample r:s] <facility> [max [min]]` (manual, section 3.1 and 4.2). */
import type { Address } from './address.ts';
import type { Position } from './diagnostic.ts';

export type LogFormatName = 'rfc3164' | 'rfc5424' | 'priority' | 'short' | 'timed' | 'iso' | 'raw' | 'local';

export interface LogTarget {
  readonly position: Position;
  readonly target:
    | { readonly kind: 'syslog'; readonly transport: 'udp' | 'stream'; readonly address: Address }
    | { readonly kind: 'stdout' | 'stderr' }
    | { readonly kind: 'fd'; readonly fd: number }
    | { readonly kind: 'ring' | 'backend'; readonly name: string };
  readonly len: number;
  /** Not said: `local`, with a host name `rfc3164`; of a message that is passed on the one it came in. */
  readonly format?: LogFormatName;
  readonly sample?: { readonly ranges: readonly (readonly [number, number])[]; readonly size: number };
  readonly profile?: string;
  /** 0..23 */
  readonly facility: number;
  /** 0 (emerg) .. 7 (debug) */
  readonly maxLevel: number;
  readonly minLevel: number;
}
