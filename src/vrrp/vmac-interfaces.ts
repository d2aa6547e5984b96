/** Keeps the virtual MAC interfaces that the configuration asks for: made when their base is there, removed at stop. */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { HeldStateFile } from './held-state.ts';
import { errorText } from './kernel-calls.ts';
import type { Log } from './log.ts';
import { holds, type Network } from './network.ts';
import { VmacReports } from './vmac-reports.ts';
import { createVmac, vmacUndoLine, type Vmac } from './vmac.ts';

const LENT = {
  position: { file: '', line: 0, column: 0 },
  family: 6,
  scope: 'link',
  home: false,
  mngtmpaddr: false,
  noprefixroute: false,
  autojoin: false,
  noTrack: true,
  preferredLftSec: 0,
} as const;

interface Made {
  readonly vmac: Vmac;
  readonly baseIndex: number;
  readonly undo: () => void;
}

export class VmacInterfaces {
  readonly #held: HeldStateFile;
  readonly #log: Log;
  readonly #made = new Map<string, Made>();
  readonly #reports: VmacReports;

  constructor(held: HeldStateFile, log: Log) {
    this.#held = held;
    this.#log = log;
    this.#reports = new VmacReports(log);
  }

  arrange(config: KeepalivedConfig, network: Network): void {
    const wanted = new Map(wantedBy(config).map(vmac => [vmac.name, vmac]));
    for (const [name, made] of this.#made) {
      const vmac = wanted.get(name);
      const same = vmac !== undefined && isSame(vmac, made.vmac);
      // somebody may have deleted it
      const there =
        network.link(name) !== undefined && network.link(made.vmac.base)?.index === made.baseIndex;
      if (!same || !there) this.#unmake(name, made);
      else this.#made.set(name, { ...made, vmac });
    }
    const possible = [...wanted.values()].filter(({ base }) => network.link(base) !== undefined);
    this.#reports.arrange(`${config.globalDefs.nftables.table}_vmac`, possible);
    for (const vmac of possible) {
      const base = network.link(vmac.base);
      if (base === undefined || this.#made.has(vmac.name)) continue;
      const undo = createVmac(vmac, this.#log);
      if (undo === undefined) continue;
      this.#made.set(vmac.name, { vmac, baseIndex: base.index, undo });
      this.#held.set(`link ${vmac.name}`, { addresses: [], undo: [vmacUndoLine(vmac.name)] });
    }
  }

  /**
   * Adverts of IPv6 leave a virtual MAC interface with the link-local address of its base, which the kernel allows only
   * where it has that address, too. (Those of addresses have it as well, as in keepalived.) Deprecated, so that nobody else speaks from it.
   */
  lendAddresses(network: Network): void {
    for (const { vmac } of this.#made.values()) {
      const link = network.link(vmac.name);
      const base = network.link(vmac.base);
      if (vmac.family === 4 || vmac.xmitBase || link === undefined || base === undefined) continue;
      const own = network
        .addresses()
        .find(one => one.link === base.index && one.linkLocal && one.ip.family === 6 && !one.tentative);
      if (own === undefined) continue;
      const entry = { ...LENT, address: own.ip.toString(), prefixLength: own.prefixLength };
      if (holds(network, entry, link)) continue;
      const result = network.addAddress(entry, link);
      if (result < 0)
        this.#log('error', `use_vmac ${vmac.name}: cannot add ${entry.address}: ${errorText(result)}`);
    }
  }

  remove(): void {
    for (const [name, made] of this.#made) this.#unmake(name, made);
    this.#reports.remove();
  }

  #unmake(name: string, made: Made): void {
    made.undo();
    this.#made.delete(name);
    this.#held.set(`link ${name}`, undefined);
  }
}

function isSame(one: Vmac, other: Vmac): boolean {
  return one.mac === other.mac && one.base === other.base && one.family === other.family;
}

function wantedBy(config: KeepalivedConfig): Vmac[] {
  return config.instances.flatMap(({ useVmac, interface: base, family, addressVmacs }) => [
    ...(useVmac === undefined || base === undefined ? [] : [{ ...useVmac, base, family }]),
    ...addressVmacs.map(vmac => ({ ...vmac, xmitBase: false })),
  ]);
}
