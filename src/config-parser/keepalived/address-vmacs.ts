/**
 * Virtual MAC interfaces of addresses that are not where their instance is: on another interface, or of the other family
 * (keepalived.conf(5), `use_vmac_addr`, and `use_vmac` of an address). Called by resolve-instance.ts.
 */
import type { IpAddressEntry } from '../../model/ip-entry.ts';
import type { AddressVmac } from '../../model/vrrp-instance.ts';
import type { AddressLine } from './address-entry.ts';
import type { InstanceDraft } from './instance-draft.ts';
import type { VmacNames } from './vmac-names.ts';

interface Place {
  readonly draft: InstanceDraft;
  readonly family: 4 | 6;
  /** Of names. */
  readonly prefix: string;
  readonly names: VmacNames;
}

export class AddressVmacs {
  readonly #place: Place;
  readonly #made = new Map<string, AddressVmac>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** One for each interface and family. */
  get all(): readonly AddressVmac[] {
    return [...this.#made.values()];
  }

  place({ wantsVmac, ...entry }: AddressLine): IpAddressEntry {
    const { draft } = this.#place;
    const base = entry.dev ?? draft.interface;
    if (base === undefined || !(wantsVmac || draft.useVmacForAddresses) || this.#isAtHome(entry))
      return entry;
    return { ...entry, vmac: this.#vmac(base, entry.family).name };
  }

  #isAtHome({ dev, family }: IpAddressEntry): boolean {
    const { draft, family: own } = this.#place;
    return (dev === undefined || dev === draft.interface) && family === own;
  }

  #vmac(base: string, family: 4 | 6): AddressVmac {
    const key = `${base} ${family}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const { draft, prefix, names } = this.#place;
    const { virtualRouterId = 0, vmacMac } = draft;
    const name = names.take(prefix, family, virtualRouterId);
    const made = { name, base, family, mac: virtualMac(family, virtualRouterId, vmacMac) };
    this.#made.set(key, made);
    return made;
  }
}

/** RFC 5798 7.3, unless something else is said; of what has five bytes the router id is the sixth. */
export function virtualMac(family: 4 | 6, virtualRouterId: number, said: string | undefined): string {
  const mac = said ?? `00:00:5e:00:0${family === 4 ? 1 : 2}`;
  return mac.split(':').length === 6 ? mac : `${mac}:${virtualRouterId.toString(16).padStart(2, '0')}`;
}
