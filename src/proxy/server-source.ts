/**
 * Where a server saw us come from is asked of the system, which forgets it with the connection, and that may close before
 * the log line is written: where the line wants it, it is asked when the connection is made.
 */
import type { Proxy } from '../model/proxy.ts';
import type { Connection, Endpoint } from '../net/connection.ts';

const WANTS = /%(?:\([^)]*\))?(?:\{[^}]*\})?b[ip]|bc_src/;

/** Whether log lines tell it (`%bi`, `%bp`, `bc_src`); if not, asking for each connection is not worth the time. */
export function logsServerSource({ logFormat, errorLogFormat, logFormatSd }: Proxy): boolean {
  return [logFormat, errorLogFormat, logFormatSd].some(
    format => format !== undefined && WANTS.test(format.text),
  );
}

/** Connections remember what they were asked for. */
export function learnSource(connection: Connection): Endpoint {
  return connection.local;
}
