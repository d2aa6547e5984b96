/**
 * TLS over a connection to a server that Node itself makes: of log lines and of peers, not of what is proxied. There is no
 * request that `sni` could be taken from.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { ServerTls } from '../../model/server.ts';
import { checkHostName } from './host-names.ts';
import { contextKey, type ServerContexts } from './server-contexts.ts';

/** Gives the encrypted side of a connection that is being made, which calls `ready` when it can be written to. */
export type SecureConnect = (socket: Socket, tls: ServerTls, ready: () => void) => Socket;

export function secureConnect(contexts: ServerContexts): SecureConnect {
  return (socket, tls, ready) =>
    connect({
      socket,
      secureContext: contexts.of(contextKey(tls), tls),
      rejectUnauthorized: tls.verify === 'required',
      ...(tls.alpn !== undefined && { ALPNProtocols: [...tls.alpn] }),
      checkServerIdentity: (_name, certificate) =>
        tls.verifyHost === undefined ? undefined : checkHostName(tls.verifyHost, certificate),
    }).once('secureConnect', ready);
}
