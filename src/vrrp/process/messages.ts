/** What crosses between the program and its VRRP process: one union a direction. Everything here can be cloned. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { VrrpSnapshot } from '../../model/vrrp-snapshot.ts';
import type { DumpKind } from '../dump.ts';
import type { LogLevel } from '../log.ts';
import type { VrrpEvent } from '../reporter.ts';

/** How the balancer is, as far as somebody follows it (`track_lb`); names that are missing are not there. */
export interface BalancerReport {
  /** Servers that take new connections, by backend. */
  readonly backends: ReadonlyMap<string, number>;
  /** Whether it listens, by frontend. */
  readonly frontends: ReadonlyMap<string, boolean>;
}

export type ToVrrp =
  | {
      readonly kind: 'start';
      /** The process reads them itself: the program may have given up the right to. */
      readonly files: readonly string[];
      readonly configId: string | undefined;
      /** Missing: there is no balancer in this program. */
      readonly report: BalancerReport | undefined;
      /** It takes no other's place: what is to be run at the start is run. */
      readonly isFirst: boolean;
    }
  | { readonly kind: 'reload' }
  | { readonly kind: 'report'; readonly report: BalancerReport }
  /** The balancer works (balancer-pulse.ts). */
  | { readonly kind: 'pulse' }
  | { readonly kind: 'hand-over'; readonly reason: string }
  | { readonly kind: 'resume' }
  | { readonly kind: 'stop' }
  /** Behind a stop: everything else is done, too; what is to be run at the end is run, and the process ends. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'dump'; readonly what: DumpKind };

export type FromVrrp =
  /** A process waits for `start`: the first one, or one that takes the place of another. */
  | { readonly kind: 'hello'; readonly pid: number }
  /** A configuration is at work, or was refused and the one before stays. */
  | {
      readonly kind: 'configured';
      readonly again: boolean;
      readonly refused: boolean;
      readonly diagnostics: readonly Diagnostic[];
      /** Somebody follows the balancer. */
      readonly follows: boolean;
    }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'event'; readonly event: VrrpEvent }
  /** A reload_time_file says that it is time. */
  | { readonly kind: 'reload due' }
  /** What a session of BFD says of its neighbour. */
  | { readonly kind: 'neighbour'; readonly name: string; readonly isUp: boolean }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: VrrpSnapshot }
  | { readonly kind: 'handed-over'; readonly held: boolean }
  /** Nothing is held any more. */
  | { readonly kind: 'stopped' };
