/** A resolvers section as it works (manual, section 5.3.2). Times in milliseconds. */
import type { NameserverSettings } from './nameserver.ts';

export type HeldStatus = 'nx' | 'refused' | 'timeout' | 'other' | 'valid' | 'obsolete';

export interface ResolversSettings {
  readonly name: string;
  readonly nameservers: readonly NameserverSettings[];
  readonly payloadSize: number;
  readonly retries: number;
  readonly resolveMs: number;
  readonly retryMs: number;
  readonly holdMs: Readonly<Record<HeldStatus, number>>;
  /** `dns-accept-family`: what is asked for, and taken, at all. */
  readonly families: ReadonlySet<4 | 6>;
}

export const DEFAULT_SETTINGS: Omit<ResolversSettings, 'name' | 'nameservers'> = {
  payloadSize: 512,
  retries: 3,
  resolveMs: 1000,
  retryMs: 1000,
  holdMs: { nx: 30_000, refused: 30_000, timeout: 30_000, other: 30_000, valid: 10_000, obsolete: 0 },
  families: new Set([4, 6]),
};
