/** From a `bind` line to its handshakes; undefined: it has no `ssl`. */
import type { Bind } from '../../model/bind.ts';
import type { Global } from '../../model/global.ts';
import { listenerKey } from './listener-key.ts';
import { listenerSettings } from './listener-settings.ts';
import type { ThreadCertificates } from './thread-certificates.ts';
import { TlsListener, type TlsListenerParts } from './tls-listener.ts';

export function createTlsListener(
  bind: Bind,
  global: Global,
  mode: string,
  certificates: ThreadCertificates,
  ticketKeys: Uint8Array,
  counts: TlsListenerParts['counts'],
): TlsListener | undefined {
  const settings = listenerSettings(bind, global, mode);
  if (settings === undefined) return undefined;
  const own = certificates.listener(listenerKey(bind.position));
  return new TlsListener({
    settings,
    certificates: own ?? { choose: () => [], trustsDiffer: false },
    authorities: name => certificates.authorities(name),
    ticketKeys: Buffer.from(ticketKeys),
    counts,
  });
}
