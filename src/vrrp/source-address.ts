/** The address an instance speaks from, chosen among what its interface has now. Pure. */
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { ipOf } from './ip-bytes.ts';
import type { HeldAddress, Link } from './links.ts';

/**
 * `mcast_src_ip` / `unicast_src_ip` if said, else the interface's first address that is no virtual one: a global one
 * for IPv4 and for IPv6 peers that are not link-local, a link-local one for IPv6 otherwise (RFC 5798 5.1.2.1).
 */
export function sourceAddress(
  config: Pick<VrrpInstance, 'family' | 'sourceIp' | 'unicastPeers'>,
  link: Link | undefined,
  addresses: readonly HeldAddress[],
  isVirtual: (ip: IpAddress) => boolean,
): IpAddress | undefined {
  if (config.sourceIp !== undefined) return ipOf(config.sourceIp);
  const wantsLinkLocal =
    config.family === 6 && config.unicastPeers.every(peer => /^fe[89ab]/i.test(peer.address));
  const found = addresses.find(
    address =>
      address.link === link?.index &&
      address.ip.family === config.family &&
      (config.family === 4 || address.linkLocal === wantsLinkLocal) &&
      !address.tentative &&
      !isVirtual(address.ip),
  );
  return found?.ip;
}

export function isPresent(ip: IpAddress, addresses: readonly HeldAddress[]): boolean {
  return addresses.some(address => sameIp(address.ip, ip) && !address.tentative);
}
