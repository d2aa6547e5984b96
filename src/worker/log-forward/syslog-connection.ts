/**
 * A connection that brings syslog messages: a PROXY header, a TLS handshake, and they, as its line says. Nothing is answered;
 * whoever says no syslog, or nothing for too long, is cut off.
 */
import { latin1Slice } from '../../base/latin1.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { parseProxyHeader } from '../../net/proxy-protocol/parse.ts';
import type { IncomingHandshake, IncomingSink } from '../../net/tls/incoming-handshake.ts';
import { Timer, type TimerWheel } from '../../net/timer-wheel.ts';
import { Inbox } from '../../proxy/client/inbox.ts';
import { cutMessages, type FramingSettings } from './syslog-framing.ts';

export interface SyslogConnectionSettings {
  readonly framing: FramingSettings;
  /** 0: no end. */
  readonly clientTimeoutMs: number;
  /** A PROXY protocol header comes first. */
  readonly acceptProxy: boolean;
  /** Encrypts it, behind that header. Undefined: it goes in plain text. */
  readonly secure: ((plain: Connection, sink: IncomingSink) => IncomingHandshake) | undefined;
  readonly onMessage: (bytes: string, sender: string | undefined) => void;
  readonly onClosed: (connection: Connection) => void;
}

export class SyslogConnection implements ConnectionHandler, IncomingSink {
  readonly #plain: Connection;
  /** Another one behind the handshake. */
  #connection: Connection;
  #handshake: IncomingHandshake | undefined;
  readonly #wheel: TimerWheel;
  readonly #settings: SyslogConnectionSettings;
  readonly #silence = new Timer(() => this.#close());
  readonly #inbox = new Inbox();
  #sender: string | undefined;
  #expectsHeader: boolean;
  #isSecured: boolean;
  #isOver = false;

  constructor(connection: Connection, wheel: TimerWheel, settings: SyslogConnectionSettings) {
    this.#plain = this.#connection = connection;
    this.#isSecured = settings.secure === undefined;
    this.#wheel = wheel;
    this.#settings = settings;
    this.#expectsHeader = settings.acceptProxy;
    this.#know(connection.remote);
  }

  start(): void {
    this.#connection.handler = this;
    if (this.#expectsHeader || this.#isSecured) this.#await();
    else this.#secure();
  }

  /** As long as nothing is said the client is waited for as for messages. */
  #secure(): void {
    const { clientTimeoutMs, secure } = this.#settings;
    if (clientTimeoutMs > 0) this.#wheel.set(this.#silence, clientTimeoutMs);
    const { buffer, start, end } = this.#inbox;
    const ahead = Buffer.from(buffer.subarray(start, end));
    this.#inbox.clear();
    this.#handshake = secure?.(this.#plain, this);
    this.#handshake?.start(ahead);
  }

  secured(connection: Connection): void {
    this.#handshake = undefined;
    this.#isSecured = true;
    this.#connection = connection;
    connection.handler = this;
    this.#await();
  }

  failed(): void {
    this.#handshake = undefined;
    this.#close();
  }

  #know({ family, host }: Connection['remote']): void {
    this.#sender = family === 0 ? undefined : host;
  }

  #await(): void {
    const { clientTimeoutMs } = this.#settings;
    if (clientTimeoutMs > 0) this.#wheel.set(this.#silence, clientTimeoutMs);
    this.#inbox.detach();
    this.#connection.receive(!this.#isSecured);
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#inbox.add(buffer, offset, length);
    if (this.#expectsHeader && !this.#readHeader()) return;
    if (!this.#isSecured) return this.#secure();
    const state = cutMessages(this.#inbox, this.#settings.framing, (bytes, start, end) =>
      this.#settings.onMessage(latin1Slice(bytes, start, end), this.#sender),
    );
    if (state === 'broken') this.#close();
    else this.#await();
  }

  /** False: it is not there yet, or there is none. */
  #readHeader(): boolean {
    const { buffer, start, end } = this.#inbox;
    const parsed = parseProxyHeader(buffer, start, end);
    if (parsed.kind === 'incomplete') this.#await();
    if (parsed.kind === 'invalid') this.#close();
    if (parsed.kind !== 'header') return false;
    this.#inbox.consume(parsed.length);
    if (parsed.header.source !== undefined) this.#know(parsed.header.source);
    this.#expectsHeader = false;
    return true;
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wheel.remove(this.#silence);
    this.#handshake?.abort();
    this.#connection.close();
    this.#settings.onClosed(this.#plain);
  }

  onEnd(): void {
    this.#close();
  }
  onFailed(): void {
    this.#close();
  }
  onSent(): void {}
  onConnected(): void {}
}
