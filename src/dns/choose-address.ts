/**
 * Which of a name's addresses a server gets (manual, section 5.2: `resolve-prefer`, `resolve-net`, `resolve-opts`).
 * What counts more comes first: the family, a preferred network, that no other server of the backend has it, that
 * it is the one the server has.
 */
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import type { Network } from '../base/cidr.ts';

export interface AddressPreference {
  readonly family: 4 | 6;
  /** `resolve-net`: by family. */
  readonly networks: readonly { readonly family: 4 | 6; readonly network: Network }[];
  /** `resolve-opts allow-dup-ip` */
  readonly allowsDuplicates: boolean;
}

const FAMILY = 8;
const NETWORK = 4;
const UNUSED = 2;
const CURRENT = 1;

interface Choice {
  readonly address: IpAddress;
  /** Where the next choice begins, so that servers get different ones. */
  readonly next: number;
}

/** `start`: where the list is begun. Undefined: there is none for this server. */
export function chooseAddress(
  addresses: readonly IpAddress[],
  start: number,
  preference: AddressPreference,
  current: IpAddress | undefined,
  isTaken: (address: IpAddress) => boolean,
): Choice | undefined {
  let best: Choice | undefined;
  let most = -1;
  for (let count = 0; count < addresses.length; count++) {
    const at = (start + count) % addresses.length;
    const address = addresses[at] as IpAddress;
    const score = scoreOf(address, preference, current, isTaken);
    if (score <= most) continue;
    most = score;
    best = { address, next: at + 1 };
  }
  return best;
}

/** -1: not this one. */
function scoreOf(
  address: IpAddress,
  { family, networks, allowsDuplicates }: AddressPreference,
  current: IpAddress | undefined,
  isTaken: (address: IpAddress) => boolean,
): number {
  const taken = isTaken(address);
  if (taken && !allowsDuplicates) return -1;
  const preferred = networks.some(one => one.family === address.family && one.network.contains(address));
  return (
    (address.family === family ? FAMILY : 0) +
    (preferred ? NETWORK : 0) +
    (taken ? 0 : UNUSED) +
    (current !== undefined && sameIp(address, current) ? CURRENT : 0)
  );
}
