/**
 * What a connection to a server is bound to when that differs from connection to connection (manual, `source`): the
 * client's own address with `usesrc`, or the next port of a range. Addresses of others need CAP_NET_ADMIN, and
 * routes that bring the answers back here.
 */
import { parseIp } from '../../base/ip-address.ts';
import type { RequestHead } from '../../http/head.ts';
import { listItems } from '../../http/list-items.ts';
import type { SourceAddress } from '../../model/server.ts';
import type { ConnectTarget, Endpoint } from '../../net/connection.ts';

/** What of an exchange decides where its server connection comes from, and goes to. */
export interface OutgoingFacts {
  readonly client: ClientPlaces | undefined;
  readonly request: RequestHead | undefined;
}

interface ClientPlaces {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** The network namespace it came in by; undefined: this process's. */
  readonly namespace?: string | undefined;
}

type BoundTo = Extract<ConnectTarget, { kind: 'ip' }>['source'];

/** Undefined as an answer: the connection is bound to nothing in particular. */
export type SourceOf = (facts: OutgoingFacts) => BoundTo;

/** Undefined: every connection comes from the same place. `thread` 1..`threads`. */
export function compileSource(
  source: SourceAddress | undefined,
  thread: number,
  threads: number,
): SourceOf | undefined {
  if (source?.usesrc !== undefined) return foreignSource(source.usesrc);
  const { address, portHigh } = source ?? {};
  if (address?.kind !== 'ip' || portHigh === undefined) return undefined;
  return rangeSource(address.host, { low: address.port, high: portHigh }, thread, threads);
}

function foreignSource(usesrc: string): SourceOf {
  const header = /^hdr_ip\(([^,)]+)(?:,(-?\d+))?\)$/.exec(usesrc);
  if (header !== null) return headerSource((header[1] as string).toLowerCase(), Number(header[2] ?? -1));
  if (usesrc === 'client' || usesrc === 'clientip') {
    const keepsPort = usesrc === 'client';
    return ({ client }) => {
      if (client === undefined || client.source.family === 0) return undefined;
      const { host, port } = client.source;
      return { host, port: keepsPort ? port : 0, transparent: true };
    };
  }
  const [, host = '', port = '0'] = /^(?:ipv[46]@)?\[?(.*?)\]?(?::(\d+))?$/.exec(usesrc) ?? [];
  const fixed = { host, port: Number(port), transparent: true };
  return () => fixed;
}

/** `occurrence` counts from 1 at the front, from -1 at the end; with 0 nothing is taken. */
function headerSource(name: string, occurrence: number): SourceOf {
  return ({ request }) => {
    if (request === undefined) return undefined;
    const items = listItems(request.headers, name);
    const item =
      occurrence > 0 ? items[occurrence - 1] : items.at(occurrence === 0 ? items.length : occurrence);
    const ip = item === undefined ? undefined : parseIp(item);
    return ip === undefined ? undefined : { host: ip.toString(), port: 0, transparent: true };
  };
}

/** Each thread takes ports of its own, one after the other, so that two do not want the same. */
function rangeSource(
  host: string,
  { low, high }: { readonly low: number; readonly high: number },
  thread: number,
  threads: number,
): SourceOf {
  const all = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const own = all.filter((_, index) => index % threads === thread - 1);
  const ports = own.length === 0 ? all : own;
  let next = 0;
  return () => {
    const port = ports[next] as number;
    next = (next + 1) % ports.length;
    return { host, port };
  };
}
