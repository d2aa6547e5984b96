/** Goes through a SOCKS4 proxy (`via-socks4`, `check-via-socks4`): asks it to connect on, and waits for its consent. */
import { isIPv4 } from 'node:net';
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, ConnectTarget } from '../net/connection.ts';

const VERSION = 4;
const CONNECT = 1;
const GRANTED = 0x5a;
const ANSWER_BYTES = 8;
const USER = 'HAProxy\0';

/** Undefined: SOCKS4 knows only IPv4 addresses. */
export function socks4Request(target: ConnectTarget): Buffer | undefined {
  if (target.kind !== 'ip' || !isIPv4(target.host)) return undefined;
  const head = Buffer.from([VERSION, CONNECT, target.port >> 8, target.port & 0xff]);
  return Buffer.concat([head, Buffer.from(target.host.split('.').map(Number)), Buffer.from(USER)]);
}

/** Its handler hears that the connection stands once the proxy has consented. */
export class Socks4Handler implements ConnectionHandler {
  readonly #request: Buffer;
  readonly #handler: ConnectionHandler;
  #answer = Buffer.alloc(0);

  constructor(request: Buffer, handler: ConnectionHandler) {
    this.#request = request;
    this.#handler = handler;
  }

  onConnected(connection: Connection): void {
    connection.send(this.#request, 0, this.#request.length);
  }

  onSent(connection: Connection): void {
    connection.receive();
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#answer = Buffer.concat([this.#answer, buffer.subarray(offset, offset + length)]);
    if (this.#answer.length < ANSWER_BYTES) return connection.receive();
    if (this.#answer[0] !== 0 || this.#answer[1] !== GRANTED)
      return this.#handler.onFailed(connection, 'other', 'SOCKS4_DENY');
    connection.handler = this.#handler;
    this.#handler.onConnected(connection);
  }

  onEnd(connection: Connection): void {
    this.#handler.onFailed(connection, 'other', 'SOCKS4_ABORT');
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    this.#handler.onFailed(connection, cause, code);
  }
}
