/** What of virtual servers has no effect, or another one than keepalived's manual says: told at load. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import { tellUnchecked } from './checkers/checks.ts';
import { resolveServices } from './resolve-services.ts';

export function notForwarded(config: KeepalivedConfig): Diagnostic[] {
  const { services, diagnostics } = resolveServices(config);
  const servers = services.map(({ config: server }) => server);
  return [
    ...diagnostics,
    ...servers.flatMap(server =>
      withoutEffect(server).map(message => ({
        severity: 'warning' as const,
        position: server.position,
        message,
      })),
    ),
    ...tellUnchecked(servers, config.trackFiles),
  ];
}

const COUNTING = new Set(['lc', 'wlc', 'sed', 'nq', 'ovf', 'twos']);

function withoutEffect({ scheduler }: VirtualServer): string[] {
  return COUNTING.has(scheduler)
    ? [`lvs_sched ${scheduler}: connections are not counted, servers take turns by their weights`]
    : [];
}
