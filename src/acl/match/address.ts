/** `-m ip`: networks of both families; the most specific one that holds the address is found. */
import { parseIpv4, parseIpv4Bits, parseIpv6, toIpv4, toIpv6 } from '../../base/ip-address.ts';
import type { IpAddress } from '../../base/ip-address.ts';
import { fullIPv4 } from '../../config-parser/short-ipv4.ts';
import { Buckets, Lengths } from './pattern.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

/** The IPv4 address of a host name in dotted form; undefined: it has none. */
export type AddressOf = (host: string) => string | undefined;

interface Network {
  readonly address: IpAddress;
  /** Prefix length; -1: the mask has holes and stands in `mask`. */
  readonly prefix: number;
  readonly mask: number;
}

const NAME = /^(?=.*[a-z])\w[\w.-]*$/i;

/**
 * `a.b.c.d[/bits|/mask]` or `ipv6[/bits]`. Numbers may be left out before the last one, not behind it: `10.12/8` is
 * `10.0.0.12/8`. The name of a host stands for its IPv4 address (manual, section 7.1.6).
 */
function parseNetwork(text: string, addressOf: AddressOf | undefined): Network | undefined {
  const [host, suffix, more] = text.split('/');
  if (host === undefined || more !== undefined) return undefined;
  const v6 = parseIpv6(host);
  if (v6 !== undefined) return parseNetwork6(v6, suffix);
  const v4 = parseIpv4(host) ?? parseIpv4(fullIPv4(host) ?? namedAddress(host, addressOf) ?? '');
  if (v4 === undefined) return undefined;
  return suffix === undefined ? { address: v4, prefix: 32, mask: 0 } : parseNetwork4(v4, suffix);
}

function namedAddress(host: string, addressOf: AddressOf | undefined): string | undefined {
  return addressOf !== undefined && NAME.test(host) ? addressOf(host) : undefined;
}

function parseNetwork6(address: IpAddress, suffix: string | undefined): Network | undefined {
  if (suffix === undefined) return { address, prefix: 128, mask: 0 };
  const prefix = /^[0-9]{1,3}$/.test(suffix) ? Number(suffix) : -1;
  return prefix < 0 || prefix > 128 ? undefined : { address, prefix, mask: 0 };
}

function parseNetwork4(address: IpAddress, suffix: string): Network | undefined {
  if (/^[0-9]{1,2}$/.test(suffix)) {
    const prefix = Number(suffix);
    return prefix > 32 ? undefined : { address, prefix, mask: 0 };
  }
  const mask = parseIpv4Bits(suffix);
  if (mask === undefined) return undefined;
  const inverse = ~mask >>> 0;
  const isContiguous = (inverse & (inverse + 1)) === 0;
  return { address, prefix: isContiguous ? 32 - bitLength(inverse) : -1, mask };
}

function bitLength(bits: number): number {
  return bits === 0 ? 0 : 32 - Math.clz32(bits);
}

const prefixMask = (bits: number): number => (bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0);

/** The network part as a key: a number for IPv4, four words for IPv6. */
const key4 = (bits: number, prefix: number): number => (bits & prefixMask(prefix)) >>> 0;

function key6({ w0, w1, w2, w3 }: IpAddress, prefix: number): string {
  const word = (bits: number, index: number): number =>
    (bits & prefixMask(Math.min(32, Math.max(0, prefix - index * 32)))) >>> 0;
  return `${word(w0, 0)},${word(w1, 1)},${word(w2, 2)},${word(w3, 3)}`;
}

/** One family's networks: a hash for every prefix length in use. */
class Family<Key> {
  readonly #buckets = new Map<number, Buckets<Key>>();
  readonly #lengths = new Lengths();
  readonly #keyOf: (ip: IpAddress, prefix: number) => Key;

  constructor(keyOf: (ip: IpAddress, prefix: number) => Key) {
    this.#keyOf = keyOf;
  }

  insert({ address, prefix }: Network, pattern: StoredPattern): void {
    let buckets = this.#buckets.get(prefix);
    if (buckets === undefined) {
      buckets = new Buckets<Key>();
      this.#buckets.set(prefix, buckets);
    }
    buckets.add(this.#keyOf(address, prefix), pattern);
    this.#lengths.add(prefix);
  }

  remove({ address, prefix }: Network, pattern: StoredPattern): void {
    this.#buckets.get(prefix)?.remove(this.#keyOf(address, prefix), pattern);
    this.#lengths.remove(prefix);
  }

  find(address: IpAddress): StoredPattern | undefined {
    for (const prefix of this.#lengths.sorted) {
      const found = this.#buckets.get(prefix)?.first(this.#keyOf(address, prefix));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** `addressOf`: left out, names of hosts are no patterns. */
export function createAddressIndex(addressOf?: AddressOf): PatternIndex {
  const v4 = new Family((ip, prefix) => key4(ip.w3, prefix));
  const v6 = new Family(key6);
  const holed: { readonly network: Network; readonly pattern: StoredPattern }[] = [];
  const findHoled = (ip: IpAddress): StoredPattern | undefined =>
    holed.find(({ network }) => ((ip.w3 ^ network.address.w3) & network.mask) === 0)?.pattern;
  return {
    insert: pattern => {
      const network = parseNetwork(pattern.entry.key, addressOf);
      if (network === undefined) return `'${pattern.entry.key}' is not a valid IPv4 or IPv6 address`;
      if (network.prefix < 0) holed.push({ network, pattern });
      else if (network.address.family === 4) v4.insert(network, pattern);
      else v6.insert(network, pattern);
      return undefined;
    },
    remove: pattern => {
      const network = parseNetwork(pattern.entry.key, addressOf);
      if (network === undefined) return;
      const at = holed.findIndex(held => held.pattern === pattern);
      if (at >= 0) holed.splice(at, 1);
      else if (network.address.family === 4) v4.remove(network, pattern);
      else v6.remove(network, pattern);
    },
    find: value => {
      const ip = value as IpAddress;
      if (ip.family === 4) return v4.find(ip) ?? v6.find(toIpv6(ip)) ?? findHoled(ip);
      const found = v6.find(ip);
      const mapped = found === undefined ? toIpv4(ip) : undefined;
      return mapped === undefined ? found : (v4.find(mapped) ?? findHoled(mapped));
    },
  };
}
