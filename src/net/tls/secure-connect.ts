/**
 * TLS over a connection to a server that Node itself makes: of log lines, of peers and of nameservers, not of what is
 * proxied. There is no request that `sni` could be taken from: a name is sent where it is written down.
 */
import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext } from 'node:tls';
import type { ServerTls } from '../../model/server.ts';
import { checkHostName } from './host-names.ts';
import { contextKey, type ServerContexts } from './server-contexts.ts';

/** Gives the encrypted side of a connection that is being made, which calls `ready` when it can be written to. */
export type SecureConnect = (socket: Socket, tls: ServerTls, ready: () => void) => Socket;

/** The last session with a server, and the context it was verified with: files that were exchanged end its use. */
interface Kept {
  readonly session: Buffer;
  readonly context: SecureContext;
}

export function secureConnect(contexts: ServerContexts): SecureConnect {
  const sessions = new WeakMap<ServerTls, Kept>();
  return (socket, tls, ready) => {
    const secureContext = contexts.of(contextKey(tls), tls);
    const kept = sessions.get(tls);
    const expected = tls.sniName ?? tls.verifyHost;
    const isName = tls.sniName !== undefined && isIP(tls.sniName) === 0;
    const secured = connect({
      socket,
      secureContext,
      rejectUnauthorized: tls.verify === 'required',
      ...(isName && { servername: tls.sniName }),
      ...(tls.alpn !== undefined && { ALPNProtocols: [...tls.alpn] }),
      ...(kept?.context === secureContext && { session: kept.session }),
      checkServerIdentity: (_name, certificate) =>
        expected === undefined ? undefined : checkHostName(expected, certificate),
    });
    if (tls.noReuse !== true)
      secured.on('session', session => sessions.set(tls, { session, context: secureContext }));
    return secured.once('secureConnect', ready);
  };
}
