/**
 * `garp_extra_if`: adverts keep the MAC of an instance's own interface in the tables of switches; for other interfaces of
 * its addresses announcements do. Called by instance.ts.
 */
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { deviceOf, entriesOf } from './holdings.ts';

/**
 * An address of each interface that is to be told of: virtual MAC interfaces, or with `all` any. The instance's own is
 * among them where others are and its adverts leave elsewhere (`vmac_xmit_base`).
 */
export function onExtraInterfaces(config: VrrpInstance): readonly IpAddressEntry[] {
  const { useVmac, interface: base, garp, addressVmacs } = config;
  const own = useVmac?.name ?? base;
  const isExtra = (device: string): boolean =>
    device !== own && (garp.extraIfAll || addressVmacs.some(({ name }) => name === device));
  const firsts = new Map(
    entriesOf(config)
      .toReversed()
      .map(entry => [deviceOf(entry, config), entry]),
  );
  if (![...firsts.keys()].some(isExtra)) return [];
  const isQuiet = (device: string): boolean => device === own && useVmac?.xmitBase === true;
  return [...firsts].filter(([device]) => isExtra(device) || isQuiet(device)).map(([, entry]) => entry);
}
