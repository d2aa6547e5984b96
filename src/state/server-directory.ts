/**
 * Names of backends and servers to rows of the server table, and each server's settings as they are now: those of the
 * configuration, with the changes made at run time (addresses, names, servers added and removed). It lives in the
 * control thread, next to the one ServerWriter; data threads are told of each change by messages.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { StatePlan } from './plan.ts';

export interface DirectoryServer {
  /** Row in the server table. */
  readonly row: number;
  /** Number of the backend in the configuration. */
  readonly backend: number;
  readonly proxy: Proxy;
  /** As it is now. */
  readonly config: Server;
  /** Added at run time. */
  readonly isDynamic: boolean;
}

/** A server changed, was added, or (`server` undefined) removed. */
type DirectoryChange = (row: number, backend: number, server: DirectoryServer | undefined) => void;

export class ServerDirectory {
  /** By row; one that was removed holds its place. */
  readonly proxies: readonly Proxy[];
  readonly #byRow = new Map<number, DirectoryServer>();
  readonly #ofBackend: DirectoryServer[][];
  readonly #watchers: DirectoryChange[] = [];
  /** How often a server was added after others were removed. */
  #revision = 0;
  #hasRemoved = false;

  constructor({ proxies }: Config, plan: StatePlan) {
    this.proxies = proxies;
    this.#ofBackend = proxies.map((proxy, backend) =>
      proxy.servers.map((config, index) => ({
        row: (plan.firstServer[backend] as number) + index,
        backend,
        proxy,
        config,
        isDynamic: false,
      })),
    );
    for (const servers of this.#ofBackend) for (const server of servers) this.#byRow.set(server.row, server);
  }

  watch(changed: DirectoryChange): void {
    this.#watchers.push(changed);
  }

  /** By name or `#<id>`; -1: there is none. */
  backend(name: string): number {
    return this.#find(name, ({ kind }) => kind !== 'frontend');
  }

  frontend(name: string): number {
    return this.#find(name, ({ kind }) => kind !== 'backend');
  }

  #find(name: string, isWanted: (proxy: Proxy) => boolean): number {
    const id = name.startsWith('#') ? Number(name.slice(1)) : undefined;
    return this.proxies.findIndex(
      proxy =>
        isWanted(proxy) &&
        proxy.removed !== true &&
        (id === undefined ? proxy.name === name : proxy.id === id),
    );
  }

  /** In the order of the configuration, then of their addition. */
  serversOf(backend: number): readonly DirectoryServer[] {
    return this.#ofBackend[backend] ?? [];
  }

  at(row: number): DirectoryServer | undefined {
    return this.#byRow.get(row);
  }

  /** By name or `#<id>`. */
  server(backend: number, name: string): DirectoryServer | undefined {
    const id = name.startsWith('#') ? Number(name.slice(1)) : undefined;
    return this.serversOf(backend).find(({ config }) =>
      id === undefined ? config.name === name : config.id === id,
    );
  }

  /** Its proxy stands in `proxies` already: a backend that was added has no servers yet. */
  addBackend(backend: number): void {
    this.#ofBackend[backend] = [];
  }

  /** New settings of a server; every watcher is told. */
  replace(row: number, config: Server): void {
    const known = this.#byRow.get(row);
    if (known === undefined) return;
    const server = { ...known, config };
    const list = this.#ofBackend[known.backend] as DirectoryServer[];
    list[list.indexOf(known)] = server;
    this.#byRow.set(row, server);
    this.#tell(server.row, server.backend, server);
  }

  add(row: number, backend: number, settings: Server): DirectoryServer {
    if (this.#hasRemoved) this.#revision++;
    this.#hasRemoved = false;
    const config = { ...settings, revision: this.#revision };
    const server = { row, backend, proxy: this.proxies[backend] as Proxy, config, isDynamic: true };
    this.#ofBackend[backend]?.push(server);
    this.#byRow.set(row, server);
    this.#tell(row, backend, server);
    return server;
  }

  remove(row: number): void {
    const known = this.#byRow.get(row);
    if (known === undefined) return;
    const list = this.#ofBackend[known.backend] as DirectoryServer[];
    list.splice(list.indexOf(known), 1);
    this.#byRow.delete(row);
    this.#hasRemoved = true;
    this.#tell(row, known.backend, undefined);
  }

  #tell(row: number, backend: number, server: DirectoryServer | undefined): void {
    for (const changed of this.#watchers) changed(row, backend, server);
  }
}
