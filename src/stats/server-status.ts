/** How the states of servers, backends, frontends and listeners are worded (manual of management, section 9.1). */
import {
  ADMIN_DRAIN,
  ADMIN_IMAINT,
  ADMIN_MAINT,
  ADMIN_RMAINT,
  PROXY_PAUSED,
  PROXY_STOPPED,
  PROXY_UNPUBLISHED,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../state/server-words.ts';
import type { BackendSubject, FrontendSubject, ListenerSubject, ServerSubject } from './subject.ts';
import type { ServerEntry, StatsView } from './view.ts';

export function serverStatus({ view, server }: ServerSubject): string {
  const { servers } = view.state;
  const admin = servers.admin(server.row);
  if ((admin & ADMIN_RMAINT) !== 0) return 'MAINT (resolution)';
  if ((admin & ADMIN_IMAINT) !== 0) {
    const via = view.tracked(server) ?? server;
    return `MAINT (via ${view.config.proxies[via.proxy]?.name}/${via.config.name})`;
  }
  if ((admin & ADMIN_MAINT) !== 0) return 'MAINT';
  return operationalStatus(view, server, view.checked(server));
}

function operationalStatus(view: StatsView, server: ServerEntry, checked: ServerEntry): string {
  const state = view.state.servers.state(server.row);
  if (state === SRV_STOPPED) return stoppedStatus(view, checked);
  if (state === SRV_STOPPING) return withProgress(view, checked, 'NOLB', isFullyUp(view, checked));
  const { servers } = view.state;
  const { checks } = servers;
  const isChecked = checks.enabled(checked.row, 'check');
  const steady = !isChecked || isFullyUp(view, checked);
  if ((servers.admin(server.row) & ADMIN_DRAIN) !== 0) {
    if (checks.enabled(checked.row, 'agent')) return 'DRAIN (agent)';
    return withProgress(view, checked, 'DRAIN', steady);
  }
  return isChecked ? withProgress(view, checked, 'UP', steady) : 'no check';
}

function isFullyUp(view: StatsView, { row }: ServerEntry): boolean {
  const { checks } = view.state.servers;
  if (!checks.enabled(row, 'check')) return true;
  return checks.health(row, 'check') >= checks.rise(row, 'check') + checks.fall(row, 'check') - 1;
}

/** `UP 1/3`: one failure is left of three before it is down. */
function withProgress(view: StatsView, { row }: ServerEntry, word: string, steady: boolean): string {
  if (steady) return word;
  const { checks } = view.state.servers;
  const left = checks.health(row, 'check') - checks.rise(row, 'check') + 1;
  return `${word} ${left}/${checks.fall(row, 'check')}`;
}

function stoppedStatus(view: StatsView, { row }: ServerEntry): string {
  const { checks } = view.state.servers;
  const hasAgent = checks.enabled(row, 'agent');
  if (hasAgent && checks.health(row, 'agent') === 0) return 'DOWN (agent)';
  const hasCheck = checks.enabled(row, 'check');
  const health = checks.health(row, 'check');
  if (!hasCheck || health === 0) return hasAgent && !hasCheck ? `DOWN ${health}/1` : 'DOWN';
  return `DOWN ${health}/${checks.rise(row, 'check')}`;
}

/** Down and not coming up: `show stat up` leaves it out. */
export function isPlainlyDown(view: StatsView, server: ServerEntry): boolean {
  const { servers } = view.state;
  if ((servers.admin(server.row) & ADMIN_MAINT) !== 0) return true;
  if (servers.state(server.row) !== SRV_STOPPED) return false;
  const { row } = view.checked(server);
  const { checks } = servers;
  const agent = checks.enabled(row, 'agent');
  const check = checks.enabled(row, 'check');
  if (!agent && !check) return true;
  return (agent && checks.health(row, 'agent') === 0) || (check && checks.health(row, 'check') === 0);
}

export function isInMaintenance(view: StatsView, server: ServerEntry): boolean {
  return (view.state.servers.admin(server.row) & ADMIN_MAINT) !== 0;
}

export function backendStatus(subject: BackendSubject): string {
  const { view, proxyRow, options } = subject;
  const servers = view.servers(proxyRow);
  const usable = view.state.usable(proxyRow);
  usable.refresh();
  const parts = [usable.totalWeight > 0 || servers.length === 0 ? 'UP' : 'DOWN'];
  if ((view.state.servers.proxyFlags(proxyRow) & PROXY_UNPUBLISHED) !== 0) parts.push('(UNPUB)');
  if (options.counted) {
    const up = servers.filter(({ row }) => view.state.servers.state(row) !== SRV_STOPPED).length;
    parts.push(`(${up}/${servers.length})`);
  }
  return parts.join(' ');
}

export function frontendStatus({ view, proxyRow }: FrontendSubject): string {
  const flags = view.state.servers.proxyFlags(proxyRow);
  if ((flags & PROXY_STOPPED) !== 0 || view.process.stopping()) return 'STOP';
  return (flags & PROXY_PAUSED) === 0 ? 'OPEN' : 'PAUSED';
}

/** `WAITING`: the frontend or the process is at its limit. */
export function listenerStatus({ view, proxyRow, listener }: ListenerSubject): string {
  const { limits } = view.state;
  if (limits.full(limits.listener(listener))) return 'FULL';
  return limits.full(limits.frontend(proxyRow)) || limits.full(limits.process) ? 'WAITING' : 'OPEN';
}
