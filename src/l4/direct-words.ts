/**
 * Names and expressions of the rules of direct routing. Chains belong to an edition, a whole set of rules, and are made anew
 * with the next one; what is remembered has names that other editions find again, also those of another process.
 */
import { xxh32 } from '../base/hash.ts';
import { addressWord, SEED, serverChain } from './nft-words.ts';
import type { Service } from './service.ts';

const LONGEST_NAME = 100;

/**
 * The table of a service: packets are taken where they come in, at every interface, or, when they are told by marks, behind the
 * rules that mark them.
 */
export type DirectFamily = 'netdev' | 'ip' | 'ip6';
export const DIRECT_FAMILIES: readonly DirectFamily[] = ['netdev', 'ip', 'ip6'];

export function familyOf({ targets, family }: Service): DirectFamily {
  return targets.some(({ kind }) => kind === 'mark') ? addressWord(family) : 'netdev';
}

/** Marks carry what is found in maps; what stays here has the mark again that it came with, as far as there is one only. */
export function markAsItCame({ targets }: Service): string {
  const marks = targets.flatMap(target => (target.kind === 'mark' ? [target.mark] : []));
  return `meta mark set ${marks.length === 1 ? marks[0] : 0}`;
}

export function mayBeTcp({ protocol }: Service): boolean {
  return protocol === undefined || protocol === 'tcp';
}

export function editionOf(chain: string): number {
  return Number(/^e(\d+)_/.exec(chain)?.[1] ?? 0);
}

export function chainOf(edition: number, name: string): string {
  return `e${edition}_${name}`;
}

/** The four chains of a server: flows that are known, that end, that are new, and its way. */
export function serverChains(
  edition: number,
  service: Service,
  index: number,
): { readonly known: string; readonly ending: string; readonly fresh: string; readonly way: string } {
  const known = chainOf(edition, serverChain(service, index));
  return { known, ending: `${known}_ending`, fresh: `${known}_new`, way: `${known}_way` };
}

/**
 * Client and virtual server, as the key of a map; `first` comes before it in a rule. nft 1.0 takes no key of more than 16 bytes
 * beside the value in a map that packets change: of addresses of IPv6 it is a hash, which goes by the mark.
 */
export function flowOf({ family }: Service): {
  readonly first: string;
  readonly key: string;
  readonly type: string;
} {
  if (family === 4)
    return {
      first: '',
      key: 'ip saddr . th sport . ip daddr . th dport',
      type: 'ipv4_addr . inet_service . ipv4_addr . inet_service',
    };
  return {
    first: `meta mark set jhash ip6 saddr . ip6 daddr mod 0xffffffff seed ${SEED} `,
    key: 'meta mark . th sport . th dport',
    type: 'mark . inet_service . inet_service',
  };
}

/** What is remembered of a flow: its server, by a number that it has in every edition. */
export function numberOf(service: Service, index: number): string {
  const number = xxh32(keyOf(service, index), 0);
  return `0x${number.toString(16).padStart(8, '0')}`;
}

export function flowsOf(service: Service): string {
  return `${memoryOf(service)}_flows`;
}

/** Flows of TCP that one side has ended. */
export function endingOf(service: Service): string {
  return `${memoryOf(service)}_ending`;
}

/** Clients that were sent to a server (persistence). */
export function directClientsOf(service: Service, index: number): string {
  return `${memoryOf(service)}_${numberOf(service, index).slice(2)}_clients`;
}

function memoryOf({ name, family, protocol }: Service): string {
  const hash = xxh32(`${name} ${family} ${protocol ?? ''}`, 0)
    .toString(16)
    .padStart(8, '0');
  return `vs${name.replace(/[^A-Za-z0-9]+/g, '_').slice(0, LONGEST_NAME)}_${hash}`;
}

/** A sorry server may be one of the real servers, too. */
function keyOf({ servers }: Service, index: number): string {
  const text = servers.map(({ address, port }) => `${address} ${port}`);
  const same = text.slice(0, index).filter(one => one === text[index]).length;
  return `${text[index] ?? ''} ${same}`;
}
