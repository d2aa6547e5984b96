/**
 * `BFD_CHECK` names a `bfd_instance` that is there, and that VRRP has not for itself; each once a real server. What does not
 * is left out, as keepalived leaves it out. Called by parse.ts.
 */
import type { Checker, RealServer, VirtualServer } from '../../model/virtual-server.ts';
import type { BfdDraft } from './bfd-instance.ts';
import type { Report } from './report.ts';

export function withKnownSessions(
  servers: readonly VirtualServer[],
  sessions: readonly BfdDraft[],
  report: Report,
): VirtualServer[] {
  const known = new Set(sessions.filter(({ forChecker }) => forChecker).map(({ name }) => name));
  return servers.map(server => ({
    ...server,
    realServers: server.realServers.map(real => ({ ...real, checkers: usable(real, known, report) })),
  }));
}

function usable({ checkers, address }: RealServer, known: ReadonlySet<string>, report: Report): Checker[] {
  const followed = new Set<string>();
  return checkers.filter(({ bfd, position }) => {
    if (bfd === undefined) return true;
    const isUsable = known.has(bfd) && !followed.has(bfd);
    const trouble = known.has(bfd) ? `RS already monitoring ${bfd}` : `BFD ${bfd} not configured`;
    if (!isUsable) report.warn(position, `(${address.address}) BFD_CHECK - ${trouble} - skipping checker`);
    followed.add(bfd);
    return isUsable;
  });
}
