/**
 * The PROXY protocol before a check (manual, `check-send-proxy`): it names no client, the check is this program's
 * own. Servers with `send-proxy` get it too, unless the check goes elsewhere by `addr` or `port`.
 */
import type { Server, ServerCheck } from '../model/server.ts';

/** PROXY protocol, section 2.2: the signature, version 2 and LOCAL, no family, no addresses. */
const VERSION_2_LOCAL = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1');
const VERSION_1_UNKNOWN = Buffer.from('PROXY UNKNOWN\r\n');
const NOTHING = Buffer.alloc(0);

export function proxyHeader(server: Server, check: ServerCheck): Buffer {
  const elsewhere = check.address !== undefined || check.port !== undefined;
  if (!check.sendProxy && (server.sendProxy === undefined || elsewhere)) return NOTHING;
  return server.sendProxy?.version === 2 ? VERSION_2_LOCAL : VERSION_1_UNKNOWN;
}
