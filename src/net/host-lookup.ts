/** Addresses of host names for this program's own requests: as the system knows them, or as nameservers do. */
import { spawnSync } from 'node:child_process';
import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

/** Answers one address of the name, of that family if there is one; undefined: there is none at all. */
export type AddressFinder = (
  name: string,
  family: 4 | 6,
  done: (address: string | undefined) => void,
) => void;

export interface HostLookup {
  /** Host names are looked up. */
  readonly resolves: boolean;
  /** Addresses of this family are tried first. */
  readonly prefers: 4 | 6;
  /** Asked in place of the system. */
  readonly finder?: AddressFinder;
}

export function hostLookup({ resolves, prefers, finder }: HostLookup): LookupFunction {
  return (host, options, done) => {
    if (!resolves) return done(new Error('names are not resolved'), '', 0);
    const answer = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]): void => {
      const addresses = found.toSorted((one, two) => rank(one) - rank(two));
      const [first] = addresses;
      if (first === undefined) done(error ?? new Error('no address'), '', 0);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    };
    if (finder !== undefined) return finder(host, prefers, address => answer(null, asFound(address)));
    lookup(host, { ...options, all: true }, (error, found) => answer(error, error === null ? found : []));
  };
  function rank({ family }: LookupAddress): number {
    return family === prefers ? 0 : 1;
  }
}

function asFound(address: string | undefined): readonly LookupAddress[] {
  return address === undefined ? [] : [{ address, family: isIP(address) }];
}

const SYSTEM_LOOKUP_MS = 10_000;

/** The first IPv4 address that the system knows for the name. Waits for it: for loading a configuration only. */
export function systemIpv4(host: string): string | undefined {
  const asked = { encoding: 'utf8', timeout: SYSTEM_LOOKUP_MS } as const;
  const { status, stdout } = spawnSync('getent', ['ahostsv4', host], asked);
  return status === 0 ? stdout.split(/\s/, 1)[0] : undefined;
}
