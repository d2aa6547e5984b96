/** What the control thread orders of data threads, each answered when it is done. Everything can be cloned. */
import type { Server } from '../model/server.ts';
import type { ThreadNumbers } from './process-numbers.ts';

/** A listening descriptor that belongs to one data thread. */
export interface ListenerHandover {
  /** Position of the proxy in `config.proxies`, and of the bind in its `binds`. */
  readonly proxy: number;
  readonly bind: number;
  readonly fd: number;
}

export interface ChangedServer {
  readonly backend: number;
  readonly row: number;
  /** Undefined: it was removed. */
  readonly server: Server | undefined;
}

export type Order =
  /** A server's settings as they are now. */
  | { readonly kind: 'server'; readonly change: ChangedServer }
  /** Stop accepting connections of a frontend and give its descriptors back. */
  | { readonly kind: 'close-frontend'; readonly proxy: number }
  /** What does the thread know of itself? */
  | { readonly kind: 'numbers' }
  /** Accept connections again. */
  | { readonly kind: 'listen'; readonly listeners: readonly ListenerHandover[] };

/** What comes back; a failed order is a bug of the thread's and ends it. */
export interface OrderResults {
  readonly server: undefined;
  readonly 'close-frontend': undefined;
  readonly numbers: ThreadNumbers;
  readonly listen: undefined;
}

export type OrderOf<K extends Order['kind']> = Extract<Order, { readonly kind: K }>;
