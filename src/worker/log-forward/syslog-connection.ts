/** A connection that brings syslog messages. Nothing is answered; whoever says no syslog, or nothing for too long, is cut off. */
import { latin1Slice } from '../../base/latin1.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { parseProxyHeader } from '../../net/proxy-protocol/parse.ts';
import { Timer, type TimerWheel } from '../../net/timer-wheel.ts';
import { Inbox } from '../../proxy/inbox.ts';
import { cutMessages, type FramingSettings } from './syslog-framing.ts';

interface SyslogConnectionSettings {
  readonly framing: FramingSettings;
  /** 0: no end. */
  readonly clientTimeoutMs: number;
  /** A PROXY protocol header comes first. */
  readonly acceptProxy: boolean;
  readonly onMessage: (bytes: string, sender: string | undefined) => void;
  readonly onClosed: (connection: Connection) => void;
}

export class SyslogConnection implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #wheel: TimerWheel;
  readonly #settings: SyslogConnectionSettings;
  readonly #silence = new Timer(() => this.#close());
  readonly #inbox = new Inbox();
  #sender: string | undefined;
  #expectsHeader: boolean;

  constructor(connection: Connection, wheel: TimerWheel, settings: SyslogConnectionSettings) {
    this.#connection = connection;
    this.#wheel = wheel;
    this.#settings = settings;
    this.#expectsHeader = settings.acceptProxy;
    this.#know(connection.remote);
  }

  start(): void {
    this.#connection.handler = this;
    this.#await();
  }

  #know({ family, host }: Connection['remote']): void {
    this.#sender = family === 0 ? undefined : host;
  }

  #await(): void {
    const { clientTimeoutMs } = this.#settings;
    if (clientTimeoutMs > 0) this.#wheel.set(this.#silence, clientTimeoutMs);
    this.#inbox.detach();
    this.#connection.receive();
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#inbox.add(buffer, offset, length);
    if (this.#expectsHeader && !this.#readHeader()) return;
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
    if (this.#connection.closed) return;
    this.#wheel.remove(this.#silence);
    this.#connection.close();
    this.#settings.onClosed(this.#connection);
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
