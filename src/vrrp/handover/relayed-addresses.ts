/** The addresses whose connections survive a hand-over: IPv4, on the instance's own interface, taking packets. */
import type { IpAddressEntry } from '../../model/ip-entry.ts';
import type { VrrpInstance } from '../../model/vrrp-instance.ts';
import { deviceOf, entriesOf } from '../holdings.ts';

export function relayedAddresses(config: VrrpInstance): readonly IpAddressEntry[] {
  if (config.useVmac !== undefined || !config.accept || config.interface === undefined) return [];
  return entriesOf(config).filter(
    entry => entry.family === 4 && deviceOf(entry, config) === config.interface,
  );
}
