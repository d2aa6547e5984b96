/** The instances of a configuration, kept over reloads, with what their machines need to know. Called by vrrp-router.ts. */
import type { IpAddress } from '../base/ip-address.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import { newCounters } from './counters.ts';
import { entriesOf } from './holdings.ts';
import { Instance, type InstancePorts } from './instance.ts';
import { ipOf } from './ip-bytes.ts';
import { sourceAddress } from './source-address.ts';

/** Never sent: an instance without an address is in fault. */
const NO_SOURCE = ipOf('0.0.0.0');

export class InstanceSet {
  /** For the router: as configured, with the source address of now. */
  configs: ReadonlyMap<string, VrrpInstance & { readonly source: IpAddress }> = new Map();
  readonly #ports: InstancePorts;
  readonly #instances = new Map<string, Instance>();

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  get(name: string): Instance | undefined {
    return this.#instances.get(name);
  }

  names(): readonly string[] {
    return [...this.#instances.keys()];
  }

  all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  install(config: VrrpInstance): void {
    const old = this.#instances.get(config.name);
    if (old === undefined) this.#instances.set(config.name, new Instance(config, this.#ports));
    else old.reconfigure(config);
  }

  /** Those that are gone from a configuration, or are others there. */
  without(next: KeepalivedConfig): readonly Instance[] {
    return this.all().filter(({ config }) => {
      const replacement = next.instances.find(one => one.name === config.name);
      return replacement === undefined || identityOf(replacement) !== identityOf(config);
    });
  }

  /** Those that a configuration calls by another name. Old names and new ones. */
  renamed({ instances }: KeepalivedConfig): readonly (readonly [from: string, to: string])[] {
    const free = instances.filter(({ name }) => !this.#instances.has(name));
    return this.names().flatMap(from => {
      if (instances.some(({ name }) => name === from)) return [];
      const identity = identityOf((this.#instances.get(from) as Instance).config);
      const at = free.findIndex(config => identityOf(config) === identity);
      const [next] = at < 0 ? [] : free.splice(at, 1);
      return next === undefined ? [] : [[from, next.name] as const];
    });
  }

  rename(from: string, to: string): void {
    const instance = this.#instances.get(from);
    if (instance === undefined) return;
    this.#instances.delete(from);
    instance.config = { ...instance.config, name: to };
    this.#instances.set(to, instance);
  }

  remove(instance: Instance): void {
    instance.close();
    this.#instances.delete(instance.config.name);
  }

  findSources({ instances }: KeepalivedConfig): void {
    const { network } = this.#ports;
    const virtual = new Set(instances.flatMap(entriesOf).map(entry => ipOf(entry.address).toString()));
    const isVirtual = (ip: IpAddress): boolean => virtual.has(ip.toString());
    for (const instance of this.#instances.values()) {
      const { config } = instance;
      const link = config.interface === undefined ? undefined : network.link(config.interface);
      instance.source = sourceAddress(config, link, network.addresses(), isVirtual);
    }
    this.configs = new Map(
      [...this.#instances].map(([name, { config, source = NO_SOURCE }]) => [name, { ...config, source }]),
    );
  }

  clearCounters(): void {
    for (const { counters } of this.#instances.values()) Object.assign(counters, newCounters());
  }

  close(): void {
    for (const instance of this.#instances.values()) instance.close();
  }
}

/** What makes an instance another one. Peers follow a changed version, password or group within an interval or two. */
function identityOf({ family, interface: base, virtualRouterId, useVmac }: VrrpInstance): string {
  // where its adverts leave is no reason
  return JSON.stringify([family, base, virtualRouterId, useVmac?.name, useVmac?.mac]);
}
