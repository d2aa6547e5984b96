/** A whole configuration after parsing and resolving. */
import type { Position } from './diagnostic.ts';
import type { LogForward } from './log-forward.ts';
import type { ErrorFile, Proxy } from './proxy.ts';
import type { Global } from './global.ts';
import type { CacheSettings } from './http-cache.ts';
import type { PeersSection } from './peers.ts';
import type { StreamNameservers } from './nameservers.ts';
import type { RingSection } from './ring.ts';
import type { StickTableSettings } from './stick-table.ts';
import type { Word } from './word.ts';

export interface Config {
  readonly global: Global;
  readonly proxies: readonly Proxy[];
  /** Of all sections, in the order of the configuration. */
  readonly stickTables: readonly StickTableSettings[];
  readonly userlists: readonly Userlist[];
  readonly httpErrors: readonly HttpErrors[];
  readonly logForwards: readonly LogForward[];
  readonly caches: readonly CacheSettings[];
  /** Those that are complete and not disabled. */
  readonly peers: readonly PeersSection[];
  readonly rings: readonly RingSection[];
  readonly nameservers: readonly StreamNameservers[];
  /** Sections whose meaning a later layer gives: `resolvers`, `peers`, `mailers`, `ring`, ... */
  readonly otherSections: readonly OtherSection[];
  /** Something in it is experimental. */
  readonly usesExperiments?: true;
}

export interface Userlist {
  readonly name: string;
  readonly position: Position;
  readonly groups: readonly { readonly name: string; readonly users: readonly string[] }[];
  readonly users: readonly {
    readonly name: string;
    /** crypt(3) hash when `secure`. */
    readonly password: string;
    readonly secure: boolean;
    readonly groups: readonly string[];
  }[];
}

export interface HttpErrors {
  readonly name: string;
  readonly position: Position;
  readonly errorFiles: readonly ErrorFile[];
}

export interface OtherSection {
  readonly kind: string;
  readonly name: string;
  readonly position: Position;
  readonly lines: readonly (readonly Word[])[];
  /** Where relative paths of its lines start (`default-path`); empty: where the program does. */
  readonly folder: string;
}
