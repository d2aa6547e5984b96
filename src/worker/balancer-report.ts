/** What `track_lb` may follow: servers that take connections, and frontends that listen. Called by control.ts. */
import type { Config } from '../model/config.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';

export function reportOf(
  config: Config,
  state: SharedState,
  listening: (proxy: number) => boolean,
): BalancerReport {
  const backends = new Map<string, number>();
  const frontends = new Map<string, boolean>();
  for (const [row, { kind, name, disabled, binds }] of config.proxies.entries()) {
    if (kind !== 'frontend') backends.set(name, disabled ? 0 : usableIn(state, row));
    if (kind !== 'backend') frontends.set(name, !disabled && binds.length > 0 && listening(row));
  }
  return { backends, frontends };
}

function usableIn(state: SharedState, row: number): number {
  const usable = state.usable(row);
  usable.refresh();
  return usable.count;
}
