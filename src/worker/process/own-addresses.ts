/** Which addresses are this host's: those of its interfaces, and all of 127.0.0.0/8 (RFC 1122 section 3.2.1.3). */
import { networkInterfaces } from 'node:os';
import { parseIp, sameIp, type IpAddress } from '../../base/ip-address.ts';

export function isOwnAddress(ip: IpAddress): boolean {
  return isLoopback(ip) || ownAddresses().some(own => sameIp(own, ip));
}

/** IPv4, or mapped to IPv6. */
function isLoopback({ w0, w1, w2, w3 }: IpAddress): boolean {
  return w0 === 0 && w1 === 0 && w2 === 0xffff && w3 >>> 24 === 127;
}

function ownAddresses(): readonly IpAddress[] {
  return Object.values(networkInterfaces())
    .flatMap(entries => entries ?? [])
    .flatMap(({ address }) => parseIp(address) ?? []);
}
