/** What puts services into the kernel: nftables here (nft-driver.ts); another one can take its place. */
import type { Counts } from './counting/count-connections.ts';
import type { Service, ServiceState } from './service.ts';

export interface Driver {
  /** All services anew, in place of what was there; `reroute` follows. Resolves to what is wrong, or to undefined. */
  install(states: readonly ServiceState[]): Promise<string | undefined>;
  /** One service changes; `all` as they are with it. */
  change(old: ServiceState, next: ServiceState, all: readonly ServiceState[]): Promise<string | undefined>;
  /** Interfaces or ways to servers may have changed: those of services by direct routing. */
  reroute(all: readonly ServiceState[]): Promise<string | undefined>;
  /** How many connections their servers have, or why nobody knows. */
  count(services: readonly Service[]): Promise<Counts | string>;
  /** Leaves nothing behind; synchronously, the process may end. */
  remove(): void;
}
