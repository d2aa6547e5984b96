/** What crosses between the control thread and a data thread: one union a direction. Everything here can be cloned. */
import type { Config } from '../model/config.ts';

/** A listening descriptor that belongs to one data thread. */
export interface ListenerHandover {
  /** Position of the proxy in `config.proxies`, and of the bind in its `binds`. */
  readonly proxy: number;
  readonly bind: number;
  readonly fd: number;
}

export interface ThreadStart {
  readonly index: number;
  readonly nbthread: number;
  readonly config: Config;
  readonly listeners: readonly ListenerHandover[];
  readonly startTimeMs: number;
}

export type ToData =
  /** A slot on that server (shared row) was reserved for this thread's oldest waiter. */
  | { readonly kind: 'grant'; readonly server: number }
  /** Stop accepting, finish what runs. */
  | { readonly kind: 'soft-stop' }
  | { readonly kind: 'stop' };

export type ToControl =
  | { readonly kind: 'ready'; readonly engine: string }
  | { readonly kind: 'grant'; readonly thread: number; readonly server: number }
  /** A line for the log, already rendered, with the proxy (position) whose targets it goes to. */
  | { readonly kind: 'notice'; readonly level: 'warn' | 'error'; readonly text: string }
  /** Nothing is left open after a soft stop. */
  | { readonly kind: 'drained' };
