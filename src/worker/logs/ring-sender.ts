/**
 * Sends the lines of a ring to a server of its section, over one connection that is made again when it breaks. It begins
 * with the oldest line there is; while the server is away the ring keeps what has room.
 */
import type { Socket } from 'node:net';
import type { Server } from '../../model/server.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import type { LogRing } from './log-ring.ts';
import { connectToServer } from '../servers/server-connection.ts';

const RECONNECT_AFTER_MS = 1000;

export class RingSender {
  readonly #ring: LogRing;
  readonly #server: Server;
  readonly #secure: SecureConnect;
  readonly #countsOctets: boolean;
  readonly #unfollow: () => void;
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isReady = false;
  /** The next line to send. */
  #next = 0;
  #lostBefore = 0;

  constructor(ring: LogRing, server: Server, secure: SecureConnect) {
    this.#ring = ring;
    this.#server = server;
    this.#secure = secure;
    this.#countsOctets = server.otherOptions.get('log-proto')?.[0] === 'octet-count';
    this.#unfollow = ring.follow(() => this.#send());
    this.#connect();
  }

  /** Lines that newer ones took the room of before they could be sent. */
  get lost(): number {
    return this.#lostBefore + Math.max(this.#ring.oldest - this.#next, 0);
  }

  #connect(): void {
    const { connectTimeoutMs, serverTimeoutMs } = this.#ring.settings;
    const socket = connectToServer(this.#server, this.#secure, () => {
      socket.setTimeout(0);
      this.#isReady = true;
      if (serverTimeoutMs !== undefined)
        // silence is a fault only where something waits to be taken
        socket.setTimeout(serverTimeoutMs, () => socket.writableLength > 0 && socket.destroy());
      this.#send();
    });
    this.#socket = socket;
    socket.unref();
    socket.resume();
    if (connectTimeoutMs !== undefined) socket.setTimeout(connectTimeoutMs, () => socket.destroy());
    socket.on('drain', () => {
      this.#isReady = true;
      this.#send();
    });
    // told by close
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost());
  }

  #lost(): void {
    this.#socket = undefined;
    this.#isReady = false;
    this.#retry = setTimeout(() => this.#connect(), RECONNECT_AFTER_MS);
    this.#retry.unref();
  }

  #send(): void {
    if (!this.#isReady || this.#socket === undefined) return;
    this.#lostBefore = this.lost;
    const lines = this.#ring.since(this.#next);
    this.#next = this.#ring.next;
    if (lines.length === 0) return;
    const frame = this.#countsOctets
      ? (line: string): string => `${line.length} ${line}`
      : (line: string): string => `${line}\n`;
    this.#isReady = this.#socket.write(lines.map(frame).join(''), 'latin1');
  }

  close(): void {
    this.#unfollow();
    clearTimeout(this.#retry);
    this.#socket?.removeAllListeners('close');
    this.#socket?.end();
  }
}
