/** An instance as plain data for `show vrrp` and its kin. */
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { deviceOf } from './holdings.ts';
import type { Instance } from './instance.ts';
import type { MachineState } from './machine/machine-state.ts';
import type { Life } from './reporter.ts';
import type { InstanceSnapshot } from '../model/vrrp-snapshot.ts';

interface Shown {
  readonly instance: Instance;
  readonly machine: MachineState;
  readonly life: Life;
  readonly syncGroup: string | undefined;
  readonly faults: readonly string[];
}

export function showInstance({ instance, machine, life, syncGroup, faults }: Shown): InstanceSnapshot {
  const { config, source, counters } = instance;
  const own = source === undefined ? undefined : { address: source, priority: machine.priority };
  const master = machine.state === 'MASTER' ? own : machine.master;
  return {
    name: config.name,
    state: machine.state,
    reason: life.reason,
    configuredState: config.initialState,
    version: config.version,
    family: config.family,
    interface: config.interface ?? '',
    virtualRouterId: config.virtualRouterId,
    priority: config.priority,
    effectivePriority: machine.priority,
    advertIntMs: config.advertIntMs,
    masterAdvertIntMs: machine.masterAdvertIntMs,
    preempt: config.preempt,
    accept: config.accept,
    ...(syncGroup === undefined ? {} : { syncGroup }),
    ...(source === undefined ? {} : { source: source.toString() }),
    ...(master === undefined
      ? {}
      : { master: { address: master.address.toString(), priority: master.priority } }),
    garpMasterDelayMs: config.garp.masterDelayMs,
    places: config.virtualAddresses.map(entry => placeOf(entry, config)),
    excludedPlaces: config.excludedAddresses.map(entry => placeOf(entry, config)),
    addresses: config.virtualAddresses.map(entry => `${entry.address}/${entry.prefixLength}`),
    excludedAddresses: config.excludedAddresses.map(entry => `${entry.address}/${entry.prefixLength}`),
    holdsAddresses: instance.holding,
    faults,
    lastTransition: life.since,
    transitions: life.transitions,
    counters: { ...counters, bad: { ...counters.bad } },
  };
}

/** As keepalived shows it. */
function placeOf(entry: IpAddressEntry, config: VrrpInstance): string {
  const { address, family, prefixLength, scope = 'global', label, preferredLftSec = Infinity } = entry;
  const device = deviceOf(entry, config);
  const base = device === config.useVmac?.name ? config.interface : baseOf(entry, config);
  return [
    prefixLength === (family === 4 ? 32 : 128) ? address : `${address}/${prefixLength}`,
    `dev ${device}${base === undefined ? '' : `@${base}`} scope ${scope}`,
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(family === 6 && prefixLength < 128
      ? [`preferred_lft ${preferredLftSec === Infinity ? 'forever' : preferredLftSec}`]
      : []),
  ].join(' ');
}

/** What is below the virtual MAC interface of an address. */
function baseOf({ vmac }: IpAddressEntry, { addressVmacs }: VrrpInstance): string | undefined {
  return addressVmacs.find(({ name }) => name === vmac)?.base;
}
