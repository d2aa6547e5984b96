/**
 * Whether this host has the address of a virtual server (`ha_suspend`): a peer that waits for it need not check the servers
 * behind it. Called by forwarder.ts.
 */
import { ipToBytes, parseIp } from '../base/ip-address.ts';
import type { Target } from './service.ts';

/** `own`: this host's addresses, as text. */
export function isHere(targets: readonly Target[], own: readonly string[]): boolean {
  const bytes = own.map(bytesOf);
  return targets.some(target => {
    if (target.kind === 'mark') return true;
    const [first, last] = [bytesOf(target.first), bytesOf(target.last)];
    return bytes.some(one => one.length === first.length && one >= first && one <= last);
  });
}

/** In an order that is that of addresses. */
function bytesOf(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? '' : ipToBytes(ip);
}
