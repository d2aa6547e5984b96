/** What of virtual servers has no effect, or another one than keepalived's manual says: told at load. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import { tellUnchecked } from './checkers/checks.ts';
import { resolveServices, type ResolvedService } from './resolve-services.ts';

/** What is forwarded. Direct routing has its rules (direct.ts), but nobody looks for the hardware addresses yet. */
export function servicesOf(config: KeepalivedConfig): ResolvedService[] {
  return resolveServices(config).services.filter(({ service }) => service.method === 'NAT');
}

export function notForwarded(config: KeepalivedConfig): Diagnostic[] {
  const { services, diagnostics } = resolveServices(config);
  const direct = services.filter(({ service }) => service.method === 'DR');
  const servers = servicesOf(config).map(({ config: server }) => server);
  const hasMail = config.globalDefs.mail !== undefined;
  return [
    ...diagnostics,
    ...direct.map(({ service, config: { position } }) => ({
      severity: 'warning' as const,
      position,
      message: `virtual server ${service.name}: nothing is forwarded by DR yet, only by NAT - ignoring`,
    })),
    ...servers.flatMap(server =>
      withoutEffect(server, hasMail).map(message => ({
        severity: 'warning' as const,
        position: server.position,
        message,
      })),
    ),
    ...tellUnchecked(servers),
  ];
}

const COUNTING = new Set(['lc', 'wlc', 'sed', 'nq', 'ovf', 'twos']);

function withoutEffect(
  { scheduler, haSuspend, smtpAlert, realServers }: VirtualServer,
  hasMail: boolean,
): string[] {
  const alerts = hasMail && (smtpAlert || realServers.some(real => real.smtpAlert));
  return [
    ...(COUNTING.has(scheduler)
      ? [`lvs_sched ${scheduler}: connections are not counted, servers take turns by their weights`]
      : []),
    ...(haSuspend ? ['ha_suspend has no effect: servers are checked all the time'] : []),
    ...(alerts ? ['smtp_alert has no effect: no mail is sent for virtual servers and real servers'] : []),
  ];
}
