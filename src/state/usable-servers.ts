/**
 * The servers of a backend that take requests now: the active ones; when none is left, the first backup server,
 * or all of them with `option allbackups` (manual, `backup`). Kept per thread, computed again when the
 * backend's generation has changed.
 */
import type { ServerTable } from './server-table.ts';

type ServerGroup = 'active' | 'first-backup' | 'all-backups' | 'none';

export class UsableServers {
  readonly backend: number;
  group: ServerGroup = 'none';
  /** In the order of the configuration. */
  list: Int32Array = new Int32Array(0);
  /** Every usable backup server, whether it is its turn or not (the map of static algorithms needs it). */
  backups: Int32Array = new Int32Array(0);
  activeCount = 0;
  /** Sum of the effective weights of `list`. */
  totalWeight = 0;
  /** The generation this was computed for. */
  generation = -1;
  readonly #table: ServerTable;

  constructor(table: ServerTable, backend: number) {
    this.#table = table;
    this.backend = backend;
  }

  get count(): number {
    return this.list.length;
  }

  /** Brings it up to date; returns true when it was not. */
  refresh(): boolean {
    const generation = this.#table.generation(this.backend);
    if (generation === this.generation) return false;
    this.generation = generation;
    this.#compute();
    return true;
  }

  /** May serve requests that wait for any server of the backend. */
  serves(server: number): boolean {
    this.refresh();
    if (!this.#table.usable(server)) return false;
    if (!this.#table.isBackup(server)) return true;
    return this.group === 'all-backups' || (this.group === 'first-backup' && this.list[0] === server);
  }

  #compute(): void {
    const table = this.#table;
    const usable = table.serversOf(this.backend).filter(server => table.usable(server));
    const active = usable.filter(server => !table.isBackup(server));
    const backups = usable.filter(server => table.isBackup(server));
    this.activeCount = active.length;
    this.backups = Int32Array.from(backups);
    if (active.length > 0) this.#choose('active', active);
    else if (backups.length === 0) this.#choose('none', []);
    else if (table.usesAllBackups(this.backend)) this.#choose('all-backups', backups);
    else this.#choose('first-backup', backups.slice(0, 1));
  }

  #choose(group: ServerGroup, servers: number[]): void {
    this.group = group;
    this.list = Int32Array.from(servers);
    this.totalWeight = servers.reduce((sum, server) => sum + this.#table.effectiveWeight(server), 0);
  }
}
