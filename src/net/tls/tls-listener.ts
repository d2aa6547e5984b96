/**
 * Handshakes of one `bind` line in one thread: takes over what a plain connection has left, and gives back a TLSSocket
 * (Engine.adopt() makes a connection of it), or tells why there is none. Used by proxy/accept.ts.
 *
 * Node does it: a tls.Server that never listens, and is told of connections. What it is asked for, certificates by
 * name, the protocol, sessions, it asks here.
 */
import { Socket } from 'node:net';
import { type SecureContext, Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { LoadedCertEntry } from '../../model/tls-material.ts';
import type { HandedOver } from '../connection.ts';
import { failureOf, type HandshakeFailure } from './handshake-failure.ts';
import { type FindAuthorities, ListenerContexts } from './listener-contexts.ts';
import type { ListenerSettings } from './listener-settings.ts';
import { refusalOf } from './peer-verdict.ts';

/** Our own clock ends handshakes: Node's is never to. */
const NEVER_MS = 2 ** 31 - 1;

/** What of a listener's certificates is asked for (net/tls/thread-certificates.ts). */
interface CertificateChoice {
  choose(servername: string | undefined, isStrict: boolean): readonly LoadedCertEntry[];
}

export interface TlsListenerParts {
  readonly settings: ListenerSettings;
  readonly certificates: CertificateChoice;
  readonly authorities: FindAuthorities;
  /** 48 bytes that all threads share, and generations too. */
  readonly ticketKeys: Buffer;
}

export interface HandshakeWatcher {
  secured(socket: TLSSocket): void;
  failed(failure: HandshakeFailure): void;
}

/** A handshake that is under way. */
export interface Handshake {
  /** Nobody is told of its end any more. */
  abort(): void;
}

export class TlsListener {
  readonly #settings: ListenerSettings;
  readonly #certificates: CertificateChoice;
  readonly #contexts: ListenerContexts;
  readonly #server: Server;
  readonly #ticketKeys: Buffer;
  readonly #underWay = new Map<Socket, HandshakeWatcher>();
  #defaults: readonly LoadedCertEntry[];

  constructor({ settings, certificates, authorities, ticketKeys }: TlsListenerParts) {
    this.#settings = settings;
    this.#certificates = certificates;
    this.#contexts = new ListenerContexts(settings, authorities);
    this.#ticketKeys = ticketKeys;
    this.#defaults = certificates.choose(undefined, settings.strictSni);
    this.#server = new Server(this.#serverOptions());
    this.#server.on('secureConnection', socket => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
  }

  /** The watcher hears of its end exactly once, and never before this returns. */
  accept({ fd, ahead }: HandedOver, watcher: HandshakeWatcher): Handshake {
    this.#followDefaults();
    const options = { fd, allowHalfOpen: false, manualStart: true };
    const raw = new Socket(options);
    if (ahead !== undefined && ahead.length > 0) raw.unshift(ahead);
    this.#underWay.set(raw, watcher);
    this.#server.emit('connection', raw);
    return {
      abort: () => {
        if (this.#underWay.delete(raw)) raw.destroy();
      },
    };
  }

  #serverOptions(): TlsOptions {
    const { line, alpn } = this.#settings;
    return {
      ...this.#contexts.optionsOf(this.#defaults),
      ticketKeys: this.#ticketKeys,
      handshakeTimeout: NEVER_MS,
      requestCert: line.verify === 'optional' || line.verify === 'required',
      // a wrong certificate is judged in #secured(): only a missing one is OpenSSL's to refuse
      rejectUnauthorized: false,
      SNICallback: (servername, done) => done(null, this.#contextFor(servername)),
      ...(alpn.length === 0
        ? {}
        : { ALPNCallback: ({ protocols }) => alpn.find(one => protocols.includes(one)) }),
    };
  }

  #contextFor(servername: string): SecureContext {
    return this.#contexts.contextOf(this.#certificates.choose(servername, this.#settings.strictSni));
  }

  /** Commands may have exchanged what clients get that ask for no name. */
  #followDefaults(): void {
    const defaults = this.#certificates.choose(undefined, this.#settings.strictSni);
    const isSame =
      defaults.length === this.#defaults.length &&
      defaults.every((entry, index) => entry === this.#defaults[index]);
    if (isSame) return;
    this.#defaults = defaults;
    this.#server.setSecureContext(this.#serverOptions());
    this.#server.setTicketKeys(this.#ticketKeys);
  }

  #secured(socket: TLSSocket): void {
    const watcher = this.#end(socket);
    if (watcher === undefined) return void socket.destroy();
    const refusal = refusalOf(socket, this.#settings);
    if (refusal !== undefined) {
      socket.destroy();
      return watcher.failed(refusal);
    }
    socket.allowHalfOpen = true;
    const { maxRecordBytes } = this.#settings;
    if (maxRecordBytes > 0) socket.setMaxSendFragment(maxRecordBytes);
    watcher.secured(socket);
  }

  #failed(error: Error, socket: TLSSocket): void {
    const raw = rawOf(socket);
    const watcher = this.#end(socket);
    socket.destroy();
    raw.destroy();
    watcher?.failed(failureOf(error, raw));
  }

  #end(socket: TLSSocket): HandshakeWatcher | undefined {
    const raw = rawOf(socket);
    const watcher = this.#underWay.get(raw);
    this.#underWay.delete(raw);
    return watcher;
  }
}

/** Node tells of TLS sockets only; which connection it was it keeps here. */
function rawOf(socket: TLSSocket): Socket {
  return (socket as unknown as { readonly _parent: Socket })._parent;
}
