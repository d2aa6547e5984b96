/**
 * What is forwarded, as the ruleset sees it: virtual servers with their groups resolved (resolve-services.ts), and how
 * their servers are at the moment. Everything is keyed by place: `vs0` is the first service, `vs0_rs1` its second
 * server; behind the real servers comes the sorry server, if there is one.
 */
import type { Scheduler } from '../model/virtual-server.ts';

export type Family = 4 | 6;
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** What clients ask for. */
export type Target =
  | {
      readonly kind: 'address';
      readonly first: string;
      /** The same as `first` for one address. */
      readonly last: string;
      /** 0: every port. */
      readonly port: number;
    }
  | { readonly kind: 'mark'; readonly mark: number };

export interface ServerPlace {
  readonly address: string;
  /** 0: the port the client asked for. */
  readonly port: number;
  readonly limit?: ConnectionLimit;
}

/** With `full` connections it gets no new ones, until it has fewer than `again` (`uthreshold`, `lthreshold`). */
export interface ConnectionLimit {
  readonly full: number;
  readonly again: number;
}

export interface Service {
  /** `vs0`: the prefix of everything in the ruleset that belongs to it. */
  readonly id: string;
  /** In keepalived's words, for people. */
  readonly name: string;
  readonly family: Family;
  /** Missing: all of them (services by mark). */
  readonly protocol?: Protocol;
  readonly targets: readonly Target[];
  readonly method: 'NAT' | 'DR';
  readonly scheduler: Scheduler;
  /** `sh-port`, `mh-port`: the port of the client counts, too. */
  readonly hashesPort: boolean;
  /** `ops`: each packet chooses anew, no flow is remembered. */
  readonly packetByPacket?: true;
  readonly persistence?: { readonly timeoutSec: number; readonly prefixLength: number };
  readonly servers: readonly ServerPlace[];
}

/** How one server is. A server that is gone keeps its connections, but their packets are dropped until it is back. */
export interface ServerState {
  /** 0: it gets no new connections, and keeps those it has. */
  readonly weight: number;
  readonly gone: boolean;
  /** It gets nothing new, not even from persistent clients that were there before. */
  readonly closed?: true;
  /** Established connections; missing where nobody counts. */
  readonly connections?: number;
}

/** A service at a moment; `states` has a place for each of its servers. */
export interface ServiceState {
  readonly service: Service;
  readonly states: readonly ServerState[];
  /** Counts changes of it: part of the names of what is exchanged. */
  readonly generation: number;
}

/** Seconds; missing: the kernel's own. */
export interface ConnectionTimeouts {
  readonly tcp?: number;
  readonly tcpfin?: number;
  readonly udp?: number;
}
