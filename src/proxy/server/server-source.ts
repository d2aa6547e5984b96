/**
 * Where a server saw us come from is asked of the system, and its certificate of OpenSSL, which forget it with the
 * connection, and that may close before the log line is written: where the line wants it, it is asked when the connection is
 * made.
 */
import type { Proxy } from '../../model/proxy.ts';
import type { Connection, Endpoint } from '../../net/connection.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

const WANTS_SOURCE = /%(?:\([^)]*\))?(?:\{[^}]*\})?b[ip]|bc_src/;
const WANTS_CERTIFICATE = /ssl_s_|ssl_bc_(?:session|curve)/;

/** Whether log lines tell it (`%bi`, `%bp`, `bc_src`); if not, asking for each connection is not worth the time. */
export function logsServerSource(proxy: Proxy): boolean {
  return logs(proxy, WANTS_SOURCE);
}

/** The same of its certificate and its session (`ssl_s_...`, `ssl_bc_session_id`, ...). */
export function logsServerCertificate(proxy: Proxy): boolean {
  return logs(proxy, WANTS_CERTIFICATE);
}

function logs({ logFormat, errorLogFormat, logFormatSd }: Proxy, wanted: RegExp): boolean {
  return [logFormat, errorLogFormat, logFormatSd].some(
    format => format !== undefined && wanted.test(format.text),
  );
}

/** Connections remember what they were asked for. */
export function learnSource(connection: Connection): Endpoint {
  return connection.local;
}

export function learnCertificate(tls: TlsFacts | undefined): unknown {
  return [tls?.peerCertificate, tls?.sessionId];
}
