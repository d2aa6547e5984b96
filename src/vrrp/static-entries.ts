/** `static_ipaddress`, `static_routes`, `static_rules`: put in at start, changed by a reload, taken out at stop. */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { IpAddressEntry } from '../model/ip-entry.ts';
import type { IpBatch } from './ip-batch.ts';
import { errorText } from './kernel-calls.ts';
import type { Log } from './log.ts';
import { holds, type Network } from './network.ts';
import { routeAddLine, routeDeleteLine, ruleAddLine, ruleDeleteLine } from './route-lines.ts';

interface StaticPorts {
  readonly network: Network;
  readonly batch: IpBatch;
  readonly log: Log;
}

interface Placed {
  readonly addresses: ReadonlyMap<string, { readonly entry: IpAddressEntry; readonly device: string }>;
  /** Line that adds -> line that deletes. */
  readonly lines: ReadonlyMap<string, string>;
}

const NOTHING: Placed = { addresses: new Map(), lines: new Map() };

export class StaticEntries {
  readonly #ports: StaticPorts;
  #placed: Placed = NOTHING;

  constructor(ports: StaticPorts) {
    this.#ports = ports;
  }

  arrange(config: KeepalivedConfig): void {
    this.#move(wantedBy(config), lines => void this.#ports.batch.run(lines));
  }

  /** Somebody else has removed one, or its interface has come. */
  repair(routesAreLost: boolean): void {
    const { network, log, batch } = this.#ports;
    for (const { entry, device } of this.#placed.addresses.values()) {
      const link = network.link(device);
      if (entry.noTrack || link?.up !== true || holds(network, entry, link)) continue;
      log('warning', `static_ipaddress: ${entry.address} is not on ${device}: adding it again`);
      this.#change('add', entry, device);
    }
    if (routesAreLost) void batch.ensure([...this.#placed.lines.keys()]);
  }

  /** Synchronously: the process ends. */
  remove(): void {
    this.#move(NOTHING, lines => this.#ports.batch.runNow(lines));
  }

  #move(wanted: Placed, run: (lines: readonly string[]) => void): void {
    const before = this.#placed;
    this.#placed = wanted;
    for (const [key, { entry, device }] of before.addresses)
      if (!wanted.addresses.has(key)) this.#change('remove', entry, device);
    for (const [key, { entry, device }] of wanted.addresses)
      if (!before.addresses.has(key)) this.#change('add', entry, device);
    const gone = [...before.lines].filter(([line]) => !wanted.lines.has(line)).map(([, undo]) => undo);
    const fresh = [...wanted.lines.keys()].filter(line => !before.lines.has(line));
    run([...gone, ...fresh]);
  }

  #change(what: 'add' | 'remove', entry: IpAddressEntry, device: string): void {
    const { network, log } = this.#ports;
    const link = network.link(device);
    const result =
      link === undefined
        ? undefined
        : what === 'add'
          ? network.addAddress(entry, link)
          : network.removeAddress(entry, link);
    if (result === 0 || (link === undefined && what === 'remove')) return;
    const why = result === undefined ? 'no such interface' : errorText(result);
    log('error', `static_ipaddress: cannot ${what} ${entry.address} on ${device}: ${why}`);
  }
}

function wantedBy(config: KeepalivedConfig): Placed {
  const { defaultInterface } = config.globalDefs;
  const addresses = config.staticAddresses.map(entry => {
    const device = entry.dev ?? defaultInterface;
    return [`${device} ${entry.address}/${entry.prefixLength}`, { entry, device }] as const;
  });
  const routes = config.staticRoutes.map(
    entry => [routeAddLine(entry, defaultInterface), routeDeleteLine(entry, defaultInterface)] as const,
  );
  const rules = config.staticRules.map(entry => [ruleAddLine(entry), ruleDeleteLine(entry)] as const);
  return { addresses: new Map(addresses), lines: new Map([...routes, ...rules]) };
}
