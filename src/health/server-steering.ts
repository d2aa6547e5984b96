/** What administrators may order of a server, by its row: the admin socket and the stats page call it. */
import type { CheckKind } from '../state/check-reports.ts';
import { fullHealth } from './advance.ts';
import { policyOf } from './check-judge.ts';
import type { LifeServer, LifeServers } from './life-server.ts';
import type { ServerAdministration } from './server-administration.ts';
import type { ServerLife } from './server-life.ts';
import { orderMaxconn, orderWeight } from './server-orders.ts';

const BY_COMMAND = ', changed from CLI';

export class ServerSteering {
  readonly #servers: LifeServers;
  readonly #life: ServerLife;
  readonly #administration: ServerAdministration;

  constructor(servers: LifeServers, life: ServerLife, administration: ServerAdministration) {
    this.#servers = servers;
    this.#life = life;
    this.#administration = administration;
  }

  setReady(row: number): void {
    this.#with(row, server => this.#administration.setReady(server));
  }

  /** `cause`: who ordered it, where the lines tell that. */
  setDrain(row: number, cause?: string): void {
    this.#with(row, server => this.#administration.setDrain(server, cause));
  }

  setMaintenance(row: number, cause?: string): void {
    this.#with(row, server => this.#administration.setMaintenance(server, cause));
  }

  /** Maintenance for want of an address, and its end. `cause`: what name resolution said. */
  setUnresolved(row: number, unresolved: boolean, cause?: string): void {
    this.#with(row, server => this.#administration.setUnresolved(server, unresolved, cause));
  }

  /** As if its health check, or its agent, had said so. */
  setHealth(row: number, kind: CheckKind, state: 'up' | 'stopping' | 'down'): void {
    this.#with(row, server => {
      const health = state === 'down' ? 0 : fullHealth(policyOf(server, kind));
      this.#life.effects.servers.publishCheck(row, kind, { health });
      if (state === 'up') this.#life.setRunning(server, BY_COMMAND);
      else if (state === 'down') this.#life.setStopped(server, BY_COMMAND);
      else this.#life.setStopping(server, BY_COMMAND);
    });
  }

  /** Starts or stops checking; false: no such check is configured. */
  enableCheck(row: number, kind: CheckKind, enabled: boolean): boolean {
    const config = this.#servers.get(row)?.config;
    const configured = kind === 'agent' ? config?.agent !== undefined : config?.check?.enabled === true;
    if (configured) this.#life.effects.servers.publishCheck(row, kind, { enabled });
    return configured;
  }

  /** `75` or `75%`; answers what is wrong. */
  setWeight(row: number, text: string): string | undefined {
    return this.#with(row, server => orderWeight(this.#life, server, text));
  }

  setMaxconn(row: number, text: string): string | undefined {
    return this.#with(row, server => orderMaxconn(this.#life, server, text));
  }

  #with<T>(row: number, order: (server: LifeServer) => T): T | undefined {
    const server = this.#servers.get(row);
    return server === undefined ? undefined : order(server);
  }
}
