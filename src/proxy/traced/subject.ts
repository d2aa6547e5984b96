/** Whom lines of traces are about, and how they say it. */
import type { TraceSubject } from '../../traces/source.ts';
import type { Traces } from '../../traces/traces.ts';
import type { Connection, Endpoint } from '../../net/connection.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';

/** Numbers of the verbosities of sources (traces/sources.ts). */
export const MINIMAL = 2;
export const SIMPLE = 3;
export const ADVANCED = 4;
export const COMPLETE = 5;

/** Numbers fit a word of the board. */
const NUMBER_MASK = 0x7fff_ffff;

/** A proxy, or a server. */
interface Placed {
  readonly row: number;
  readonly config: { readonly name: string };
}

interface TracedListener {
  readonly row: number;
  readonly frontend: Placed;
}

export interface TracedExchange {
  readonly client: ClientConnectionFacts;
  readonly listenerRuntime: TracedListener;
  readonly backendRuntime: Placed | undefined;
  readonly serverRuntime: Placed | undefined;
  readonly serverConnection: Connection | undefined;
  readonly id32: number;
}

/** `isOfServer`: it is about the connection to the server. */
export function subjectOf(traces: Traces, exchange: TracedExchange, isOfServer: boolean): TraceSubject {
  const { client, listenerRuntime, backendRuntime, serverRuntime, serverConnection } = exchange;
  const { connection } = client.ofConnection;
  return {
    ...subjectOfClient(traces, client, listenerRuntime),
    connection: traces.numberOf(isOfServer ? (serverConnection ?? connection) : connection),
    stream: exchange.id32 & NUMBER_MASK,
    backend: backendRuntime?.row,
    server: serverRuntime?.row,
  };
}

export function subjectOfClient(
  traces: Traces,
  { ofConnection }: ClientConnectionFacts,
  listener: TracedListener,
): TraceSubject {
  return {
    session: traces.numberOf(ofConnection),
    connection: traces.numberOf(ofConnection.connection),
    frontend: listener.frontend.row,
    listener: listener.row,
  };
}

/** `sess=1 conn=2 strm=3` */
export function numbersText({ session, connection, stream }: TraceSubject): string {
  const parts = [`sess=${session ?? '-'}`, `conn=${connection ?? '-'}`];
  return [...parts, ...(stream === undefined ? [] : [`strm=${stream}`])].join(' ');
}

/** One stream of a connection of HTTP/2. */
export function http2Stream(subject: TraceSubject, id: number): TraceSubject {
  return { ...subject, stream: ((subject.connection ?? 0) * 0x10001 + id) & NUMBER_MASK };
}

export function placeText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `fe=www be=app srv=s1 src=127.0.0.1:4242` */
export function namesText(exchange: TracedExchange): string {
  const { client, listenerRuntime, backendRuntime, serverRuntime } = exchange;
  return [
    `fe=${listenerRuntime.frontend.config.name}`,
    ...(backendRuntime === undefined ? [] : [`be=${backendRuntime.config.name}`]),
    ...(serverRuntime === undefined ? [] : [`srv=${serverRuntime.config.name}`]),
    `src=${placeText(client.source)}`,
  ].join(' ');
}

/** What fits, part by part: of an empty one nothing is told. */
export function joinParts(parts: readonly string[]): string {
  return parts.filter(part => part !== '').join(' - ');
}
