/**
 * Which server connections may carry a client's request (manual, `http-reuse`), and which server is preferred
 * because the client still has a connection to it (`option prefer-last-server`). A connection is private to its
 * client session
 *
 *   - with `http-reuse never`, and to a target that is no server (`dispatch`, `option transparent`),
 *   - when it began with a PROXY header about this client, or comes from an address of its own (`usesrc`),
 *   - from the moment on which a server asks for NTLM or Negotiate.
 *
 * All others are lent by the server's pool. A server with `strict-maxconn` has neither: its connections end with the
 * request, unless the client is authenticated by them.
 */
import type { Headers } from '../../http/head.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import type { Connection } from '../../net/connection.ts';
import { aimOf } from '../http2/request-block.ts';
import type { ServerLinks } from '../http2/server-links.ts';
import { beginLink, endStream, joinLink, type Traveller, wakeConnection } from '../http2/server-reuse.ts';
import { PrivateConnections } from './private-connections.ts';
import type { BackendRuntime, FrontendRuntime, ServerRuntime } from '../runtime/runtime.ts';
import type { ServerHalf } from './server-half.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { Transaction } from '../transaction.ts';

/** `option httpclose`, `http-server-close`: its connection serves one request alone. */
export function closesServer(frontend: FrontendRuntime, { backendRuntime }: Transaction): boolean {
  return frontend.closesServers || backendRuntime?.closesServers === true;
}

export function takeConnection(
  server: ServerRuntime,
  client: StreamClient,
  transaction: Transaction,
): Connection | undefined {
  const { links } = server;
  if (links === undefined) return takeWhole(server, client, transaction);
  if (isWebsocket(transaction) && !server.protocol.carriesWebsockets) return undefined;
  const traveller = travellerOf(server, links, client, transaction);
  const attached = server.attached?.take(traveller.key, traveller.aim);
  if (attached !== undefined) return attached;
  const joined = joinLink(traveller, client.privateConnections);
  if (joined !== undefined) return joined;
  const rested = takeWhole(server, client, transaction);
  return rested && wakeConnection(rested, traveller);
}

/** A connection has just been made: what the request travels on, itself or a stream of it. */
export function beginConnection(
  server: ServerRuntime,
  connection: Connection,
  client: StreamClient,
  transaction: Transaction,
): Connection {
  const { links, protocol } = server;
  if (links === undefined) return connection;
  const forWebsocket = isWebsocket(transaction);
  const isHttp2 = protocol.isHttp2(connection.tls?.alpn, forWebsocket);
  if (links.dials !== undefined && !forWebsocket) links.dials.speaksHttp2 = isHttp2;
  if (!isHttp2) return connection;
  return beginLink(connection, travellerOf(server, links, client, transaction));
}

function travellerOf(
  server: ServerRuntime,
  links: ServerLinks,
  client: StreamClient,
  transaction: Transaction,
): Traveller {
  return {
    server,
    links,
    key: transaction.serverKey,
    privateKey: keyOf(server, transaction),
    generation: transaction.serverGeneration,
    aim: transaction.request && aimOf(transaction.request),
    own: () => privateOf(client),
  };
}

/** It asks for one. */
export function isWebsocket({ request }: Transaction): boolean {
  return request !== undefined && request.fields.isWebsocket && request.wantsUpgrade;
}

/** One that nobody else uses. */
function takeWhole(
  server: ServerRuntime,
  client: StreamClient,
  transaction: Transaction,
): Connection | undefined {
  const own = client.privateConnections?.take(server, keyOf(server, transaction));
  if (own !== undefined || server.isPrivate) return own;
  const { reuse } = server;
  const isAny = reuse === 'always' || !client.isFirst || server.backend.retriesSafely;
  if (!isAny && reuse !== 'aggressive') return undefined;
  return server.idle.take(!isAny, transaction.serverKey);
}

interface Served {
  readonly frontend: FrontendRuntime;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;
  readonly server: ServerHalf;
  /** All of the request is with the server. */
  readonly requestSent: boolean;
}

/** The response's last byte is with the client: its connection is kept for another request, or closed. */
export function releaseServer(stream: Served): void {
  const { connection } = stream.server;
  if (connection?.carrier !== undefined && endStream(connection)) return stream.server.close();
  if (isFree(stream)) keep(stream);
  else stream.server.close();
}

/**
 * Rules answer in the place of a server: where all of its response is here, its connection has nothing more to say, and is
 * kept as if the client had been sent it.
 */
export function releaseUnheard(stream: Served): void {
  const { inbox, decoder } = stream.server;
  for (let before = 0; !decoder.done && inbox.length !== before;) {
    before = inbox.length;
    inbox.consume(decoder.decode(inbox.buffer, inbox.start, inbox.end));
  }
  if (stream.server.responseRead) releaseServer(stream);
}

/** Nothing of this request or its response is under way on it, and both sides want to go on. */
function isFree(stream: Served): boolean {
  const { frontend, transaction, requestHead, responseHead, server, requestSent } = stream;
  return (
    transaction.serverRuntime !== undefined &&
    responseHead.keepAlive &&
    !closesServer(frontend, transaction) &&
    !requestHead.ruledClose &&
    requestSent &&
    server.inbox.length === 0 &&
    !server.ended &&
    !server.leaving &&
    !server.requestEnded
  );
}

function keep({ transaction, session, server: half }: Served): void {
  const server = transaction.serverRuntime as ServerRuntime;
  const { reused } = half;
  const connection = half.detach();
  if (server.generation !== transaction.serverGeneration) return connection.close();
  const isAuthenticated = session.privateConnections?.authenticated === true;
  const isPrivate = isAuthenticated || server.isPrivate;
  if (server.endsConnections && !isAuthenticated) return connection.close();
  const kept = isPrivate
    ? privateOf(session).put(server, connection, keyOf(server, transaction))
    : server.idle.put(connection, reused, transaction.serverKey);
  if (!kept) connection.close();
}

/** A PROXY header is said once: it must still be true for a later request. */
function keyOf(server: ServerRuntime, transaction: Transaction): string {
  const header = server.proxyHeader?.(transaction).toString('latin1') ?? '';
  return `${transaction.serverKey} ${header}`;
}

function privateOf(client: StreamClient): PrivateConnections {
  return (client.privateConnections ??= new PrivateConnections(
    client.listener.frontend.config.maxSessionSrvConns,
  ));
}

/** The server of `backend` this client should stay on although the balancer may choose another one. */
export function preferredServer(backend: BackendRuntime, client: StreamClient): ServerRuntime | undefined {
  const own = client.privateConnections;
  if (own === undefined || !backend.isRoundRobin) return undefined;
  if (!own.authenticated && !backend.config.options.flags.has('prefer-last-server')) return undefined;
  const server = own.serverOf(backend);
  return server !== undefined && backend.mayStay(server, own.authenticated) ? server : undefined;
}

/** Looks for a challenge that authenticates the connection itself (RFC 4559; NTLM alike). */
export function noteAuthentication(status: number, headers: Headers, client: StreamClient): void {
  const name = status === 401 ? 'www-authenticate' : status === 407 ? 'proxy-authenticate' : undefined;
  if (name === undefined) return;
  for (let at = headers.find(name); at >= 0; at = headers.find(name, at + 1))
    if (/(?:^|,)\s*(?:Nego|NTLM)/i.test(headers.valueAt(at))) privateOf(client).authenticated = true;
}
