/**
 * From a `bind` line to its handshakes; undefined: it has no `ssl`. `ownTicketKeys`: 48 bytes each, the newest last, for
 * lines without `tls-ticket-keys`; all threads share them. `guard` undefined: `allow-0rtt` has no effect there.
 */
import type { Bind } from '../../model/bind.ts';
import type { Global } from '../../model/global.ts';
import { CertificateForge } from './certificate-forge.ts';
import type { EarlyGuard } from './early/early-guard.ts';
import { listenerKey } from './listener-key.ts';
import { listenerSettings } from './listener-settings.ts';
import type { ThreadCertificates } from './thread-certificates.ts';
import { TicketKeys } from './ticket-keys.ts';
import { TlsListener, type TlsListenerParts } from './tls-listener.ts';

export function createTlsListener(
  bind: Bind,
  global: Global,
  mode: string,
  certificates: ThreadCertificates,
  ownTicketKeys: readonly Uint8Array[],
  counts: TlsListenerParts['counts'],
  guard?: EarlyGuard,
): TlsListener | undefined {
  const settings = listenerSettings(bind, global, mode, certificates.dhPem);
  if (settings === undefined) return undefined;
  const [keyFile = ''] = bind.otherOptions.get('tls-ticket-keys') ?? [];
  const key = listenerKey(bind.position);
  const own = certificates.listener(key) ?? { choose: () => [], trustsDiffer: false };
  const authority = certificates.signingAuthority(key);
  return new TlsListener({
    settings,
    certificates: authority === undefined ? own : new CertificateForge(own, authority, settings.mostForged),
    authorities: name => certificates.authorities(name),
    ticketKeys: certificates.ticketKeys(keyFile) ?? TicketKeys.own(ownTicketKeys),
    counts,
    guard,
  });
}
