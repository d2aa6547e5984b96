/** What crosses between the program and its forwarding process. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { LogLevel } from '../../vrrp/log.ts';

export type ToForwarding =
  | { readonly kind: 'start'; readonly files: readonly string[]; readonly configId: string | undefined }
  /** What a session of BFD says of its neighbour. */
  | { readonly kind: 'neighbour'; readonly name: string; readonly isUp: boolean }
  | { readonly kind: 'reload' }
  /** Writes how virtual servers are. */
  | { readonly kind: 'dump' }
  | { readonly kind: 'show'; readonly id: number }
  | { readonly kind: 'stop' };

export type FromForwarding =
  | { readonly kind: 'hello'; readonly pid: number }
  /** The same text, for whoever asked. */
  | { readonly kind: 'shown'; readonly id: number; readonly text: string | undefined }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[] };
