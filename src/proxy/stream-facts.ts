/** What `show sess` tells about a stream, from its transaction. */
import type { HttpExchange } from './http-exchange.ts';
import type { Connection, Endpoint } from '../net/connection.ts';
import type { StreamFacts, StreamPhase } from '../model/stream-facts.ts';
import type { Transaction } from './transaction.ts';

export function describeStream(transaction: Transaction, phase: StreamPhase, now: number): StreamFacts {
  const { client, timers, requestLine, backendRuntime, serverRuntime, serverConnection, bytes } = transaction;
  const started = timers.firstByteAt < 0 ? timers.readyAt : timers.firstByteAt;
  return {
    protocol: protocolOf(client.source),
    source: endpointText(client.source),
    destination: endpointText(client.destination),
    listener: transaction.listenerRuntime.config.id,
    frontend: transaction.frontendRuntime.row,
    backend: backendRuntime?.row,
    server: serverRuntime?.row,
    serverAddress: endpointText(serverConnection?.remote),
    localAddress: endpointText(serverConnection?.local),
    isHttp: transaction.isHttp,
    acceptedMs: client.acceptTimeMs,
    ageMs: Math.max(0, Math.round(now - started)),
    phase,
    clientFd: descriptorOf(client.connection),
    serverFd: descriptorOf(serverConnection),
    retries: transaction.retries,
    method: requestLine?.method ?? '',
    uri: requestLine?.target ?? '',
    status: transaction.status,
    bytesIn: bytes.fromClient,
    bytesOut: bytes.toClient,
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
