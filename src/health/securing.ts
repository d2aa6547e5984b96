/**
 * A check's connection that becomes TLS: the PROXY header first, then the handshake, and its handler hears that it is
 * connected when that is done.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { HandshakeFailure } from '../net/tls/handshake-failure.ts';
import type { Adopter } from '../net/tls/handshake-wire.ts';
import type { HandshakeSink, OutgoingHandshake } from '../net/tls/outgoing-handshake.ts';
import type { ServerTlsClient } from '../net/tls/server-tls.ts';
import type { CheckHeader } from './ruleset-check.ts';

/** Who counts the handshakes of checks. */
export interface HandshakeCounts {
  secured(isResumed: boolean): void;
  failed(): void;
}

interface SecuringParts {
  readonly client: ServerTlsClient;
  readonly engine: Adopter;
  readonly sni: string | undefined;
  readonly alpn: readonly string[] | undefined;
  /** Sent before the handshake. */
  readonly header: CheckHeader | undefined;
  readonly handler: ConnectionHandler;
  readonly counts: HandshakeCounts;
}

export class Securing implements ConnectionHandler, HandshakeSink {
  layer: 'tcp' | 'tls' = 'tcp';
  /** Once it is encrypted. */
  connection: Connection | undefined;
  readonly #parts: SecuringParts;
  #plain: Connection | undefined;
  #handshake: OutgoingHandshake | undefined;

  constructor(parts: SecuringParts) {
    this.#parts = parts;
  }

  onConnected(plain: Connection): void {
    const { header } = this.#parts;
    this.#plain = plain;
    if (header === undefined) return this.#shakeHands(plain);
    const bytes = header(plain.local, plain.remote);
    plain.send(bytes, 0, bytes.length);
  }

  onSent(plain: Connection): void {
    this.#shakeHands(plain);
  }

  #shakeHands(plain: Connection): void {
    const { client, engine, sni, alpn } = this.#parts;
    this.layer = 'tls';
    this.#handshake = client.handshake(engine, plain, sni, this, alpn);
  }

  secured(connection: Connection): void {
    const { handler, counts } = this.#parts;
    this.#handshake = undefined;
    counts.secured(connection.tls?.resumed === true);
    this.connection = connection;
    connection.handler = handler;
    handler.onConnected(connection);
  }

  handshakeFailed({ name }: HandshakeFailure): void {
    this.#handshake = undefined;
    this.#parts.counts.failed();
    this.#parts.handler.onFailed(this.#plain as Connection, 'other', name);
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    this.#parts.handler.onFailed(connection, cause, code);
  }

  /** The check is over. */
  abort(): void {
    this.#handshake?.abort();
    this.#handshake = undefined;
  }

  // nothing is read before the handshake
  onReceived(): void {
    throw new Error('received before the handshake');
  }
  onEnd(): void {
    throw new Error('ended before the handshake');
  }
}
