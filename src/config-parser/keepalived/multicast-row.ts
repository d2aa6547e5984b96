/** `vrrp_mcast_group4` and `vrrp_mcast_group6`: where adverts go that have no unicast peers (keepalived.conf(5)). */
import type { KeepalivedKeyword } from './keyword.ts';
import { readAddress } from './values.ts';

export function multicastGroup<Key extends string>(
  name: string,
  key: Key,
  family: 4 | 6,
): KeepalivedKeyword<Record<Key, string>> {
  return {
    name,
    args: '<ip>',
    least: 1,
    summary: `IPv${family} advert group`,
    parse: (draft, statement, scope) => {
      const { report } = scope;
      const found = readAddress(statement, scope);
      if (found === undefined) return;
      if (found.family !== family)
        report.warn(statement.position, `${name} must be an IPv${family} address - ignoring`);
      else if (!isMulticast(found.address))
        report.warn(statement.position, `${name} ${found.address} is not multicast - ignoring`);
      else (draft as Record<string, string>)[key] = found.address;
    },
  };
}

/** 224.0.0.0/4 and ff00::/8 */
function isMulticast(address: string): boolean {
  const first = Number.parseInt(address, 10);
  return address.includes(':') ? /^ff/i.test(address) : first >= 224 && first <= 239;
}
