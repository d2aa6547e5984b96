/** Lines of keepalived.conf that stand for addresses, routes and rules of the kernel. */
import type { Position } from './diagnostic.ts';

/** One line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`. */
export interface IpAddressEntry {
  readonly position: Position;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
  readonly peer?: { readonly address: string; readonly prefixLength: number };
  /** An address, or `+` / `-`: computed with the host bits set / clear. */
  readonly broadcast?: string;
  readonly dev?: string;
  /** The virtual MAC interface over `dev` that has it, where that is not the instance's. */
  readonly vmac?: string;
  readonly scope?: AddressScope;
  readonly label?: string;
  readonly home: boolean;
  readonly mngtmpaddr: boolean;
  readonly noprefixroute: boolean;
  readonly autojoin: boolean;
  readonly noTrack: boolean;
  /** Seconds, or Infinity. */
  readonly preferredLftSec?: number;
}

export type AddressScope = 'global' | 'site' | 'link' | 'host' | 'nowhere';

/** One line of `virtual_routes` / `virtual_rules` and their static kin, as `ip route` / `ip rule` take it. */
export interface IpRouteEntry {
  readonly position: Position;
  readonly family: 4 | 6;
  /** Words after `ip [-6] route add` (or `ip [-6] rule add`). */
  readonly words: readonly string[];
  readonly mode: 'add' | 'append' | 'prepend';
  readonly dev?: string;
  readonly noTrack: boolean;
}
