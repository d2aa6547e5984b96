/** `balance`, `hash-type`, `hash-balance-factor` (manual, section 4.2). */
import type { Word } from './word.ts';

export type Balance =
  | { readonly algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' | 'sticky' | 'none' }
  | { readonly algorithm: 'random'; readonly draws: number }
  | {
      readonly algorithm: 'uri';
      readonly len: number;
      readonly depth: number;
      readonly whole: boolean;
      readonly pathOnly: boolean;
    }
  | { readonly algorithm: 'url_param'; readonly name: string }
  | { readonly algorithm: 'hdr'; readonly name: string; readonly useDomainOnly: boolean }
  | { readonly algorithm: 'rdp-cookie'; readonly name: string }
  | { readonly algorithm: 'hash'; readonly expression: Word }
  | { readonly algorithm: 'log-hash'; readonly converters: Word };

export interface HashType {
  readonly method: 'map-based' | 'consistent';
  readonly function: 'sdbm' | 'djb2' | 'wt6' | 'crc32' | 'none';
  readonly avalanche: boolean;
}
