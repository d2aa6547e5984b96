/** What `show sess` tells about a stream, from its transaction. */
import type { ContentInspection } from './tcp/content-inspection.ts';
import type { Dialer } from './server/dialer.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { Relay } from '../net/relay.ts';
import type { ResponseGate } from './tcp/response-gate.ts';
import type { Connection, Endpoint } from '../net/connection.ts';
import type { Timer } from '../net/timer-wheel.ts';
import type { StreamEnd, StreamExpiry, StreamFacts, StreamPhase } from '../model/stream-facts.ts';
import type { Transaction } from './transaction.ts';

/** What ends the waits of a stream; undefined: it has no such wait. */
export interface StreamTimers {
  readonly client: Timer | undefined;
  readonly server: Timer | undefined;
  readonly request: Timer | undefined;
  readonly response: Timer | undefined;
  readonly connect: Timer | undefined;
}

/** Of a connection in mode tcp: from rules over the way to a server to the bytes between both. */
export function tcpWaits(
  dialer: Pick<Dialer, 'timer'>,
  inspection: Pick<ContentInspection, 'timer' | 'clientTimer'> | undefined,
  gate: Pick<ResponseGate, 'timer'> | undefined,
  relay: Pick<Relay, 'timers'> | undefined,
): StreamTimers {
  const { client, server } = relay?.timers ?? { client: inspection?.clientTimer, server: undefined };
  return { client, server, request: inspection?.timer, response: gate?.timer, connect: dialer.timer };
}

export function describeStream(
  transaction: Transaction,
  phase: StreamPhase,
  now: number,
  waits: StreamTimers,
): StreamFacts {
  const { client, timers, requestLine, backendRuntime, serverRuntime, serverConnection } = transaction;
  const { config } = transaction.listenerRuntime;
  const started = timers.firstByteAt < 0 ? timers.readyAt : timers.firstByteAt;
  return {
    protocol: protocolOf(client.source),
    source: endpointText(client.source),
    destination: endpointText(client.destination),
    listener: config.id,
    listenerName: config.name,
    frontend: transaction.frontendRuntime.row,
    backend: backendRuntime?.row,
    server: serverRuntime?.row,
    serverAddress: endpointText(serverConnection?.remote),
    localAddress: endpointText(serverConnection?.local),
    isHttp: transaction.isHttp,
    acceptedMs: client.acceptTimeMs,
    ageMs: Math.max(0, Math.round(now - started)),
    phase,
    client: clientEnd(transaction),
    serverEnd: serverEnd(transaction),
    expiry: expiryOf(waits, now),
    retries: transaction.retries,
    method: requestLine?.method ?? '',
    uri: requestLine?.target ?? '',
    status: transaction.status,
  };
}

function clientEnd(transaction: Transaction): StreamEnd {
  const { client, bytes, isHttp } = transaction;
  return {
    fd: descriptorOf(client.connection),
    isTls: client.transport === 'tls',
    httpMajor: isHttp ? client.httpMajor : 0,
    timeoutMs: transaction.timeout('client'),
    bytesIn: bytes.fromClient,
    bytesOut: bytes.toClient,
  };
}

function serverEnd(transaction: Transaction): StreamEnd {
  const { server, serverConnection, bytes, isHttp } = transaction;
  const isConnected = serverConnection !== undefined;
  return {
    fd: descriptorOf(serverConnection),
    isTls: isConnected && server?.tls !== undefined,
    httpMajor: isHttp ? (server?.httpMajor ?? 1) : 0,
    timeoutMs: isConnected ? transaction.timeout('server') : 0,
    bytesIn: bytes.fromServer,
    bytesOut: bytes.toServer,
  };
}

function expiryOf({ client, server, request, response, connect }: StreamTimers, now: number): StreamExpiry {
  const left = (timer: Timer | undefined): number | undefined =>
    timer === undefined || timer.deadline === 0 ? undefined : Math.max(0, Math.round(timer.deadline - now));
  return {
    client: left(client),
    server: left(server),
    request: left(request),
    response: left(response),
    connect: left(connect),
  };
}

function descriptorOf(connection: Connection | undefined): number {
  return connection === undefined || connection.closed ? -1 : connection.fd;
}

function protocolOf({ family }: Endpoint): StreamFacts['protocol'] {
  if (family === 4) return 'tcpv4';
  return family === 6 ? 'tcpv6' : 'unix_stream';
}

function endpointText(endpoint: Endpoint | undefined): string {
  return endpoint === undefined || endpoint.family === 0 ? '' : `${endpoint.host}:${endpoint.port}`;
}

/** Where a request is, in the letters of the log. */
export function phaseOf({
  transaction,
  dialer,
  responseStarted,
}: Pick<HttpExchange, 'transaction' | 'dialer' | 'responseStarted'>): 'R' | 'Q' | 'C' | 'H' | 'D' {
  if (transaction.request === undefined) return 'R';
  if (dialer.queued) return 'Q';
  if (dialer.waiting) return 'C';
  if (dialer.server === undefined && !responseStarted) return 'R';
  return responseStarted ? 'D' : 'H';
}
