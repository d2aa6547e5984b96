/** What the control thread orders of data threads, each answered when it is done. Everything can be cloned. */
import type { PatternChange } from '../../acl/pattern-changes.ts';
import type { ThreadNumbers } from '../../admin/runtime.ts';
import type { BadMessageReport } from '../../model/bad-message.ts';
import type { StreamReport } from '../../model/stream-facts.ts';
import type { PlainSample } from '../../acl/plain-sample.ts';
import type { ProfilingSettings, ThreadProfile } from '../../model/profiling.ts';
import type { DynamicCookieSetting } from '../../proxy/persistence/cookie-keeper.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { PatternFile } from '../../proxy/runtime/check-rules.ts';
import type { TlsChange } from '../../model/tls-material.ts';
import type { Server } from '../../model/server.ts';

/** Of a listener with the address `rhttp@`. */
export const NO_SOCKET = -1;

/** A listening descriptor that belongs to one data thread. */
export interface ListenerHandover {
  /**
   * Position of the proxy in `config.proxies`, and of the bind in its `binds`. The `log-forward` sections have numbers
   * below 0 (listening-section.ts).
   */
  readonly proxy: number;
  readonly bind: number;
  /** NO_SOCKET: connections are made in place of being accepted. */
  readonly fd: number;
  /** How many of them. */
  readonly connections?: number;
}

export interface ChangedServer {
  readonly backend: number;
  readonly row: number;
  /** Undefined: it was removed. */
  readonly server: Server | undefined;
}

export interface ChangedBackend {
  readonly row: number;
  /** Or what is left of one that is gone. */
  readonly proxy: Proxy;
  /** Pattern files that its rules need. */
  readonly files: ReadonlyMap<string, PatternFile>;
}

/** Of something that every thread has a copy of. */
export type SharedChange = PatternChange | VariableChange | CookieChange;

/** What commands made of a backend's dynamic cookies. */
export interface CookieChange extends DynamicCookieSetting {
  readonly kind: 'dynamic-cookie';
  readonly backend: number;
}

/** A variable of the process; undefined: it was unset. */
interface VariableChange {
  readonly kind: 'variable';
  /** With its scope. */
  readonly name: string;
  readonly value: PlainSample | undefined;
}

export type Order =
  /** `number`: place of the last of them in the order that all threads share. */
  | { readonly kind: 'changes'; readonly changes: readonly SharedChange[]; readonly number: number }
  /** Certificates were exchanged. */
  | { readonly kind: 'tls'; readonly changes: readonly TlsChange[] }
  /** A backend came, or is gone. */
  | { readonly kind: 'backend'; readonly change: ChangedBackend }
  /** A server's settings as they are now. */
  | { readonly kind: 'server'; readonly change: ChangedServer }
  /** Stop accepting connections of a frontend and give its descriptors back. */
  /** `refuse`: the kernel is to refuse who comes. */
  | { readonly kind: 'close-frontend'; readonly proxy: number; readonly refuse: boolean }
  /** What do you serve? */
  | { readonly kind: 'streams' }
  /** By its number in the thread. */
  | { readonly kind: 'kill-stream'; readonly number: number }
  /** All of a server (row in the server table). */
  | { readonly kind: 'kill-on-server'; readonly server: number }
  /** What could you not understand? */
  | { readonly kind: 'bad-messages' }
  /** Are you there? */
  | { readonly kind: 'answer' }
  /** What does the thread know of itself? */
  | { readonly kind: 'numbers' }
  /** What it is to measure of itself. */
  | { readonly kind: 'profiling'; readonly settings: ProfilingSettings }
  /** Where does it spend its time and memory? */
  | { readonly kind: 'profile' }
  /** Accept connections again. */
  | { readonly kind: 'listen'; readonly listeners: readonly ListenerHandover[] };

/** What comes back; a failed order is a bug of the thread's and ends it. */
export interface OrderResults {
  readonly server: undefined;
  readonly backend: undefined;
  readonly tls: undefined;
  readonly 'close-frontend': undefined;
  readonly changes: undefined;
  readonly streams: readonly StreamReport[];
  readonly 'kill-stream': boolean;
  readonly 'kill-on-server': undefined;
  readonly 'bad-messages': BadMessageReport;
  readonly answer: undefined;
  readonly numbers: ThreadNumbers;
  readonly profiling: undefined;
  readonly profile: ThreadProfile;
  readonly listen: undefined;
}

export type OrderOf<K extends Order['kind']> = Extract<Order, { readonly kind: K }>;
