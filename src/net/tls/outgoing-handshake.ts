/**
 * A TLS handshake towards a server, on a connection that has just been made: it is handed over to node:tls and comes
 * back encrypted, as a connection of the same engine. Traffic (proxy/dialer.ts) and checks make it alike.
 *
 *   plain connection ──handOver──▶ TLSSocket ──certificate is good──▶ secured(connection)
 *                                      └──────── anything else ──────▶ handshakeFailed(why)
 */
import { Socket } from 'node:net';
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Connection, Engine } from '../connection.ts';
import { UNSET } from '../engines/unset-handler.ts';

/** What makes encrypted connections of sockets. */
export type Adopter = Pick<Engine, 'adopt'>;

export interface HandshakeSink {
  /** Its handler is still to be set; it does not read before receive(). */
  secured(connection: Connection): void;
  handshakeFailed(failure: HandshakeFailure): void;
}

export interface HandshakeFailure {
  /** The peer closed or reset the connection; otherwise TLS was spoken, and failed. */
  readonly closed: boolean;
  /** OpenSSL's or the system's name for it. */
  readonly code: string;
  readonly text: string;
}

export type OutgoingHandshakeOptions = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'servername' | 'ALPNProtocols' | 'session'
> & {
  /** Undefined: the certificate's names are good. Asked only where the certificate itself is verified. */
  readonly checkNames: (certificate: PeerCertificate) => Error | undefined;
  /** Hears of sessions that can be resumed, as long as the connection lives. */
  readonly keepSession: ((session: Buffer) => void) | undefined;
};

const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

export class OutgoingHandshake {
  readonly #engine: Adopter;
  readonly #sink: HandshakeSink;
  readonly #socket: TLSSocket;
  readonly #remote: Connection['remote'];
  readonly #local: Connection['local'];

  constructor(engine: Adopter, plain: Connection, options: OutgoingHandshakeOptions, sink: HandshakeSink) {
    this.#engine = engine;
    this.#sink = sink;
    this.#remote = plain.remote;
    this.#local = plain.local;
    const { checkNames, keepSession, ...settings } = options;
    const checkServerIdentity = (_name: string, certificate: PeerCertificate): Error | undefined =>
      checkNames(certificate);
    this.#socket = connect({ ...settings, checkServerIdentity, socket: socketOf(plain) });
    this.#socket.on('secureConnect', this.#secured);
    this.#socket.on('error', this.#failed);
    this.#socket.on('close', this.#closed);
    if (keepSession !== undefined) this.#socket.on('session', keepSession);
  }

  /** Nothing is told any more. */
  abort(): void {
    this.#leave();
    this.#socket.on('error', () => undefined);
    this.#socket.destroy();
  }

  readonly #secured = (): void => {
    this.#leave();
    const connection = this.#engine.adopt(this.#socket, UNSET);
    connection.remote = this.#remote;
    connection.local = this.#local;
    this.#sink.secured(connection);
  };

  readonly #failed = (error: NodeJS.ErrnoException): void => {
    this.abort();
    const code = error.code ?? 'UNKNOWN';
    this.#sink.handshakeFailed({ closed: CLOSED.has(code), code, text: error.message });
  };

  readonly #closed = (): void => {
    this.#failed(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' }));
  };

  #leave(): void {
    this.#socket.off('secureConnect', this.#secured);
    this.#socket.off('error', this.#failed);
    this.#socket.off('close', this.#closed);
  }
}

function socketOf(plain: Connection): Socket {
  const left = plain.handOver?.();
  if (left === undefined) throw new Error('the connection has no socket that TLS could use');
  const socket = new Socket({ fd: left.fd, allowHalfOpen: true });
  if (left.ahead !== undefined) socket.unshift(left.ahead);
  return socket;
}
