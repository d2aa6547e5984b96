/** The things statistics are about, each with where its numbers are. */
import type { Bind } from '../model/bind.ts';
import type { Proxy } from '../model/proxy.ts';
import type { ServerEntry, StatsView } from './view.ts';

export interface RowOptions {
  /** Addresses, cookies and algorithms are told. */
  readonly legends: boolean;
  /** `up`, `no-maint`: a backend tells how many of its servers are up. */
  readonly counted: boolean;
}

interface Common {
  readonly view: StatsView;
  readonly options: RowOptions;
  readonly proxy: Proxy;
  /** Position in `config.proxies`. */
  readonly proxyRow: number;
  /** Row of its counters. */
  readonly row: number;
  readonly sid: number;
  readonly name: string;
}

export interface FrontendSubject extends Common {
  readonly kind: 'frontend';
}

export interface ListenerSubject extends Common {
  readonly kind: 'listener';
  readonly bind: Bind;
  readonly listener: number;
}

export interface ServerSubject extends Common {
  readonly kind: 'server';
  readonly server: ServerEntry;
}

export interface BackendSubject extends Common {
  readonly kind: 'backend';
}

export type Subject = FrontendSubject | ListenerSubject | ServerSubject | BackendSubject;
export type SubjectKind = Subject['kind'];

/** As `type` tells it, and as `show stat <id> <type> <sid>` asks for it: 1 << type. */
export const TYPE_CODES: Readonly<Record<SubjectKind, number>> = {
  frontend: 0,
  backend: 1,
  server: 2,
  listener: 3,
};

export const TYPE_LETTERS: Readonly<Record<SubjectKind, string>> = {
  frontend: 'F',
  backend: 'B',
  server: 'S',
  listener: 'L',
};

export const TYPE_NAMES: Readonly<Record<SubjectKind, string>> = {
  frontend: 'Frontend',
  backend: 'Backend',
  server: 'Server',
  listener: 'Listener',
};
