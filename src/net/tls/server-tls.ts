/**
 * TLS towards one server in one thread: its context, the names its certificate must have, and the sessions it can be
 * asked to resume, the last one for each name.
 */
import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ServerTls } from '../../model/server.ts';
import type { Connection, Engine } from '../connection.ts';
import { stopLogging } from './direct/context-address.ts';
import { places } from './direct/direct-secrets.ts';
import { EarlyRequest } from './early/early-request.ts';
import { checkHostName } from './host-names.ts';
import type { Adopter } from './handshake-wire.ts';
import { KeyLog } from './key-log.ts';
import { MISMATCH, SNI_MISMATCH } from './handshake-failure.ts';
import { type HandshakeSink, OutgoingHandshake } from './outgoing-handshake.ts';
import { rehearseHandshake } from './rehearsal.ts';
import { contextKey, type ServerContexts } from './server-contexts.ts';

/** Names come from clients: so many sessions are kept at most. */
const SESSIONS_AT_MOST = 100;

/** For who was told nothing, and verifies nothing. */
export const UNVERIFIED: ServerTls = { verify: 'none', folder: '' };

export class ServerTlsClient {
  readonly #settings: ServerTls;
  readonly #contexts: ServerContexts;
  readonly #key: string;
  readonly #sessions = new Map<string, Buffer>();
  #context: SecureContext | undefined;

  constructor(settings: ServerTls, contexts: ServerContexts) {
    this.#settings = settings;
    this.#contexts = contexts;
    this.#key = contextKey(settings);
  }

  /** Makes its context, so that the first handshake has not to wait for it, nor others for the handshake. */
  prepare(): void {
    rehearseHandshake(this.#contexts.of(this.#key, this.#settings));
  }

  /** `sni`: the name asked for; undefined or empty: none. `alpn`: in place of the server's. */
  handshake(
    engine: Adopter,
    plain: Connection,
    sni: string | undefined,
    sink: HandshakeSink,
    alpn = this.#settings.alpn,
  ): OutgoingHandshake {
    const { verify, verifyHost, noReuse } = this.#settings;
    const name = sni === '' ? undefined : sni;
    const secureContext = this.#currentContext();
    const session = this.#sessions.get(name ?? '');
    const expected = name ?? verifyHost;
    const servername = nameToAskFor(name);
    return new OutgoingHandshake(
      engine,
      plain,
      {
        secureContext,
        rejectUnauthorized: verify === 'required',
        checkNames: certificate =>
          expected === undefined ? undefined : checkHostName(expected, certificate),
        wrongNames: name === undefined ? MISMATCH : SNI_MISMATCH,
        keepsSecrets: this.#contexts.keepsSecrets,
        keepSession: noReuse === true ? undefined : this.#keeperOf(name ?? ''),
        ...(servername !== undefined && { servername }),
        ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
        ...(session !== undefined && { session }),
      },
      sink,
    );
  }

  /**
   * A connection whose first bytes may go out with its hello, which has not been sent yet (early/early-request.ts). Undefined: no
   * session is there that is good for it.
   */
  early(engine: Pick<Engine, 'queue'>, plain: Connection, sni: string | undefined): Connection | undefined {
    const { alpn = [], verify, verifyHost } = this.#settings;
    const name = sni === '' ? undefined : sni;
    this.#currentContext();
    const session = this.#sessions.get(name ?? '');
    const context = session && this.#contexts.direct(this.#key, this.#settings);
    if (session === undefined || context === undefined) return undefined;
    const { keepsSecrets } = this.#contexts;
    if (context.isLogged && places.areKnown && !keepsSecrets) stopLogging(context);
    const expected = verify === 'required' ? (name ?? verifyHost) : undefined;
    return EarlyRequest.over(plain, engine, {
      context,
      session,
      servername: nameToAskFor(name),
      alpn,
      checkNames: certificate => (expected === undefined ? undefined : checkHostName(expected, certificate)),
      keepSession: this.#keeperOf(name ?? ''),
      forgetSession: () => void this.#sessions.delete(name ?? ''),
      keyLog: keepsSecrets ? new KeyLog() : undefined,
    });
  }

  /** Sessions of one whose files were exchanged are not resumed: nobody would verify the certificates again. */
  #currentContext(): SecureContext {
    const context = this.#contexts.of(this.#key, this.#settings);
    if (context !== this.#context) this.#sessions.clear();
    this.#context = context;
    return context;
  }

  #keeperOf(name: string): (session: Buffer) => void {
    const context = this.#context;
    return session => {
      if (context !== this.#context) return;
      this.#sessions.delete(name);
      this.#sessions.set(name, session);
      if (this.#sessions.size <= SESSIONS_AT_MOST) return;
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined) this.#sessions.delete(oldest);
    };
  }
}

/** RFC 6066, section 3: addresses are no names. */
function nameToAskFor(name: string | undefined): string | undefined {
  return name === undefined || isIP(name) !== 0 ? undefined : name;
}
