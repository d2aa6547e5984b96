/**
 * Has the connections of servers counted for schedulers and limits that go by them: every second, or more rarely where counting and
 * what follows from it take long. Called by forwarder.ts.
 */
import type { Service } from '../service.ts';
import { countsConnections } from '../least-connections.ts';
import type { Counts } from './count-connections.ts';

const EACH_MS = 1000;
/** At most a twentieth of the time goes into it. */
const REST = 19;

interface LoadWatchPorts {
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly now: () => number;
  readonly count: (services: readonly Service[]) => Promise<Counts | string>;
  /** Resolves when the kernel knows of them. */
  readonly take: (counts: Counts) => Promise<unknown>;
  readonly log: (level: 'warning' | 'notice', message: string) => void;
}

export class LoadWatch {
  readonly #ports: LoadWatchPorts;
  #services: readonly Service[] = [];
  #cancel: (() => void) | undefined;
  #looking = false;
  #failing = false;

  constructor(ports: LoadWatchPorts) {
    this.#ports = ports;
  }

  /** Of these services those that need it; none: nobody counts. */
  watch(services: readonly Service[]): void {
    this.#services = services.filter(
      ({ scheduler, servers }) =>
        countsConnections(scheduler) || servers.some(({ limit }) => limit !== undefined),
    );
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#looking) this.#again(EACH_MS);
  }

  #again(delayMs: number): void {
    if (this.#services.length === 0) return;
    this.#cancel = this.#ports.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { now, count, take } = this.#ports;
    const services = this.#services;
    this.#looking = true;
    const begun = now();
    const counts = await count(services);
    this.#tell(typeof counts === 'string' ? counts : undefined);
    if (typeof counts !== 'string' && services === this.#services) await take(counts);
    this.#looking = false;
    this.#again(Math.max(EACH_MS, REST * (now() - begun)));
  }

  #tell(trouble: string | undefined): void {
    const { log } = this.#ports;
    if (trouble !== undefined && !this.#failing)
      log(
        'warning',
        `connections cannot be counted: ${trouble} - servers take turns by their weights, without limits`,
      );
    if (trouble === undefined && this.#failing) log('notice', 'connections are counted again');
    this.#failing = trouble !== undefined;
  }
}
