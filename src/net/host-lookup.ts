/** Addresses of host names for this program's own requests: as the system knows them, or as nameservers do. */
import { lookup, type LookupAddress, type Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';

export interface HostLookup {
  /** Host names are looked up. */
  readonly resolves: boolean;
  /** Addresses of this family are tried first. */
  readonly prefers: 4 | 6;
  /** Asked where the system knows no address: behind a `chroot` it finds its own settings no more. */
  readonly resolver?: Pick<Resolver, 'resolve4' | 'resolve6'>;
}

export function hostLookup({ resolves, prefers, resolver }: HostLookup): LookupFunction {
  return (host, options, done) => {
    if (!resolves) return done(new Error('names are not resolved'), '', 0);
    const answer = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]): void => {
      const addresses = found.toSorted((one, two) => rank(one) - rank(two));
      const [first] = addresses;
      if (first === undefined) done(error ?? new Error('no address'), '', 0);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    };
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error === null || resolver === undefined) answer(error, error === null ? found : []);
      else askBoth(resolver, host, addresses => answer(error, addresses));
    });
  };
  function rank({ family }: LookupAddress): number {
    return family === prefers ? 0 : 1;
  }
}

/** What is not answered counts as none. */
function askBoth(
  resolver: Pick<Resolver, 'resolve4' | 'resolve6'>,
  host: string,
  done: (addresses: readonly LookupAddress[]) => void,
): void {
  const all: LookupAddress[] = [];
  let left = 2;
  const collect =
    (family: 4 | 6) =>
    (error: unknown, found: readonly string[]): void => {
      if (error === null) all.push(...found.map(address => ({ address, family })));
      if (--left === 0) done(all);
    };
  resolver.resolve4(host, collect(4));
  resolver.resolve6(host, collect(6));
}
