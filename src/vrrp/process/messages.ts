/** What crosses between the program and its VRRP process: one union a direction. Everything here can be cloned. */
import type { KeepalivedConfig } from '../../model/keepalived.ts';
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
      readonly config: KeepalivedConfig;
      /** Missing: there is no balancer in this program. */
      readonly report?: BalancerReport;
    }
  | { readonly kind: 'reload'; readonly config: KeepalivedConfig }
  | { readonly kind: 'report'; readonly report: BalancerReport }
  | { readonly kind: 'hand-over'; readonly reason: string }
  | { readonly kind: 'resume' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'dump'; readonly what: DumpKind };

export type FromVrrp =
  | { readonly kind: 'started' }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'event'; readonly event: VrrpEvent }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: VrrpSnapshot }
  | { readonly kind: 'handed-over'; readonly held: boolean }
  /** SIGHUP came to this process. */
  | { readonly kind: 'reload-wanted' }
  | { readonly kind: 'stopped' };
