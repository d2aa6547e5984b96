/**
 * `proto` of listeners, `proto` and `check-proto` of servers: what they name has to fit the mode, and the kind of check
 * (manual, sections 5.1 and 5.2).
 */
import type { CheckMethod, Mode } from '../../model/proxy.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';
import type { ServerDraft } from './server-draft.ts';

type Kind = 'http' | 'tcp';

/** What a protocol carries. Those that are not here have no place in either mode, and were warned about. */
const CARRIES: Readonly<Record<string, Kind>> = { h1: 'http', h2: 'http', none: 'tcp' };

export function checkServerProtocol(
  draft: ProxyDraft,
  server: ServerDraft,
  mode: Mode,
  check: CheckMethod,
  report: Report,
): void {
  const { name, position, proto } = server;
  const checked: Kind = check.kind === 'httpchk' ? 'http' : 'tcp';
  const label = proxyLabel(draft);
  if ((mode === 'http' || mode === 'tcp') && isUnfit(proto, mode))
    report.alert(position, `${label} : MUX protocol '${proto}' is not usable for server '${name}'.`);
  if (server.check.enabled && isUnfit(server.check.proto, checked))
    report.alert(
      position,
      `${label}: server '${name}' uses an incompatible MUX protocol for the selected check type`,
    );
}

/** What requests look like is said of those there are. */
export function checkBindProtocols({ own, shared }: ProxyDraft, report: Report): void {
  const kind = shared.mode === 'http' ? 'http' : 'tcp';
  for (const { proto, position, written } of own.binds)
    if (isUnfit(proto, kind))
      report.alert(position, `MUX protocol '${proto}' is not usable for 'bind ${written}'.`);
}

function isUnfit(protocol: string | undefined, kind: Kind): boolean {
  const carries = protocol === undefined ? undefined : CARRIES[protocol];
  return carries !== undefined && carries !== kind;
}
