/**
 * Handshakes of one `bind` line in one thread that OpenSSL can make without Node: those in which nothing has to be settled
 * that the hello does not tell beforehand. All others are Node's (tls-listener.ts).
 */
import type { LoadedCertEntry } from '../../../model/tls-material.ts';
import type { Connection, Engine } from '../../connection.ts';
import type { HelloReader } from '../hello-reader.ts';
import { KeyLog } from '../key-log.ts';
import type { ListenerContexts } from '../listener-contexts.ts';
import type { ListenerSettings } from '../listener-settings.ts';
import type { EarlyGuard } from '../early/early-guard.ts';
import { openSsl } from '../records/openssl.ts';
import type { Staples } from '../staples.ts';
import type { CertificateChoice } from '../thread-certificates.ts';
import { addressOfContext, makeReady, stopLogging } from './context-address.ts';
import { isAsked } from '../tls-handle.ts';
import { ClientVerification } from './client-verification.ts';
import { DirectHandshake, type DirectWatcher } from './direct-handshake.ts';
import { places } from './direct-secrets.ts';
import type { SslContext } from './ssl.ts';
import { type SslCalls, sslCalls } from './ssl-calls.ts';
import { tapsOf } from './taps.ts';

type Entries = readonly LoadedCertEntry[];

/** `context` undefined: OpenSSL does not take what commands brought in, or Node does not tell where it is. */
interface Made {
  readonly entries: Entries;
  readonly defaults: Entries;
  readonly context: SslContext | undefined;
}

/** Certificates beside it are replaced while it stays: what was made with those goes. */
const MOST_OF_ONE = 16;

export class DirectListener {
  readonly #calls: SslCalls;
  readonly #settings: ListenerSettings;
  readonly #certificates: CertificateChoice;
  readonly #contexts: ListenerContexts;
  readonly #staples: Staples;
  readonly #guard: EarlyGuard | undefined;
  /** By the first of the certificates: gone with it. */
  readonly #made = new WeakMap<LoadedCertEntry, Made[]>();

  /** Undefined: its handshakes are all Node's, or this Node does not let its OpenSSL be called. */
  static of(
    settings: ListenerSettings,
    certificates: CertificateChoice,
    contexts: ListenerContexts,
    staples: Staples,
    guard: EarlyGuard | undefined,
  ): DirectListener | undefined {
    const keepsSessions = settings.noTickets && settings.cacheSize > 0;
    const calls = keepsSessions || openSsl() === undefined ? undefined : sslCalls();
    return calls && new DirectListener(calls, settings, certificates, contexts, staples, guard);
  }

  private constructor(
    calls: SslCalls,
    settings: ListenerSettings,
    certificates: CertificateChoice,
    contexts: ListenerContexts,
    staples: Staples,
    guard: EarlyGuard | undefined,
  ) {
    this.#calls = calls;
    this.#settings = settings;
    this.#certificates = certificates;
    this.#contexts = contexts;
    this.#staples = staples;
    this.#guard = guard;
  }

  /** Makes what a handshake without a name needs: the first client would wait for it. */
  prepare(): void {
    const defaults = this.#certificates.choose(undefined, this.#settings.strictSni);
    const [first] = defaults;
    if (first !== undefined) this.#contextOf(first, defaults);
  }

  /** Undefined: it is Node's to make. */
  begin(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    hello: HelloReader,
    watcher: DirectWatcher,
  ): DirectHandshake | undefined {
    const entries = this.#entriesFor(hello);
    const [preferred] = entries;
    const context = preferred && this.#contextOf(preferred, entries);
    if (preferred === undefined || context === undefined) return undefined;
    const { keepsSecrets } = this.#settings;
    if (context.isLogged && places.areKnown && !keepsSecrets) stopLogging(context);
    const guard = context.takesEarly ? this.#guard : undefined;
    const protocols = preferred.options.alpn ?? this.#settings.alpn;
    const options = {
      side: 'server',
      context,
      protocol: protocols.find(one => hello.protocols?.includes(one)),
      ticketKeys: this.#contexts.ticketKeys.source,
      sni: hello.servername,
      hello: hello.hello,
      certificate: preferred.certificate,
      maxRecordBytes: this.#settings.maxRecordBytes,
      verification: isAsked(this.#verifyOf(preferred)) ? new ClientVerification(this.#settings) : undefined,
      keyLog: keepsSecrets ? new KeyLog() : undefined,
      stapleOf: (certificate: Buffer) => this.#staples.responseAmong(entries, certificate, Date.now()),
      guard,
      binder: guard === undefined ? undefined : hello.earlyBinder(),
    } as const;
    return DirectHandshake.begin(plain, engine, options, hello.bytes, watcher);
  }

  /** None: the hello asks for more than can be done here. */
  #entriesFor(hello: HelloReader): Entries {
    if (!hello.isPlain) return [];
    return this.#certificates.choose(hello.servername, this.#settings.strictSni);
  }

  #verifyOf({ options }: LoadedCertEntry): 'none' | 'optional' | 'required' {
    return options.verify ?? this.#settings.line.verify ?? 'none';
  }

  /** `allow-0rtt` */
  #takesEarly(first: LoadedCertEntry | undefined): boolean {
    const { line, noTickets } = this.#settings;
    return this.#guard !== undefined && !noTickets && (first?.options.earlyData ?? line.earlyData ?? false);
  }

  #contextOf(first: LoadedCertEntry, entries: Entries): SslContext | undefined {
    const defaults = this.#certificates.choose(undefined, this.#settings.strictSni);
    const known = this.#made.get(first) ?? [];
    const same = known.find(made => areSame(made.entries, entries) && areSame(made.defaults, defaults));
    if (same !== undefined) return same.context;
    const context = this.#make(entries, defaults);
    this.#made.set(first, [...known, { entries, defaults, context }].slice(-MOST_OF_ONE));
    return context;
  }

  #make(entries: Entries, defaults: Entries): SslContext | undefined {
    try {
      const node = this.#contexts.wholeContext(entries, defaults);
      const address = addressOfContext(node);
      if (address === undefined) return undefined;
      const hasTicketKeys = this.#contexts.ticketKeys.source !== undefined;
      const verify = entries[0] === undefined ? 'none' : this.#verifyOf(entries[0]);
      const takesEarly = this.#takesEarly(entries[0]);
      makeReady(this.#calls, address, tapsOf(this.#calls), { hasTicketKeys, verify, takesEarly });
      return { calls: this.#calls, address, node, isLogged: true, takesEarly };
    } catch {
      return undefined;
    }
  }
}

function areSame(some: Entries, others: Entries): boolean {
  return some.length === others.length && some.every((entry, index) => entry === others[index]);
}
