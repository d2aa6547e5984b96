/**
 * A TLS handshake towards a server, on a connection that has just been made: node:tls makes it, and what comes back is an
 * encrypted connection of the same engine. Traffic (proxy/server/dialer.ts) and checks make it alike.
 *
 *   plain connection ──▶ TLSSocket ──certificate is good──▶ secured(connection)
 *                            └──────── anything else ──────▶ handshakeFailed(why)
 */
import type { Socket } from 'node:net';
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Connection, Endpoint } from '../connection.ts';
import { FAILED, type HandshakeFailure } from './handshake-failure.ts';
import { UNSET } from '../engines/unset-handler.ts';
import { type Adopter, HandshakeWire, withAddressesOf } from './handshake-wire.ts';
import { KeyLog } from './key-log.ts';
import { rawSocketOf } from './raw-socket.ts';
import { CERTIFICATE_VERIFY_FAILED, tlsErrorOf } from './tls-error.ts';
import type { TlsError, TlsFacts } from './tls-facts.ts';
import { TlsSocketFacts } from './tls-socket-facts.ts';

export interface HandshakeSink {
  /** Its handler is still to be set; it does not read before receive(). */
  secured(connection: Connection): void;
  /** `destination`: where the connection led. */
  handshakeFailed(failure: HandshakeFailure, tls: TlsFacts, destination: Endpoint): void;
}

type OutgoingHandshakeOptions = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'servername' | 'ALPNProtocols' | 'session'
> & {
  /** Undefined: the certificate's names are good. Asked only where the certificate itself is verified. */
  readonly checkNames: (certificate: PeerCertificate) => Error | undefined;
  /** What they are not good for: the name that was asked for, or the one of the configuration. */
  readonly wrongNames: HandshakeFailure;
  /** Hears of sessions that can be resumed, as long as the connection lives. */
  readonly keepSession: ((session: Buffer) => void) | undefined;
  /** `tune.ssl.keylog` */
  readonly keepsSecrets?: boolean | undefined;
};

const NOTHING = Buffer.alloc(0);

export class OutgoingHandshake {
  readonly #engine: Adopter;
  readonly #sink: HandshakeSink;
  readonly #wire: HandshakeWire | undefined;
  readonly #raw: Socket;
  readonly #socket: TLSSocket;
  readonly #hearsTickets: boolean;
  readonly #plain: Connection;
  readonly #keyLog: KeyLog | undefined;
  readonly #session: Buffer | undefined;
  readonly #wrongNames: HandshakeFailure;
  #hasWrongNames = false;

  constructor(engine: Adopter, plain: Connection, options: OutgoingHandshakeOptions, sink: HandshakeSink) {
    this.#engine = engine;
    this.#sink = sink;
    this.#plain = plain;
    this.#session = options.session;
    const { checkNames, wrongNames, keepSession, keepsSecrets, ...settings } = options;
    this.#wrongNames = wrongNames;
    const checkServerIdentity = (_name: string, certificate: PeerCertificate): Error | undefined => {
      const error = checkNames(certificate);
      this.#hasWrongNames = error !== undefined;
      return error;
    };
    this.#hearsTickets = keepSession !== undefined;
    this.#wire = HandshakeWire.over(plain, engine, 'client');
    this.#raw = this.#wire?.raw ?? rawSocketOf(plain, NOTHING, true);
    this.#socket = connect({ ...settings, checkServerIdentity, socket: this.#raw });
    this.#keyLog = keepsSecrets === true ? KeyLog.of(this.#socket) : undefined;
    this.#socket.on('secureConnect', this.#secured);
    this.#socket.on('error', this.#failed);
    this.#socket.on('close', this.#closed);
    if (keepSession !== undefined) this.#socket.on('session', keepSession);
    this.#wire?.begin(this.#socket);
  }

  /** What it has come to, for who does not wait any longer. */
  get unanswered(): { readonly error: undefined; readonly tls: TlsFacts; readonly destination: Endpoint } {
    return { error: undefined, tls: this.#facts(undefined), destination: this.#plain.remote };
  }

  /** Nothing is told any more. */
  abort(): void {
    this.#leave();
    this.#socket.on('error', () => undefined);
    this.#socket.destroy();
  }

  readonly #secured = (): void => {
    if (this.#wire === undefined)
      this.#ready(withAddressesOf(this.#plain, this.#engine.adopt(this.#socket, UNSET)));
    else this.#wire.secured({ maxRecordBytes: 0, hearsTickets: this.#hearsTickets }, this.#ready);
  };

  readonly #ready = (connection: Connection): void => {
    this.#leave();
    connection.tls = this.#facts(undefined);
    this.#sink.secured(connection);
  };

  readonly #failed = (error: Error): void => {
    // a server that closes has seen a hello: it is never told apart, as in HAProxy
    const detail = tlsErrorOf(error)?.text;
    const reason = detail === undefined ? FAILED : { ...FAILED, detail };
    const wasRefused = reason === FAILED && isRefusal(error);
    const tls = this.#facts(wasRefused ? CERTIFICATE_VERIFY_FAILED : error);
    this.abort();
    this.#sink.handshakeFailed(this.#hasWrongNames ? this.#wrongNames : reason, tls, this.#plain.remote);
  };

  #facts(error: Error | TlsError | undefined): TlsFacts {
    const hellos = this.#wire?.hellos;
    return new TlsSocketFacts(this.#socket, {
      side: 'client',
      error,
      keyLog: this.#keyLog,
      session: this.#session,
      hellos,
    });
  }

  readonly #closed = (): void => this.#failed(new Error('closed during the handshake'));

  #leave(): void {
    this.#socket.off('secureConnect', this.#secured);
    this.#socket.off('error', this.#failed);
    this.#socket.off('close', this.#closed);
  }
}

/** Node's own words for a certificate that is not good have a code, but neither a system call nor OpenSSL's number. */
function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code !== undefined && error.code !== 'ECONNRESET' && error.syscall === undefined;
}
