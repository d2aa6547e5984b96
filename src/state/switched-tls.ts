/** A server whose traffic goes over TLS from now on, or no more (`set server … ssl`, `srv_use_ssl` of a state file). */
import type { Server, ServerCheck } from '../model/server.ts';

/** Its checks go on as they did. Undefined: it has no settings for TLS. */
export function switchedTls(server: Server, isOn: boolean): Server | undefined {
  const { tls, check, ssl: _ssl, refusesSsl: _refusesSsl, ...others } = server;
  if (tls === undefined) return undefined;
  const checked = check && { ...check, ssl: check.ssl ?? (server.ssl !== undefined && !isElsewhere(check)) };
  return { ...others, tls, ...(checked !== undefined && { check: checked }), ...(isOn && { ssl: tls }) };
}

function isElsewhere({ address, port }: ServerCheck): boolean {
  return address !== undefined || port !== undefined;
}
