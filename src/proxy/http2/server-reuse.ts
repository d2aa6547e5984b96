/**
 * Which HTTP/2 connection to a server carries a client's request (manual, `http-reuse`). One that carries requests takes
 * more of the same client; those of others
 *
 *   never       not, and it stays the client's
 *   safe        not before it has come to rest
 *   aggressive  once it has come to rest before
 *   always      at once
 *
 * Called by connection-reuse.ts for servers that may speak it.
 */
import type { Connection } from '../../net/connection.ts';
import type { RequestAim } from './request-block.ts';
import { Http2ServerLink } from './server-link.ts';
import type { ServerDials } from './server-dials.ts';
import { Http2ServerWire } from './server-wire.ts';
import type { ServerLinks } from './server-links.ts';
import type { PrivateConnections } from '../server/private-connections.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

/** A request that is to be carried, and whose it is. */
export interface Traveller {
  readonly server: ServerRuntime;
  readonly links: ServerLinks;
  /** What connections that may be shared have in common, and those of the client's own. */
  readonly key: string;
  readonly privateKey: string;
  readonly aim: RequestAim | undefined;
  /** The server's state when it was chosen to carry the request (ServerRuntime.generation). */
  readonly generation: number;
  /** The client's own connections, made when first needed. */
  readonly own: () => PrivateConnections;
}

/** A stream of a connection that carries requests already. */
export function joinLink(traveller: Traveller, own: PrivateConnections | undefined): Connection | undefined {
  const { server, links, key, privateKey, aim } = traveller;
  const held = own?.linkWithRoom(server, key, privateKey);
  const link = held ?? (server.isPrivate ? undefined : links.withRoom(key));
  return link?.openStream(aim);
}

/** A connection that rested, or the stream of one; undefined: it takes no more. */
export function wakeConnection(connection: Connection, traveller: Traveller): Connection | undefined {
  if (!(connection instanceof Http2ServerLink)) return connection;
  if (connection.room <= 0) {
    connection.close();
    return undefined;
  }
  const { server, links, aim, own } = traveller;
  links.wakes(connection);
  if (connection.isPrivate || server.reuse === 'safe') own().holdLink(connection, server);
  else links.share(connection);
  return connection.openStream(aim);
}

/** Connections that are being made for many, and may be joined by that request. */
export function dialsFor(
  { wantsWebsocket }: { readonly wantsWebsocket: boolean },
  { links, protocol }: ServerRuntime,
): ServerDials | undefined {
  if (links?.dials === undefined) return undefined;
  return wantsWebsocket && !protocol.carriesWebsockets ? undefined : links.dials;
}

/** The first stream of a connection just made. */
export function beginLink(socket: Connection, traveller: Traveller): Connection {
  const { server, links, key, privateKey, aim, generation, own } = traveller;
  const link = links.begin(socket);
  link.isPrivate = server.isPrivate;
  link.key = key;
  link.privateKey = privateKey;
  link.generation = generation;
  if (server.isPrivate || server.reuse === 'safe') own().holdLink(link, server);
  else if (server.reuse === 'always' && generation === server.generation) links.share(link);
  return link.openStream(aim);
}

/** It carries no request any more: where it rests. False: nowhere. */
export function keepLink(server: ServerRuntime, link: Http2ServerLink): boolean {
  const own = link.holder;
  const isAuthenticated = own?.authenticated === true;
  if (link.room <= 0 || link.generation !== server.generation) return false;
  if (server.endsConnections && !isAuthenticated) return false;
  if (!link.isPrivate && !isAuthenticated) return server.idle.put(link, link.served > 1, link.key);
  link.isPrivate = true;
  return own?.keepLink(link) === true;
}

/** True: it was a stream, and its connection takes care of itself. */
export function endStream(connection: Connection): boolean {
  if (!(connection instanceof Http2ServerWire)) return false;
  connection.finish();
  return true;
}
