/** What a data thread serves now, as plain data for `show sess`. */
import type { StreamReport } from '../admin/runtime.ts';
import type { Connection, Endpoint } from '../net/connection.ts';
import type { LiveStream, LiveStreams } from '../proxy/live-streams.ts';

/** One number for a stream over all threads: the thread stands in the low digits. */
const THREADS = 4096;

export function threadOfStream(id: number): number {
  return id % THREADS;
}

export function numberOfStream(id: number): number {
  return Math.floor(id / THREADS);
}

export function reportStreams(streams: LiveStreams, thread: number, now: number): readonly StreamReport[] {
  return streams.all().map(stream => reportOf(stream, thread, now));
}

function reportOf(stream: LiveStream, thread: number, now: number): StreamReport {
  const { transaction } = stream;
  const { client, timers, requestLine, backendRuntime, serverRuntime, serverConnection, bytes } = transaction;
  const started = timers.firstByteAt < 0 ? timers.readyAt : timers.firstByteAt;
  return {
    id: stream.number * THREADS + thread,
    thread,
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
    phase: stream.phase(),
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

function protocolOf({ family }: Endpoint): StreamReport['protocol'] {
  if (family === 4) return 'tcpv4';
  return family === 6 ? 'tcpv6' : 'unix_stream';
}

function endpointText(endpoint: Endpoint | undefined): string {
  return endpoint === undefined || endpoint.family === 0 ? '' : `${endpoint.host}:${endpoint.port}`;
}
