/** Interfaces whose state matters to somebody. Called by vrrp-router.ts. */
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import { entriesOf } from '../holdings.ts';

export function watchedLinks({ instances, syncGroups }: KeepalivedConfig): ReadonlySet<string> {
  const names = instances.flatMap(instance => [
    instance.interface,
    instance.useVmac?.name,
    ...entriesOf(instance).flatMap(({ dev, vmac }) => [dev, vmac]),
  ]);
  const tracked = [...instances, ...syncGroups].flatMap(({ tracking }) => tracking.interfaces);
  return new Set([...names, ...tracked.map(({ name }) => name)].filter(name => name !== undefined));
}
