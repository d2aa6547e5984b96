/**
 * What a master has in the kernel: addresses at once through rtnetlink, routes and rules through `ip`. Remembered on
 * disk, repaired when somebody removes it, taken away again. Called by instance.ts.
 */
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { HeldStateFile } from './held-state.ts';
import type { IpBatch } from './ip-batch.ts';
import { errorText } from './kernel-calls.ts';
import type { Log } from './log.ts';
import { holds, type Network } from './network.ts';
import { routeAddLine, routeDeleteLine, ruleAddLine, ruleDeleteLine } from './route-lines.ts';

export interface HoldingsPorts {
  readonly network: Network;
  readonly batch: IpBatch;
  readonly held: HeldStateFile;
  readonly log: Log;
}

/** Every address a master has, advertised or not. */
export function entriesOf(config: VrrpInstance): readonly IpAddressEntry[] {
  return [...config.virtualAddresses, ...config.excludedAddresses];
}

/** The virtual MAC interface of the entry, or its `dev`, else the virtual MAC interface of the instance, or where that is. */
export function deviceOf(entry: IpAddressEntry, config: VrrpInstance): string {
  if (entry.vmac !== undefined) return entry.vmac;
  const { useVmac, interface: base = '', family } = config;
  if (entry.dev !== undefined && entry.dev !== base) return entry.dev;
  return useVmac !== undefined && entry.family === family ? useVmac.name : base;
}

export class Holdings {
  /** We have put them into the kernel and not yet taken them away. */
  present = false;
  /** What the kernel did not take, and why: it is tried again in silence. */
  readonly #refused = new Map<string, string>();
  /** The index of the interface that took an address: another name may be given to it. */
  readonly #takenBy = new Map<string, number>();
  readonly #ports: HoldingsPorts;

  constructor(ports: HoldingsPorts) {
    this.#ports = ports;
  }

  /** What is there already is left alone. */
  take(config: VrrpInstance): void {
    const { batch } = this.#ports;
    const isAgain = this.present;
    this.present = true;
    this.#refused.clear();
    for (const entry of entriesOf(config)) this.#add(entry, config);
    void (isAgain ? batch.ensure(addLines(config)) : batch.run(addLines(config)));
    this.#ports.held.set(config.name, {
      addresses: entriesOf(config).map(entry => ({
        device: deviceOf(entry, config),
        address: entry.address,
        prefixLength: entry.prefixLength,
      })),
      undo: deleteLines(config),
    });
  }

  /** `now`: the process ends, nothing may be left for later. */
  release(config: VrrpInstance, now: boolean): void {
    const { batch, held } = this.#ports;
    for (const entry of entriesOf(config).toReversed()) this.#remove(entry, config);
    if (now) batch.runNow(deleteLines(config));
    // routes from an address went with it
    else if (this.present) void batch.ensure(deleteLines(config));
    this.present = false;
    held.set(config.name, undefined);
  }

  /** A reload while master; returns the addresses that are new. */
  change(before: VrrpInstance, after: VrrpInstance): readonly IpAddressEntry[] {
    const kept = new Set(entriesOf(after).map(entry => shapeOf(entry, after)));
    for (const entry of entriesOf(before)) if (!kept.has(shapeOf(entry, before))) this.#remove(entry, before);
    const wanted = new Set(deleteLines(after));
    void this.#ports.batch.ensure(deleteLines(before).filter(line => !wanted.has(line)));
    this.take(after);
    const old = new Set(entriesOf(before).map(entry => shapeOf(entry, before)));
    return entriesOf(after).filter(entry => !old.has(shapeOf(entry, after)));
  }

  /** Puts back what somebody else has removed, and routes that went with an address or an interface; returns the addresses. */
  repair(config: VrrpInstance, routesAreLost: boolean): readonly IpAddressEntry[] {
    if (!this.present) return [];
    const added = this.#repairAddresses(config);
    if (routesAreLost || added.length > 0) void this.#ports.batch.ensure(addLines(config));
    return added;
  }

  #repairAddresses(config: VrrpInstance): readonly IpAddressEntry[] {
    const { network, log } = this.#ports;
    const missing = entriesOf(config).filter(entry => {
      const link = network.link(deviceOf(entry, config));
      return !entry.noTrack && link !== undefined && link.up && !holds(network, entry, link);
    });
    return missing.filter(entry => {
      if (!this.#refused.has(keyOf(entry, config)))
        log(
          'warning',
          `(${config.name}) ${entry.address} was removed from ${deviceOf(entry, config)}: adding it again`,
        );
      return this.#add(entry, config);
    });
  }

  /** True: the kernel has it. */
  #add(entry: IpAddressEntry, config: VrrpInstance): boolean {
    const { network, log } = this.#ports;
    const device = deviceOf(entry, config);
    const key = keyOf(entry, config);
    const link = network.link(device);
    const result = link === undefined ? undefined : network.addAddress(entry, link);
    if (link !== undefined && result === 0) {
      this.#refused.delete(key);
      this.#takenBy.set(key, link.index);
      return true;
    }
    const why = result === undefined ? 'no such interface' : errorText(result);
    if (this.#refused.get(key) !== why)
      log('error', `(${config.name}) cannot add ${entry.address}/${entry.prefixLength} to ${device}: ${why}`);
    this.#refused.set(key, why);
    return false;
  }

  #remove(entry: IpAddressEntry, config: VrrpInstance): void {
    const { network, log } = this.#ports;
    const key = keyOf(entry, config);
    const places = [network.link(deviceOf(entry, config)), network.linkOfIndex(this.#takenBy.get(key) ?? 0)];
    this.#takenBy.delete(key);
    for (const link of new Set(places.filter(one => one !== undefined))) {
      const result = network.removeAddress(entry, link);
      if (result < 0) log('error', `(${config.name}) cannot remove ${entry.address}: ${errorText(result)}`);
    }
  }
}

function routeDevice(config: VrrpInstance): string | undefined {
  return config.useVmac?.name ?? config.interface;
}

function addLines(config: VrrpInstance): string[] {
  const routes = config.virtualRoutes.map(route => routeAddLine(route, routeDevice(config)));
  return [...routes, ...config.virtualRules.map(ruleAddLine)];
}

function deleteLines(config: VrrpInstance): string[] {
  const routes = config.virtualRoutes.map(route => routeDeleteLine(route, routeDevice(config)));
  return [...config.virtualRules.map(ruleDeleteLine), ...routes];
}

/** With all that the kernel does not change of an address that it has. */
function shapeOf(entry: IpAddressEntry, config: VrrpInstance): string {
  const { scope = 'global', label, broadcast, peer, home, mngtmpaddr, autojoin } = entry;
  return JSON.stringify([keyOf(entry, config), scope, label, broadcast, peer, home, mngtmpaddr, autojoin]);
}

function keyOf(entry: IpAddressEntry, config: VrrpInstance): string {
  return `${deviceOf(entry, config)} ${entry.address}/${entry.prefixLength}`;
}
