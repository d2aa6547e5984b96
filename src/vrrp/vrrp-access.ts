/** What administrators may ask of VRRP and do to it; worker/ gives it to the admin socket. */
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';

export interface VrrpAccess {
  snapshot(): Promise<VrrpSnapshot>;
  /** Virtual servers and their connections as text; undefined: there are none, or nobody answers. */
  showServices(): Promise<string | undefined>;
  /** Gives the addresses away and keeps out of elections; resolves when none is held any more: true, if there were any. */
  handOver(reason: string): Promise<boolean>;
  /** Takes part again. */
  resume(): void;
}
