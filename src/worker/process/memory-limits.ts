/**
 * How many connections a limit of memory allows (management manual, -m). A connection is counted with what it costs
 * HAProxy at worst, so that a limit that was made for it comes to the same numbers here.
 */
import type { Config } from '../../model/config.ts';
import { mostCachedSessions } from '../../net/tls/listener-settings.ts';
import { mostZlibMemory } from '../../state/zlib-memory.ts';

const MEGABYTE = 2 ** 20;
/** What allocators leave over. */
const USABLE = 0.97;
const BYTES_OF_A_STREAM = 2944;
const BYTES_OF_A_TLS_SESSION = 16_384;
const BYTES_OF_A_HANDSHAKE = 77_824;
const BYTES_OF_A_SECURED_SIDE = BYTES_OF_A_TLS_SESSION + BYTES_OF_A_HANDSHAKE;
const BYTES_OF_A_CACHED_SESSION = 200;

export interface ConnectionLimits {
  /** 0: not limited. */
  readonly maxconn: number;
  readonly maxSslConn: number;
}

interface Costs {
  /** Of a connection and its two buffers. */
  readonly stream: number;
  /** Client side and server side: how many of them TLS is used on. */
  readonly tlsSides: number;
  /** What there is for both. */
  readonly memory: number;
  /** Connections that there are open files for. */
  readonly most: number;
}

/**
 * `asked`: 0 where nothing is. `most`: what there are open files for. Gives what is wrong where that does not fit into so
 * many megabytes.
 */
export function withinMemory(
  config: Config,
  megabytes: number,
  asked: ConnectionLimits,
  most: number,
): ConnectionLimits | string {
  const costs = costsOf(config, megabytes, most);
  const { maxconn, maxSslConn } = asked;
  if (maxconn === 0 && maxSslConn === 0 && costs.tlsSides > 0) return allSecured(costs, megabytes);
  if (maxSslConn === 0 && costs.tlsSides > 0) return securedBeside(maxconn, costs, megabytes);
  return maxconn === 0 ? plainBeside(maxSslConn, costs, megabytes) : asked;
}

function costsOf({ global, proxies }: Config, megabytes: number, most: number): Costs {
  const front = proxies.some(({ binds }) => binds.some(({ ssl }) => ssl !== undefined));
  const back = proxies.some(({ servers }) =>
    servers.some(({ ssl, check }) => ssl !== undefined || check?.ssl === true),
  );
  const tlsSides = Number(front) + Number(back);
  const sessions = tlsSides === 0 ? 0 : mostCachedSessions(global.ssl) * BYTES_OF_A_CACHED_SESSION;
  return {
    stream: BYTES_OF_A_STREAM + 2 * global.tune.bufsize,
    tlsSides,
    memory: (megabytes * MEGABYTE - sessions - mostZlibMemory(global)) * USABLE,
    most,
  };
}

/** Any connection may be one of TLS, on each side, and shakes hands on one at a time. */
function allSecured({ stream, tlsSides, memory, most }: Costs, megabytes: number): ConnectionLimits | string {
  const cost = stream + tlsSides * BYTES_OF_A_TLS_SESSION + BYTES_OF_A_HANDSHAKE;
  const maxconn = twoDigits(Math.min(memory / cost, most));
  return maxconn > 0 ? { maxconn, maxSslConn: tlsSides * maxconn } : tooLittle(megabytes);
}

/** TLS gets what `maxconn` leaves over. */
function securedBeside(maxconn: number, costs: Costs, megabytes: number): ConnectionLimits | string {
  const { stream, tlsSides, memory } = costs;
  const secured = twoDigits((memory - maxconn * stream) / BYTES_OF_A_SECURED_SIDE);
  if (secured >= tlsSides) return { maxconn, maxSslConn: Math.min(secured, tlsSides * maxconn) };
  return (
    `Cannot compute the automatic maxsslconn because global.maxconn is already too high for a limit of ${megabytes} MB (-m): ` +
    `${connectionsIn(memory, stream)} is the most without TLS, but ${maxconn} was found and TLS is in use.`
  );
}

/** The others get what `maxsslconn` leaves over. */
function plainBeside(maxSslConn: number, costs: Costs, megabytes: number): ConnectionLimits | string {
  const { stream, tlsSides, memory, most } = costs;
  const secured = tlsSides > 0 ? maxSslConn * BYTES_OF_A_SECURED_SIDE : 0;
  const maxconn = twoDigits(Math.min((memory - secured) / stream, most));
  if (maxconn > 0) return { maxconn, maxSslConn };
  if (secured === 0) return tooLittle(megabytes);
  return (
    `Cannot compute the automatic maxconn because global.maxsslconn is already too high for a limit of ${megabytes} MB (-m): ` +
    `${connectionsIn(memory, BYTES_OF_A_SECURED_SIDE)} is the most, but ${maxSslConn} was found.`
  );
}

function connectionsIn(memory: number, cost: number): number {
  return Math.max(0, Math.floor(memory / cost));
}

function tooLittle(megabytes: number): string {
  return `A limit of ${megabytes} MB (-m) is too low for any connection.`;
}

/** Rounded down to a number that people can remember: 1974 becomes 1900. */
export function twoDigits(value: number): number {
  const whole = Math.max(0, Math.floor(value));
  const unit = 10 ** Math.max(0, String(whole).length - 2);
  return whole - (whole % unit);
}
