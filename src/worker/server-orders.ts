/** Carries out what administrators order of servers: states in the shared table, and what follows for requests. */
import type { ServerOrders } from '../admin/runtime.ts';
import type { CheckKind } from '../state/check-reports.ts';
import { ADMIN_FDRAIN, ADMIN_FMAINT, SRV_RUNNING, SRV_STOPPED, SRV_STOPPING } from '../state/server-table.ts';
import type { ServerWriter } from '../state/server-writer.ts';

export interface OrderEffects {
  /** Waiters of a server look for another one; those of its backend too when it has none left. */
  readonly flush: (server: number, backend: number | undefined) => void;
  /** Whoever waits may use that server. */
  readonly offer: (server: number) => void;
}

const STATES = { up: SRV_RUNNING, stopping: SRV_STOPPING, down: SRV_STOPPED } as const;

export class DirectServerOrders implements ServerOrders {
  readonly #servers: ServerWriter;
  readonly #effects: OrderEffects;

  constructor(servers: ServerWriter, effects: OrderEffects) {
    this.#servers = servers;
    this.#effects = effects;
  }

  setReady(row: number): void {
    if (this.#servers.setAdmin(row, 0, ADMIN_FMAINT | ADMIN_FDRAIN)) this.#effects.offer(row);
  }

  setDrain(row: number): void {
    if (this.#servers.setAdmin(row, ADMIN_FDRAIN, ADMIN_FMAINT)) this.#flush(row);
  }

  setMaintenance(row: number): void {
    if (this.#servers.setAdmin(row, ADMIN_FMAINT, ADMIN_FDRAIN)) this.#flush(row);
  }

  setHealth(row: number, _kind: CheckKind, state: 'up' | 'stopping' | 'down'): void {
    if (!this.#servers.setState(row, STATES[state])) return;
    if (state === 'up') this.#effects.offer(row);
    else this.#flush(row);
  }

  enableCheck(row: number, kind: CheckKind, enabled: boolean): boolean {
    if (!this.#servers.checks.enabled(row, kind)) return false;
    this.#servers.checks.publish(row, kind, { paused: !enabled });
    return true;
  }

  #flush(row: number): void {
    const backend = this.#servers.backendOf(row);
    const last = !this.#servers.serversOf(backend).some(server => this.#servers.usable(server));
    this.#effects.flush(row, last ? backend : undefined);
  }
}
