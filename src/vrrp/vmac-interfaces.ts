/** Keeps the virtual MAC interfaces that the configuration asks for: made when their base is there, removed at stop. */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { HeldStateFile } from './held-state.ts';
import type { Log } from './log.ts';
import type { Network } from './network.ts';
import { createVmac, vmacUndoLine, type Vmac } from './vmac.ts';

interface Made {
  readonly vmac: Vmac;
  readonly baseIndex: number;
  readonly undo: () => void;
}

export class VmacInterfaces {
  readonly #held: HeldStateFile;
  readonly #log: Log;
  readonly #made = new Map<string, Made>();

  constructor(held: HeldStateFile, log: Log) {
    this.#held = held;
    this.#log = log;
  }

  arrange(config: KeepalivedConfig, network: Network): void {
    const wanted = new Map(wantedBy(config).map(vmac => [vmac.name, vmac]));
    for (const [name, made] of this.#made) {
      const vmac = wanted.get(name);
      const same = vmac !== undefined && vmac.mac === made.vmac.mac && vmac.base === made.vmac.base;
      // somebody may have deleted it
      const there =
        network.link(name) !== undefined && network.link(made.vmac.base)?.index === made.baseIndex;
      if (!same || !there) this.#unmake(name, made);
    }
    for (const vmac of wanted.values()) {
      const base = network.link(vmac.base);
      if (base === undefined || this.#made.has(vmac.name)) continue;
      const undo = createVmac(vmac, this.#log);
      if (undo === undefined) continue;
      this.#made.set(vmac.name, { vmac, baseIndex: base.index, undo });
      this.#held.set(`link ${vmac.name}`, { addresses: [], undo: [vmacUndoLine(vmac.name)] });
    }
  }

  remove(): void {
    for (const [name, made] of this.#made) this.#unmake(name, made);
  }

  #unmake(name: string, made: Made): void {
    made.undo();
    this.#made.delete(name);
    this.#held.set(`link ${name}`, undefined);
  }
}

function wantedBy(config: KeepalivedConfig): Vmac[] {
  return config.instances.flatMap(({ useVmac, interface: base, family }) =>
    useVmac === undefined || base === undefined
      ? []
      : [{ name: useVmac.name, mac: useVmac.mac, base, family }],
  );
}
