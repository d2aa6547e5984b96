/**
 * A `bind` to a virtual address works whether this host has the address now or not, without
 * `net.ipv4.ip_nonlocal_bind`: the program knows from keepalived.conf that it will. Called by configured-files.ts.
 */
import { parseIp, sameIp, type IpAddress } from '../../base/ip-address.ts';
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';

export function withVirtualBinds(config: Config, { instances }: KeepalivedConfig): Config {
  const virtual = instances
    .flatMap(one => [...one.virtualAddresses, ...one.excludedAddresses])
    .map(({ address }) => parseIp(address))
    .filter(ip => ip !== undefined);
  const proxies = config.proxies.map(proxy =>
    proxy.binds.some(bind => isOn(bind, virtual))
      ? {
          ...proxy,
          binds: proxy.binds.map(bind => (isOn(bind, virtual) ? { ...bind, transparent: true } : bind)),
        }
      : proxy,
  );
  return { ...config, proxies };
}

function isOn({ address }: Bind, virtual: readonly IpAddress[]): boolean {
  const ip = address.kind === 'ip' ? parseIp(address.host) : undefined;
  return ip !== undefined && virtual.some(one => sameIp(one, ip));
}
