/**
 * What follows from a server's checks: its state in the shared table, the lines that tell it, and what the data
 * threads do about waiting requests. Runs in the control thread, the only writer of states.
 */
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import { ADMIN_MAINT, SRV_RUNNING, SRV_STARTING, SRV_STOPPED, SRV_STOPPING } from '../state/server-table.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import { describeResult, type CheckResult } from './status.ts';

export interface LifeEffects {
  readonly servers: ServerWriter;
  readonly notice: (level: 'warning' | 'alert', text: string) => void;
  /** The server went down; `backend` is given when it was the last one. */
  readonly flush: (server: number, backend: number | undefined) => void;
  /** The server came up: whoever waits may use it. */
  readonly offer: (server: number) => void;
}

export interface CheckedServer {
  readonly row: number;
  readonly backend: number;
  readonly proxy: Proxy;
  readonly config: Server;
}

export function serverLabel({ proxy, config }: CheckedServer): string {
  return `${config.backup ? 'Backup Server' : 'Server'} ${proxy.name}/${config.name}`;
}

export class ServerLife {
  readonly #effects: LifeEffects;

  constructor(effects: LifeEffects) {
    this.#effects = effects;
  }

  inMaintenance({ row }: CheckedServer): boolean {
    return (this.#effects.servers.admin(row) & ADMIN_MAINT) !== 0;
  }

  /** Where `init-state` says that it starts down; nothing is told. */
  startDown({ row }: CheckedServer): void {
    this.#effects.servers.setState(row, SRV_STOPPED);
  }

  goDown(server: CheckedServer, result: CheckResult): void {
    const { servers, flush } = this.#effects;
    const { row, backend } = server;
    if (this.inMaintenance(server) || !servers.setState(row, SRV_STOPPED)) return;
    const requeued = servers.queued(row);
    const sessions = `${servers.served(row)} sessions active, ${requeued} requeued, 0 remaining in queue.`;
    this.#tell(server, 'is DOWN', result, `servers left.`, sessions);
    const last = this.#count(backend).every(count => count === 0);
    flush(row, last ? backend : undefined);
    if (last) this.#effects.notice('alert', `backend '${server.proxy.name}' has no server available!`);
  }

  goUp(server: CheckedServer, result: CheckResult): void {
    const { servers, offer } = this.#effects;
    const { row } = server;
    const state = servers.state(row);
    if (this.inMaintenance(server) || state === SRV_RUNNING || state === SRV_STARTING) return;
    const slow = state === SRV_STOPPED && servers.slowstartSeconds(row) > 0;
    servers.setState(row, slow ? SRV_STARTING : SRV_RUNNING);
    this.#tell(
      server,
      'is UP',
      result,
      'servers online.',
      `0 sessions requeued, ${servers.queued(row)} total in queue.`,
    );
    offer(row);
  }

  /** `http-check disable-on-404`: serves what persists on it, takes nothing new. */
  goStopping(server: CheckedServer, result: CheckResult): void {
    const { servers } = this.#effects;
    const { row } = server;
    const up = servers.state(row) === SRV_RUNNING || servers.state(row) === SRV_STARTING;
    if (this.inMaintenance(server) || !up) return;
    servers.setState(row, SRV_STOPPING);
    this.#tell(
      server,
      'is stopping',
      result,
      'servers online.',
      `0 sessions requeued, ${servers.queued(row)} total in queue.`,
    );
  }

  /** Slow start: the weight grows. True: call again in a while. */
  warm({ row }: CheckedServer): boolean {
    const { servers } = this.#effects;
    if (servers.state(row) !== SRV_STARTING) return false;
    servers.recomputeWeight(row);
    return servers.state(row) === SRV_STARTING;
  }

  /** `log-health-checks` told the reason already. */
  #tell(server: CheckedServer, what: string, result: CheckResult, counted: string, sessions: string): void {
    const [active, backup] = this.#count(server.backend);
    const reason = server.proxy.options.flags.has('log-health-checks') ? '' : describeResult(result);
    const onBackup = active === 0 && backup > 0 ? ' Running on backup.' : '';
    const counts = `${active} active and ${backup} backup ${counted}${onBackup}`;
    this.#effects.notice('warning', `${serverLabel(server)} ${what}${reason}. ${counts} ${sessions}`);
  }

  #count(backend: number): [active: number, backup: number] {
    const { servers } = this.#effects;
    const usable = servers.serversOf(backend).filter(row => servers.usable(row));
    const backups = usable.filter(row => servers.isBackup(row)).length;
    return [usable.length - backups, backups];
  }
}
