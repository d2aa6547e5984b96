/** The words of nft that rules of both ways of forwarding are made of (nft(8)). */
import type { Family, Protocol, Service, ServiceState, Target } from './service.ts';

/** Ours alone, in the families inet and netdev: whoever starts makes it anew. */
export const TABLE = 'lb_l4';
/** More clients or flows than that are not remembered. */
export const MOST_REMEMBERED = 262_144;
/** Of hashes: the same on every director. */
export const SEED = '0x6c62';
export const EVERY_PROTOCOL: readonly Protocol[] = ['tcp', 'udp', 'sctp'];

/** The chain that says where new connections go, until the next one takes its place. */
export function generationChain({ service, generation }: ServiceState): string {
  return `${service.id}_${generation}`;
}

export function serverChain(service: Service, index: number): string {
  return `${service.id}_rs${index}`;
}

/** The set of clients that were sent to a server (persistence). */
export function clientsOf(service: Service, index: number): string {
  return `${serverChain(service, index)}_clients`;
}

export function addressWord(family: Family): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

export function addressType(family: Family): string {
  return `ipv${family}_addr`;
}

export function range(first: string, last: string): string {
  return first === last ? first : `${first}-${last}`;
}

export function protocolMatch(protocol: Protocol | undefined): string {
  return `meta l4proto ${protocol ?? `{ ${EVERY_PROTOCOL.join(', ')} }`}`;
}

/** Packets of clients that ask for it. */
export function targetMatch({ family, protocol, method }: Service, target: Target): string {
  const protocols = protocolMatch(protocol);
  if (target.kind === 'mark') {
    // with direct routing each family has a table of its own
    const ofFamily = method === 'NAT' ? `meta nfproto ipv${family} ` : '';
    return `meta mark ${target.mark} ${ofFamily}${protocols}`;
  }
  const address = `${addressWord(family)} daddr ${range(target.first, target.last)}`;
  return `${address} ${protocols}${target.port === 0 ? '' : ` th dport ${target.port}`}`;
}

/** The client's address, or the network of it that counts as one client. */
export function clientOf({ family, persistence }: Service): string {
  const width = family === 4 ? 32 : 128;
  const length = persistence?.prefixLength ?? width;
  const mask = length >= width ? '' : ` & ${maskOf(family, length)}`;
  return `${addressWord(family)} saddr${mask}`;
}

function maskOf(family: Family, length: number): string {
  const partBits = family === 4 ? 8 : 16;
  const parts = Array.from({ length: family === 4 ? 4 : 8 }, (_, index) => {
    const ones = Math.min(partBits, Math.max(0, length - index * partBits));
    return 2 ** partBits - 2 ** (partBits - ones);
  });
  return family === 4 ? parts.join('.') : parts.map(part => part.toString(16)).join(':');
}

/** Where nobody is. A TCP client of IPv6 takes an ICMP error for no reason to give up. */
export function refusals(
  protocol: Protocol | undefined,
  family: 'inet' | 'netdev' | 'ip' | 'ip6' = 'inet',
): string[] {
  const reset = 'reject with tcp reset';
  const icmp = { inet: 'icmpx', netdev: 'icmpx', ip: 'icmp', ip6: 'icmpv6' }[family];
  const unreachable = `reject with ${icmp} port-unreachable`;
  if (protocol === undefined) return [`meta l4proto tcp ${reset}`, unreachable];
  return [protocol === 'tcp' ? reset : unreachable];
}

/** `numgen inc mod 2 vmap { 0 : goto x, 1 : goto y }` */
export function verdictMap(expression: string, chains: readonly string[]): string {
  return `${expression} vmap { ${chains.map((chain, slot) => `${slot} : goto ${chain}`).join(', ')} }`;
}

/** Marks first, then one port, then every port: as the kernel's own layer 4 switch looks for a service. */
export function inOrderOfLookup(services: readonly Service[]): { service: Service; target: Target }[] {
  const rank = (target: Target): number => {
    if (target.kind === 'mark') return 0;
    return target.port === 0 ? 2 : 1;
  };
  return services
    .flatMap(service => service.targets.map(target => ({ service, target })))
    .toSorted((one, other) => rank(one.target) - rank(other.target));
}
