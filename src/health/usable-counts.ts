/** How many servers of a backend can take requests, active and backup: counted once, then kept up by each change. */
import type { ServerTable } from '../state/server-table.ts';

interface UsableCount {
  readonly active: number;
  readonly backup: number;
}

export class UsableCounts {
  readonly #servers: ServerTable;
  readonly #counts = new Map<number, UsableCount & { readonly generation: number }>();

  constructor(servers: ServerTable) {
    this.#servers = servers;
  }

  of(backend: number): UsableCount {
    const known = this.#counts.get(backend);
    if (known !== undefined && known.generation === this.#servers.generation(backend)) return known;
    return this.#note(backend, this.#count(backend));
  }

  /** Makes a change of one server. */
  change(server: number, change: () => void): void {
    const backend = this.#servers.backendOf(server);
    const before = this.of(backend);
    const was = this.#servers.usable(server) ? 1 : 0;
    change();
    const difference = (this.#servers.usable(server) ? 1 : 0) - was;
    this.#note(
      backend,
      this.#servers.isBackup(server)
        ? { active: before.active, backup: before.backup + difference }
        : { active: before.active + difference, backup: before.backup },
    );
  }

  #note(backend: number, count: UsableCount): UsableCount {
    this.#counts.set(backend, { ...count, generation: this.#servers.generation(backend) });
    return count;
  }

  #count(backend: number): UsableCount {
    const usable = this.#servers.serversOf(backend).filter(row => this.#servers.usable(row));
    const backup = usable.filter(row => this.#servers.isBackup(row)).length;
    return { active: usable.length - backup, backup };
  }
}
