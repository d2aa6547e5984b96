/** `acme` sections (manual, section 12.8): how certificates are got from an authority. Times in milliseconds. */
import type { Position } from './diagnostic.ts';

export const CHALLENGES = ['http-01', 'dns-01', 'dns-persist-01'] as const;
export type ChallengeType = (typeof CHALLENGES)[number];

/** `challenge-ready`: what is waited for before the authority is asked to look; nothing at all is `none`. */
export type ReadyCondition = 'cli' | 'delay' | 'dns';

/** A key that is to be made. Curves by OpenSSL's names. */
export type KeyWish =
  { readonly type: 'rsa'; readonly bits: number } | { readonly type: 'ec'; readonly curve: string };

export interface ExternalAccount {
  readonly keyIdFile: string;
  readonly macKeyFile: string;
  readonly algorithm: 'HS256' | 'HS384' | 'HS512';
}

export interface AcmeSection {
  readonly name: string;
  readonly position: Position;
  readonly directory: string;
  /** Of the key of the account. */
  readonly accountKey: string;
  readonly contact: string | undefined;
  readonly challenge: ChallengeType;
  readonly ready: ReadonlySet<ReadyCondition>;
  readonly dnsDelayMs: number;
  readonly dnsTimeoutMs: number;
  readonly key: KeyWish;
  readonly reuseKey: boolean;
  /** Takes the tokens of http-01. */
  readonly map: string | undefined;
  readonly profile: string | undefined;
  /** `provider-name`, `acme-vars`: for who keeps the names' records. */
  readonly providerName: string | undefined;
  readonly variables: string | undefined;
  readonly externalAccount: ExternalAccount | undefined;
}
