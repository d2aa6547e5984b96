/**
 * Handshakes of one `bind` line in one thread, with clients at the other end of a socket: gives back a TLSSocket, or tells
 * why there is none. Most of them need none (direct/). Used by proxy/client/client-handshake.ts.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { type SecureContext, Server, TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { LoadedCertEntry } from '../../model/tls-material.ts';
import type { Connection, Engine } from '../connection.ts';
import type { DirectHandshake, DirectWatcher } from './direct/direct-handshake.ts';
import { DirectListener } from './direct/direct-listener.ts';
import type { EarlyGuard } from './early/early-guard.ts';
import { failureOf, type HandshakeFailure } from './handshake-failure.ts';
import type { HelloReader } from './hello-reader.ts';
import { type HelloRefusal, RECORD_TOO_LONG, UNKNOWN_NAME } from './hello-refusal.ts';
import { KeyLog } from './key-log.ts';
import { type FindAuthorities, ListenerContexts } from './listener-contexts.ts';
import type { ListenerSettings } from './listener-settings.ts';
import { type HeldAgainst, refusalOf } from './peer-verdict.ts';
import { SessionCache, type SessionCounts } from './session-cache.ts';
import type { HelloRandoms } from './records/handshake-records.ts';
import { Staples, type StapleCounts } from './staples.ts';
import type { CertificateChoice } from './thread-certificates.ts';
import type { TicketKeys } from './ticket-keys.ts';
import type { HelloFacts, TlsFacts } from './tls-facts.ts';
import { askedName, askForCertificate, isAsked, onNoName, releaseToOwner } from './tls-handle.ts';
import { TlsSocketFacts } from './tls-socket-facts.ts';

export interface TlsListenerParts {
  readonly settings: ListenerSettings;
  readonly certificates: CertificateChoice;
  readonly authorities: FindAuthorities;
  readonly ticketKeys: TicketKeys;
  readonly counts: SessionCounts & StapleCounts;
  /** Undefined: early data is never accepted. */
  readonly guard?: EarlyGuard | undefined;
}

export interface HandshakeWatcher {
  secured(socket: TLSSocket, facts: TlsSocketFacts): void;
  /** Before failed(), while all is still open: the peer is to be told by this alert. */
  refusing?(alert: number): void;
  failed(failure: HandshakeFailure, facts: TlsSocketFacts): void;
}

interface SeenHellos {
  /** The client's, read beforehand. */
  readonly hello?: HelloReader;
  readonly hellos?: HelloRandoms | undefined;
}

/** A handshake that is under way. */
export interface Handshake {
  readonly socket: TLSSocket;
  /** Gives it up, and answers what is known of it: nobody is told of its end any more. */
  abort(): TlsFacts;
}

export class TlsListener {
  readonly #settings: ListenerSettings;
  readonly #certificates: CertificateChoice;
  readonly #contexts: ListenerContexts;
  /** Never listens: Node asks it for sessions and stapled responses. */
  readonly #server: Server;
  readonly #staples: Staples;
  readonly #direct: DirectListener | undefined;
  #defaults: readonly LoadedCertEntry[] = [];
  #context: SecureContext | undefined;
  /** In TLS 1.2 nobody can tell for which name a session was made: what one asks for, another must not be spared. */
  #isResumable = true;

  constructor({ settings, certificates, authorities, ticketKeys, counts, guard }: TlsListenerParts) {
    this.#settings = settings;
    this.#certificates = certificates;
    this.#contexts = new ListenerContexts(settings, authorities, ticketKeys, certificates);
    this.#staples = new Staples(counts);
    this.#direct = DirectListener.of(settings, certificates, this.#contexts, this.#staples, guard);
    this.#server = new Server({ ca: [] });
    this.#server.on('OCSPRequest', (certificate, _issuer, done) =>
      done(null, this.#staples.responseFor(certificate, Date.now())),
    );
    if (settings.noTickets && settings.cacheSize > 0)
      new SessionCache(settings.cacheSize, settings.sessionLifetimeS, counts).serve(
        this.#server,
        () => this.#isResumable,
      );
  }

  get captureBytes(): number {
    return this.#settings.captureBytes;
  }

  /** Before the first client comes. */
  prepare(): void {
    this.#direct?.prepare();
  }

  /** Undefined: there is nothing to say against it yet. */
  refusalOf(hello: HelloReader): HelloRefusal | undefined {
    if (hello.isTooLong) return RECORD_TOO_LONG;
    if (hello.hasBrokenName) return UNKNOWN_NAME;
    const isStrict = this.#settings.strictSni && hello.isRead;
    return isStrict && this.chosenFor(hello.servername).length === 0 ? UNKNOWN_NAME : undefined;
  }

  /** Without Node, once the hello is read. Undefined: it is to be made by accept(), and nothing has happened. */
  acceptDirectly(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    hello: HelloReader,
    watcher: DirectWatcher,
  ): DirectHandshake | undefined {
    return this.#direct?.begin(plain, engine, hello, watcher);
  }

  /** The watcher hears of its end exactly once, and never before this returns. */
  accept(raw: Socket, watcher: HandshakeWatcher, seen: SeenHellos = {}): Handshake {
    const context = this.#firstContext();
    return new PendingHandshake(this, raw, this.#socketOptions(context), this.#defaults, watcher, seen);
  }

  #socketOptions(secureContext: SecureContext): TLSSocketOptions {
    const { line } = this.#settings;
    return {
      isServer: true,
      server: this.#server,
      secureContext,
      requestCert: isAsked(line.verify),
      rejectUnauthorized: line.verify === 'required',
    };
  }

  /** What handshakes begin with; commands may have exchanged the defaults. */
  #firstContext(): SecureContext {
    const defaults = this.chosenFor(undefined);
    const isResumable = !this.#certificates.trustsDiffer;
    const isSame =
      isResumable === this.#isResumable &&
      defaults.length === this.#defaults.length &&
      defaults.every((entry, index) => entry === this.#defaults[index]);
    if (this.#context !== undefined && isSame) return this.#context;
    this.#defaults = defaults;
    this.#isResumable = isResumable;
    this.#context = this.#contextBefore(defaults);
    return this.#context;
  }

  /** Options of a line that a command brought in may be such that OpenSSL does not take them. */
  #contextBefore(defaults: readonly LoadedCertEntry[]): SecureContext {
    try {
      return this.#contexts.contextBefore(defaults);
    } catch {
      return this.#contexts.contextBefore([]);
    }
  }

  /** For the name a client asks for; undefined: it asks for none. */
  chosenFor(servername: string | undefined): readonly LoadedCertEntry[] {
    return this.#certificates.choose(servername, this.#settings.strictSni);
  }

  /** One for each that OpenSSL takes; what commands brought in may be such that it does not. */
  contextsOf(entries: readonly LoadedCertEntry[]): SecureContext[] {
    this.#staples.know(entries);
    return entries.flatMap(entry => {
      try {
        return this.#contexts.contextOf(entry);
      } catch {
        return [];
      }
    });
  }

  heldAgainst(entries: readonly LoadedCertEntry[]): HeldAgainst {
    const { line, ignoredChainErrors, ignoredLeafErrors } = this.#settings;
    const { verify = 'none', minVersion, maxVersion } = { ...line, ...entries[0]?.options };
    const mayResume = !this.#certificates.trustsDiffer;
    return { verify, minVersion, maxVersion, ignoredChainErrors, ignoredLeafErrors, mayResume };
  }

  authoritiesOf(entries: readonly LoadedCertEntry[]): readonly X509Certificate[] {
    return this.#contexts.authoritiesOf(entries);
  }

  /** Protocols that may be agreed on, the preferred first. */
  protocolsOf(entries: readonly LoadedCertEntry[]): readonly string[] {
    return entries[0]?.options.alpn ?? this.#settings.alpn;
  }

  get keepsSecrets(): boolean {
    return this.#settings.keepsSecrets;
  }

  get maxRecordBytes(): number {
    return this.#settings.maxRecordBytes;
  }
}

class PendingHandshake implements Handshake {
  readonly #listener: TlsListener;
  readonly socket: TLSSocket;
  readonly #raw: Socket;
  readonly #hello: HelloFacts | undefined;
  readonly #hellos: HelloRandoms | undefined;
  readonly #keyLog: KeyLog | undefined;
  #watcher: HandshakeWatcher | undefined;
  #entries: readonly LoadedCertEntry[];
  /** As the hello was read, where it was. */
  readonly #askedFor: string | undefined;
  #servername: string | undefined;
  /** A session that is resumed needs no certificate. */
  #isChosen = false;
  #error: NodeJS.ErrnoException | undefined;
  #lastFacts: TlsSocketFacts | undefined;

  constructor(
    listener: TlsListener,
    raw: Socket,
    options: TLSSocketOptions,
    entries: readonly LoadedCertEntry[],
    watcher: HandshakeWatcher,
    { hello, hellos }: SeenHellos,
  ) {
    this.#listener = listener;
    this.#raw = raw;
    this.#entries = entries;
    this.#watcher = watcher;
    this.#hello = hello?.hello;
    this.#askedFor = hello?.servername;
    this.#hellos = hellos;
    const socket = new TLSSocket(raw, {
      ...options,
      SNICallback: (servername, done) => done(null, this.#contextFor(servername)),
      // none in common: Node ends the handshake, as RFC 7301 has it
      ...(listener.protocolsOf(entries).length === 0 || hasNoneOf(listener.protocolsOf(entries), hello)
        ? {}
        : { ALPNCallback: ({ protocols }) => this.#protocolFor(protocols) }),
    });
    this.socket = socket;
    onNoName(socket, () => this.#contextFor(undefined));
    this.#keyLog = listener.keepsSecrets ? KeyLog.of(socket) : undefined;
    raw.on('error', this.#onError);
    socket.on('error', this.#onError);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('secure', this.#onSecure);
  }

  abort(): TlsFacts {
    const facts = this.#lastFacts ?? this.#facts(undefined);
    facts.letGo();
    this.#watcher = undefined;
    this.#raw.destroy();
    return facts;
  }

  /**
   * Puts certificates into the connection, one of each kind of key, and leaves the preferred to Node, which would take no
   * more than one of a context. Undefined: there is none, OpenSSL refuses the handshake and tells the client so.
   */
  #contextFor(servername: string | undefined): SecureContext | undefined {
    this.#isChosen = true;
    this.#servername = servername;
    this.#entries = this.#listener.chosenFor(servername);
    const verify = this.#entries[0]?.options.verify;
    if (verify !== undefined) askForCertificate(this.socket, verify);
    const [preferred, ...others] = this.#listener.contextsOf(this.#entries);
    for (const context of others) this.socket.setKeyCert(context);
    return preferred;
  }

  #protocolFor(offered: readonly string[]): string | undefined {
    return this.#listener.protocolsOf(this.#entries).find(one => offered.includes(one));
  }

  readonly #onSecure = (): void => {
    const watcher = this.#watcher;
    if (watcher === undefined) return;
    const socket = this.socket;
    // nobody is asked for a certificate where a session of the cache is resumed
    this.#servername ??= this.#askedFor;
    if (!this.#isChosen) this.#entries = this.#listener.chosenFor(askedName(socket));
    const facts = this.#facts(undefined);
    const refusal = refusalOf(facts, this.#listener.heldAgainst(this.#entries));
    if (refusal !== undefined) {
      if (refusal.alert !== undefined) watcher.refusing?.(refusal.alert);
      return this.#fail(refusal, facts);
    }
    this.#watcher = undefined;
    releaseToOwner(socket);
    this.#raw.off('error', this.#onError);
    socket.off('error', this.#onError).off('end', this.#onEnd);
    socket.off('close', this.#onClose).off('secure', this.#onSecure);
    socket.allowHalfOpen = true;
    if (this.#listener.maxRecordBytes > 0) socket.setMaxSendFragment(this.#listener.maxRecordBytes);
    watcher.secured(socket, facts);
  };

  /** Only now can the socket still be asked. */
  readonly #onError = (error: Error): void => {
    this.#error ??= error;
    this.#lastFacts ??= this.#facts(error);
  };

  /** A client that leaves without a word. */
  readonly #onEnd = (): void => {
    this.#lastFacts ??= this.#facts(this.#error);
  };

  readonly #onClose = (): void => {
    this.#fail(failureOf(this.#error, this.#raw), this.#lastFacts ?? this.#facts(this.#error));
  };

  #fail(failure: HandshakeFailure, facts: TlsSocketFacts): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    facts.letGo();
    this.socket.destroy();
    this.#raw.destroy();
    watcher?.failed(failure, facts);
  }

  #facts(error: Error | undefined): TlsSocketFacts {
    const entries = this.#entries;
    const { verify } = this.#listener.heldAgainst(entries);
    return new TlsSocketFacts(this.socket, {
      side: 'server',
      certificateName: entries[0]?.certificate.name,
      certificatePem: entries[0]?.certificate.certPem,
      servername: this.#servername,
      hello: this.#hello,
      hellos: this.#hellos,
      keyLog: this.#keyLog,
      error,
      ...(isAsked(verify) ? { authorities: () => this.#listener.authoritiesOf(entries) } : {}),
    });
  }
}

/** A hello that was read shows that nothing can be agreed on. */
function hasNoneOf(protocols: readonly string[], hello: HelloReader | undefined): boolean {
  return hello?.protocols?.some(one => protocols.includes(one)) === false;
}
