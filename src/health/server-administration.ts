/**
 * What administrators and agents order: maintenance, drain, and their end (manual of management, `set server`).
 * Trackers inherit it. Called by the admin socket, the stats page, agent checks and name resolution.
 */
import {
  ADMIN_DRAIN,
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  ADMIN_IDRAIN,
  ADMIN_IMAINT,
  ADMIN_MAINT,
  ADMIN_RMAINT,
  SRV_RUNNING,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../state/server-words.ts';
import { initialHealth } from './advance.ts';
import { LEVEL_ALERT, LEVEL_NOTICE } from './life-effects.ts';
import { AGENT_POLICY, serverLabel, type LifeServer } from './life-server.ts';
import { trackedBy, type ServerLife } from './server-life.ts';

export class ServerAdministration {
  readonly #life: ServerLife;

  constructor(life: ServerLife) {
    this.#life = life;
  }

  /** `set server ... state maint`, agent `maint`. */
  setMaintenance(server: LifeServer, cause = ''): void {
    this.setFlag(server, ADMIN_FMAINT, cause);
    this.clearFlag(server, ADMIN_FDRAIN);
  }

  /** `set server ... state drain` */
  setDrain(server: LifeServer, cause = ''): void {
    this.setFlag(server, ADMIN_FDRAIN, cause);
    this.clearFlag(server, ADMIN_FMAINT);
  }

  /** `set server ... state ready` */
  setReady(server: LifeServer): void {
    this.clearFlag(server, ADMIN_FDRAIN);
    this.clearFlag(server, ADMIN_FMAINT);
  }

  /** No address is known for it, or one is again. */
  setUnresolved(server: LifeServer, unresolved: boolean, cause = ''): void {
    if (unresolved) this.setFlag(server, ADMIN_RMAINT, cause);
    else this.clearFlag(server, ADMIN_RMAINT);
  }

  /** Sets one flag: forced maintenance or drain, or maintenance for want of an address (RMAINT). */
  setFlag(server: LifeServer, flag: number, cause = ''): void {
    const { servers } = this.#life.effects;
    const before = servers.admin(server.row);
    if ((before & flag) !== 0) return;
    this.#update(server, before, before | flag, cause);
    const kind = (flag & ADMIN_MAINT) === 0 ? ADMIN_DRAIN : ADMIN_MAINT;
    if ((before & kind) !== 0) return;
    for (const tracker of server.trackers)
      this.setFlag(tracker, kind === ADMIN_MAINT ? ADMIN_IMAINT : ADMIN_IDRAIN, cause);
  }

  clearFlag(server: LifeServer, flag: number): void {
    const { servers } = this.#life.effects;
    const before = servers.admin(server.row);
    if ((before & flag) === 0) return;
    const after = before & ~flag;
    this.#update(server, before, after, '');
    const kind = (flag & ADMIN_MAINT) === 0 ? ADMIN_DRAIN : ADMIN_MAINT;
    if ((after & kind) !== 0) return;
    for (const tracker of server.trackers)
      this.clearFlag(tracker, kind === ADMIN_MAINT ? ADMIN_IMAINT : ADMIN_IDRAIN);
  }

  #update(server: LifeServer, before: number, after: number, cause: string): void {
    this.#life.events.because(cause);
    const enters = (before & ADMIN_MAINT) === 0 && (after & ADMIN_MAINT) !== 0;
    const leaves = (before & ADMIN_MAINT) !== 0 && (after & ADMIN_MAINT) === 0;
    if (enters) this.#enterMaintenance(server, after, cause);
    else if (leaves) this.#leaveMaintenance(server, before, after);
    else {
      this.#write(server, before, after);
      if ((after & ADMIN_MAINT) !== 0) this.#tellRemaining(server, before, after);
    }
    if ((after & ADMIN_MAINT) === 0) this.#drain(server, before, after, cause);
    this.#life.settleBackend(server);
  }

  #write(server: LifeServer, before: number, after: number): void {
    const { servers } = this.#life.effects;
    this.#life.change(server, () => servers.setAdmin(server.row, after, before & ~after));
  }

  #enterMaintenance(server: LifeServer, after: number, cause: string): void {
    const life = this.#life;
    const { servers } = life.effects;
    const { row } = server;
    const before = servers.admin(row);
    const wasDown = life.state(server) === SRV_STOPPED;
    const level = wasDown || life.wasLeaving(server) ? LEVEL_NOTICE : LEVEL_ALERT;
    servers.publishCheck(row, 'check', { health: 0, paused: servers.checks.enabled(row, 'check') });
    const requeued = wasDown ? 0 : life.goDown(server);
    this.#write(server, before, after);
    life.effects.dropIdle(row, server.backend);
    const why = cause === '' ? '' : ` (${cause})`;
    const forced = (after & ADMIN_FMAINT) !== 0;
    const what = wasDown
      ? `was DOWN and now enters maintenance${why}${forced ? '' : trackedBy(server)}`
      : `is going DOWN for maintenance${why}${life.consequences(server, requeued, forced)}`;
    life.tell(server, level, `${serverLabel(server)} ${what}.`);
  }

  /** Up at once unless something it depends on says no: then its checks decide. */
  #leaveMaintenance(server: LifeServer, before: number, after: number): void {
    const life = this.#life;
    const { servers } = life.effects;
    const { row, config, policy } = server;
    this.#write(server, before, after);
    const health = initialHealth(config.initState, policy);
    servers.publishCheck(row, 'check', { paused: false });
    if (servers.checks.enabled(row, 'check')) servers.publishCheck(row, 'check', { health });
    const tracked = server.tracked === undefined ? SRV_RUNNING : life.state(server.tracked);
    if (this.#maySimplyServe(server, tracked)) {
      if (tracked === SRV_STOPPING) life.change(server, () => servers.setState(row, SRV_STOPPING));
      else life.comeUp(server);
    }
    this.#tellLeaving(server, before, after);
  }

  #maySimplyServe({ row, config, policy }: LifeServer, tracked: number): boolean {
    const { checks } = this.#life.effects.servers;
    if (config.initState !== undefined) return initialHealth(config.initState, policy) >= policy.rise;
    if (tracked === SRV_STOPPED) return false;
    return !checks.enabled(row, 'agent') || checks.health(row, 'agent') >= AGENT_POLICY.rise;
  }

  #tellLeaving(server: LifeServer, before: number, after: number): void {
    const up = this.#life.state(server) === SRV_STOPPED ? 'DOWN' : 'UP';
    const ready = (after & ADMIN_DRAIN) === 0 ? 'READY' : 'DRAIN';
    const was = `is ${up}/${ready}`;
    const name = hostnameOf(server);
    const label = serverLabel(server);
    const left = before & ~after;
    if ((left & ADMIN_FMAINT) !== 0) this.#notice(server, `${label} ${was} (leaving forced maintenance).`);
    if ((left & ADMIN_RMAINT) !== 0) this.#notice(server, `${label} ('${name}') ${was} (resolves again).`);
    if ((left & ADMIN_IMAINT) !== 0) this.#notice(server, `${label} ${was} (leaving maintenance).`);
  }

  /** One reason of several is gone. */
  #tellRemaining(server: LifeServer, before: number, after: number): void {
    const label = serverLabel(server);
    const left = before & ~after;
    const via = trackedBy(server);
    if ((left & ADMIN_FMAINT) !== 0)
      this.#notice(server, `${label} is leaving forced maintenance but remains in maintenance${via}.`);
    if ((left & ADMIN_RMAINT) !== 0)
      this.#notice(
        server,
        `${label} ('${hostnameOf(server)}') resolves again but remains in maintenance${via}.`,
      );
    else if ((left & ADMIN_IMAINT) !== 0) this.#notice(server, `${label} remains in forced maintenance.`);
  }

  /** Enters drain, leaves it, or (another order was given) remains in it. */
  #drain(server: LifeServer, before: number, after: number, cause: string): void {
    const life = this.#life;
    const label = serverLabel(server);
    const left = before & ~after & ADMIN_DRAIN;
    if ((before & ADMIN_DRAIN) === 0 && (after & ADMIN_DRAIN) !== 0) {
      const why = cause === '' ? '' : ` (${cause})`;
      const more = life.consequences(server, this.#requeued(server), (after & ADMIN_FDRAIN) !== 0);
      const text = `${label} enters drain state${why}${more}.`;
      this.#notice(server, text);
      life.effects.alert(server, LEVEL_NOTICE, text);
    } else if (left !== 0 && (after & ADMIN_DRAIN) === 0) {
      const up = life.state(server) === SRV_STOPPED ? 'DOWN' : 'UP';
      const forced = (before & ADMIN_FDRAIN) !== 0;
      const how = forced ? '(leaving forced drain)' : `(leaving drain)${trackedBy(server)}`;
      this.#notice(server, `${label} is ${up} ${how}.`);
      life.effects.offer(server.row);
    } else if ((after & ADMIN_DRAIN) !== 0) {
      const how = (after & ADMIN_FDRAIN) === 0 ? `drain mode${trackedBy(server)}` : 'forced drain mode';
      this.#notice(server, `${label} remains in ${how}.`);
    }
  }

  /** Who waits for a server that takes nothing new looks for another one. */
  #requeued({ row }: LifeServer): number {
    const { servers, flush } = this.#life.effects;
    const requeued = servers.queued(row);
    flush(row, undefined);
    return requeued;
  }

  #notice(server: LifeServer, text: string): void {
    this.#life.tell(server, LEVEL_NOTICE, text);
  }
}

function hostnameOf({ config }: LifeServer): string {
  return config.fqdn ?? (config.address.kind === 'name' ? config.address.host : config.name);
}
