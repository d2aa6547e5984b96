/** What is wrong with the place an instance lives in: its interface, its source address, its peers. Pure. */
import type { IpAddress } from '../base/ip-address.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { entriesOf } from './holdings.ts';
import type { Network } from './network.ts';
import { isPresent } from './source-address.ts';

interface Place {
  readonly config: VrrpInstance;
  readonly source: IpAddress | undefined;
  /** Where adverts leave and arrive. */
  readonly device: string | undefined;
}

export function placeFaults(
  { config, source, device }: Place,
  network: Pick<Network, 'link' | 'addresses'>,
  isUp: (name: string) => boolean,
): string[] {
  const faults: string[] = [];
  const { interface: base, dontTrackPrimary, useVmac } = config;
  if (config.unicastFaultNoPeer) faults.push('no unicast peer is configured');
  // addresses are on the virtual MAC interface, wherever adverts leave
  for (const name of new Set([base, device, useVmac?.name].filter(one => one !== undefined))) {
    if (network.link(name) === undefined) faults.push(`interface ${name} does not exist`);
    else if (!dontTrackPrimary && !isUp(name)) faults.push(`interface ${name} is down`);
  }
  if (source === undefined) faults.push(`interface ${base ?? ''} has no IPv${config.family} address`);
  else if (config.trackSourceIp && !isPresent(source, network.addresses()))
    faults.push(`source address ${source.toString()} is missing`);
  for (const { dev, vmac, noTrack } of entriesOf(config))
    for (const name of new Set([dev, vmac].filter(one => one !== undefined)))
      if (!noTrack && name !== base && !isUp(name)) faults.push(`interface ${name} is down`);
  return faults;
}
