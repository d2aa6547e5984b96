/**
 * The life of servers: the only place where one goes down or comes up because of checks, agents, traffic or a
 * server it tracks. Changes the shared table, tells the lines, and lets the data threads know. Runs in the control
 * thread, the only writer of states. What administrators order is in server-administration.ts.
 *
 *             setStopped                     setRunning, no slowstart
 *   RUNNING ─────────────▶ STOPPED ───────────────────────────────▶ RUNNING
 *      ▲  ╲ setStopping       ▲    ╲ setRunning, slowstart             ▲
 *      │   ▶ STOPPING ────────┘     ▶ STARTING ───── time over ────────┘
 */
import {
  ADMIN_DRAIN,
  ADMIN_MAINT,
  PROXY_DOWN,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../state/server-words.ts';
import { LEVEL_ALERT, LEVEL_EMERGENCY, LEVEL_NOTICE, type LifeEffects } from './life-effects.ts';
import type { CheckKind } from '../state/check-reports.ts';
import { ServerEvents } from './server-events.ts';
import { serverLabel, type LifeServer } from './life-server.ts';
import { UsableCounts } from './usable-counts.ts';

export class ServerLife {
  readonly #effects: LifeEffects;
  readonly #counts: UsableCounts;
  readonly events: ServerEvents;
  /** Told of servers that begin a slow start. */
  onWarming: (server: LifeServer) => void = () => {};
  /** Told of servers whose checks do not even connect in time: they may have moved. */
  onUnreachable: (server: LifeServer) => void = () => {};

  constructor(effects: LifeEffects) {
    this.#effects = effects;
    this.#counts = new UsableCounts(effects.servers);
    this.events = new ServerEvents(effects.servers, effects.event);
  }

  get effects(): LifeEffects {
    return this.#effects;
  }

  inMaintenance({ row }: LifeServer): boolean {
    return (this.#effects.servers.admin(row) & ADMIN_MAINT) !== 0;
  }

  state({ row }: LifeServer): number {
    return this.#effects.servers.state(row);
  }

  /** `cause` goes behind the verb: what a check said (`check`), or who ordered it. */
  setStopped(server: LifeServer, cause: string, check?: CheckKind): void {
    if (this.inMaintenance(server) || this.state(server) === SRV_STOPPED) return;
    const level = this.wasLeaving(server) ? LEVEL_NOTICE : LEVEL_ALERT;
    this.events.because(cause, check);
    const requeued = this.goDown(server);
    const text = `${serverLabel(server)} is DOWN${cause}${this.consequences(server, requeued, false)}.`;
    this.tell(server, level, text);
    this.#effects.alert(server, level, text);
    this.settleBackend(server);
    for (const tracker of server.trackers) this.setStopped(tracker, '');
  }

  setRunning(server: LifeServer, cause: string, check?: CheckKind): void {
    const state = this.state(server);
    if (this.inMaintenance(server) || state === SRV_STARTING || state === SRV_RUNNING) return;
    this.events.because(cause, check);
    this.#tellUp(server, cause, this.comeUp(server));
    for (const tracker of server.trackers) this.setRunning(tracker, '');
  }

  #tellUp(server: LifeServer, cause: string, requeued: number): void {
    const text = `${serverLabel(server)} is UP${cause}${this.consequences(server, requeued, false)}.`;
    this.tell(server, LEVEL_NOTICE, text);
    this.#effects.alert(server, LEVEL_NOTICE, text);
    this.settleBackend(server);
  }

  /** `http-check disable-on-404`: serves what persists on it, takes nothing new. */
  setStopping(server: LifeServer, cause: string, check?: CheckKind): void {
    if (this.inMaintenance(server) || this.state(server) === SRV_STOPPING) return;
    this.events.because(cause, check);
    const requeued = this.#requeue(server);
    this.change(server, () => this.#effects.servers.setState(server.row, SRV_STOPPING));
    const more = this.consequences(server, requeued, false);
    this.tell(server, LEVEL_NOTICE, `${serverLabel(server)} is stopping${cause}${more}.`);
    this.settleBackend(server);
    for (const tracker of server.trackers) this.setStopping(tracker, '');
  }

  /** Slow start: the weight grows, at its end the server is told to be UP once more. True: call again in a while. */
  warm(server: LifeServer): boolean {
    const { servers } = this.#effects;
    if (servers.state(server.row) !== SRV_STARTING || this.inMaintenance(server)) return false;
    this.change(server, () => servers.recomputeWeight(server.row));
    if (servers.state(server.row) === SRV_STARTING) {
      this.settleBackend(server);
      this.#effects.offer(server.row);
      return true;
    }
    this.#tellUp(server, '', this.#begun(server));
    return false;
  }

  /** Another weight, 0..256. */
  setWeight(server: LifeServer, weight: number): void {
    this.change(server, () => this.#effects.servers.setWeight(server.row, weight));
    this.settleBackend(server);
    this.#effects.offer(server.row);
  }

  // what server-administration.ts shares

  /** It was about to leave anyway: then its going is no alert. */
  wasLeaving({ row }: LifeServer): boolean {
    const { servers } = this.#effects;
    return servers.state(row) === SRV_STOPPING || (servers.admin(row) & ADMIN_DRAIN) !== 0;
  }

  /** From now on down; gives how many requests have to look for another server. */
  goDown(server: LifeServer): number {
    const { servers, shutdownSessions } = this.#effects;
    const { row } = server;
    this.change(server, () => servers.setState(row, SRV_STOPPED));
    if (server.config.onMarkedDown === 'shutdown-sessions') shutdownSessions(row, 'down');
    return this.#requeue(server);
  }

  /** From now on up, slowly where it says so; gives how many waiting requests it takes. */
  comeUp(server: LifeServer): number {
    const { servers } = this.#effects;
    const { row } = server;
    const slow = servers.slowstartSeconds(row) > 0;
    this.change(server, () => servers.setState(row, slow ? SRV_STARTING : SRV_RUNNING));
    if (slow) this.onWarming(server);
    return this.#begun(server);
  }

  /** It takes what it can; gives how many waiting requests that are. */
  #begun(server: LifeServer): number {
    const { servers, offer } = this.#effects;
    const { row } = server;
    this.shutdownBackups(server);
    const waiting = servers.queued(row);
    offer(row);
    return (this.events.requeued = Math.max(0, waiting - servers.queued(row)));
  }

  /** `on-marked-up shutdown-backup-sessions` */
  shutdownBackups({ row, backend, config }: LifeServer): void {
    const { servers, shutdownSessions } = this.#effects;
    if (config.onMarkedUp !== 'shutdown-backup-sessions' || config.backup) return;
    if (servers.effectiveWeight(row) === 0) return;
    for (const other of servers.serversOf(backend))
      if (servers.isBackup(other)) shutdownSessions(other, 'up');
  }

  /** The backend had a server before the changes that settleBackend() has not looked at yet. */
  #hadServer: boolean | undefined;

  /** Changes the table; settleBackend() then tells what it means for the backend. */
  change(server: LifeServer, change: () => void): void {
    this.#hadServer ??= !this.#isDown(server.backend);
    this.events.before(server);
    this.#counts.change(server.row, change);
  }

  /** After the lines of a change: the backend may have lost its last server. */
  settleBackend(server: LifeServer): void {
    const { backend, proxy } = server;
    this.events.after(server);
    if (this.#hadServer === true && this.#isDown(backend))
      this.#tellBackendDown(backend, proxy.name, proxy.kind);
    this.#hadServer = undefined;
  }

  #isDown(backend: number): boolean {
    return (this.#effects.servers.proxyFlags(backend) & PROXY_DOWN) !== 0;
  }

  #tellBackendDown(backend: number, name: string, kind: string): void {
    const { notice, log } = this.#effects;
    const type = kind === 'listen' ? 'proxy' : kind;
    notice('alert', `${type} '${name}' has no server available!`, { proxy: name });
    log(backend, LEVEL_EMERGENCY, `${type} ${name} has no server available!`);
  }

  #requeue({ row, backend }: LifeServer): number {
    const { servers, flush } = this.#effects;
    const requeued = servers.queued(row);
    const { active, backup } = this.#counts.of(backend);
    flush(row, active + backup === 0 ? backend : undefined);
    return requeued;
  }

  /** ` via be/s. 1 active and 0 backup servers left. ...` `forced`: it was ordered for this very server. */
  consequences(server: LifeServer, moved: number, forced: boolean): string {
    const { servers } = this.#effects;
    const { row, backend } = server;
    this.events.requeued = moved;
    const { active, backup } = this.#counts.of(backend);
    const onBackup = active === 0 && backup > 0 ? ' Running on backup.' : '';
    const counts = `${active} active and ${backup} backup servers`;
    const queued = servers.queued(row);
    const via = forced ? '' : trackedBy(server);
    return servers.state(row) === SRV_STOPPED
      ? `${via}. ${counts} left.${onBackup} ${servers.served(row)} sessions active, ${moved} requeued, ${Math.max(0, queued - moved)} remaining in queue`
      : `${via}. ${counts} online.${onBackup} ${moved} sessions requeued, ${queued} total in queue`;
  }

  /** On standard error and in the logs of the proxy. */
  tell({ backend, proxy, config }: LifeServer, level: number, text: string): void {
    this.#effects.notice('warning', text, { proxy: proxy.name, server: config.name });
    this.#effects.log(backend, level, text);
  }
}

/** ` via be/s` of a server that tracks another one. */
export function trackedBy({ tracked }: LifeServer): string {
  return tracked === undefined ? '' : ` via ${tracked.proxy.name}/${tracked.config.name}`;
}
