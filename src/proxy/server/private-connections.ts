/**
 * The idle server connections that belong to one client session alone (connection-reuse.ts says which), at most
 * `max-session-srv-conns` of them. Like those of a server's pool they are read on: one that the server closes, or
 * on which it says anything, is gone.
 */
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { Http2ServerLink, LinkHolder } from '../http2/server-link.ts';
import type { BackendRuntime, ServerRuntime } from '../runtime/runtime.ts';

export class PrivateConnections implements LinkHolder {
  /** A server asked for NTLM or Negotiate: what its connections carry is who the client is. */
  authenticated = false;
  readonly #most: number;
  #kept: Kept[] = [];
  /** Connections of HTTP/2 that carry requests of this client, and for now of no other (`http-reuse safe`). */
  #links: { readonly link: Http2ServerLink; readonly server: ServerRuntime }[] = [];
  closed = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** `key`: what was told about the client when it was connected. */
  take(server: ServerRuntime, key: string): Connection | undefined {
    const kept = this.#kept.find(one => one.server === server && one.key === key);
    if (kept === undefined) return undefined;
    this.#forget(kept);
    return kept.connection;
  }

  /** Takes the connection's handler and arms it. False: not kept, the caller closes it. */
  put(server: ServerRuntime, connection: Connection, key: string): boolean {
    if (this.#kept.length >= this.#most || connection.closed || connection.sending) return false;
    this.#kept.push(new Kept(server, connection, key, kept => this.#dropped(kept)));
    return true;
  }

  holdLink(link: Http2ServerLink, server: ServerRuntime): void {
    link.holder = this;
    this.#links.push({ link, server });
  }

  keepLink(link: Http2ServerLink): boolean {
    const held = this.#links.find(one => one.link === link);
    return held !== undefined && !this.closed && this.put(held.server, link, link.privateKey);
  }

  forgetLink(link: Http2ServerLink): void {
    this.#links = this.#links.filter(one => one.link !== link);
  }

  /** One that takes another request. */
  linkWithRoom(wanted: ServerRuntime, key: string, privateKey: string): Http2ServerLink | undefined {
    for (const { link, server } of this.#links) {
      const isSame = link.isPrivate ? link.privateKey === privateKey : link.key === key;
      if (isSame && server === wanted && link.room > 0) return link;
    }
    return undefined;
  }

  /** A server of the backend that this session still has a connection to. */
  serverOf(backend: BackendRuntime): ServerRuntime | undefined {
    return this.#kept.find(({ server }) => server.backend === backend)?.server;
  }

  /** The session ends. */
  close(): void {
    this.closed = true;
    for (const { connection } of this.#kept) connection.close();
    this.#kept = [];
  }

  #dropped(kept: Kept): void {
    this.#forget(kept);
    kept.connection.close();
  }

  #forget(kept: Kept): void {
    this.#kept = this.#kept.filter(one => one !== kept);
  }
}

class Kept implements ConnectionHandler {
  readonly server: ServerRuntime;
  readonly connection: Connection;
  readonly key: string;
  readonly #drop: (kept: Kept) => void;

  constructor(server: ServerRuntime, connection: Connection, key: string, drop: (kept: Kept) => void) {
    this.server = server;
    this.connection = connection;
    this.key = key;
    this.#drop = drop;
    connection.handler = this;
    if (!connection.receiving) connection.receive();
  }

  onReceived(): void {
    this.#drop(this);
  }
  onEnd(): void {
    this.#drop(this);
  }
  onFailed(): void {
    this.#drop(this);
  }
  onConnected(): void {
    throw new Error('an idle connection was connected before');
  }
  onSent(): void {
    throw new Error('nothing is sent on an idle connection');
  }
}
