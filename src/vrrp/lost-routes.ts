/**
 * Tells when somebody deletes routes or rules that look like ours: a master has them, and they are to come back. Watched
 * only while there are any that are tracked (keepalived.conf(5), `no_track`). Called by vrrp-router.ts.
 */
import type { IpRouteEntry } from '../model/ip-entry.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { Clock } from './clock.ts';
import type { LinkMonitor } from './link-monitor.ts';
import { protocolsOf } from './route-lines.ts';

interface LostRoutesPorts {
  readonly clock: Clock;
  /** What ip-monitor(8) says of routes and rules; `missed`: it may have said more. */
  readonly watch: (onLine: (line: string) => void, missed: () => void) => LinkMonitor;
  readonly onLost: () => void;
}

/** Who deletes one deletes many. */
const SETTLE_MS = 50;

export class LostRoutes {
  readonly #ports: LostRoutesPorts;
  #protocols: ReadonlySet<string> = new Set();
  #monitor: LinkMonitor | undefined;
  #cancel: (() => void) | undefined;

  constructor(ports: LostRoutesPorts) {
    this.#ports = ports;
  }

  arrange(config: KeepalivedConfig): void {
    this.#protocols = new Set(trackedIn(config).flatMap(protocolsOf));
    if (this.#protocols.size === 0) this.stop();
    else
      this.#monitor ??= this.#ports.watch(
        line => this.#hear(line),
        () => this.#ports.onLost(),
      );
  }

  stop(): void {
    this.#monitor?.stop();
    this.#monitor = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #hear(line: string): void {
    if (!line.startsWith('Deleted ') || this.#cancel !== undefined) return;
    const [, protocol] = / proto (\S+)/.exec(line) ?? [];
    if (protocol === undefined || !this.#protocols.has(protocol)) return;
    this.#cancel = this.#ports.clock.after(SETTLE_MS, () => {
      this.#cancel = undefined;
      this.#ports.onLost();
    });
  }
}

function trackedIn({ instances, staticRoutes, staticRules }: KeepalivedConfig): IpRouteEntry[] {
  const ofInstances = instances.flatMap(({ virtualRoutes, virtualRules }) => [
    ...virtualRoutes,
    ...virtualRules,
  ]);
  return [...ofInstances, ...staticRoutes, ...staticRules].filter(({ noTrack }) => !noTrack);
}
