/**
 * Goes through a SOCKS4 proxy (`server … socks4`, `via-socks4`, `check-via-socks4`): asks it to connect on, and waits for
 * its consent. Failures have HAProxy's names and numbers.
 */
import { isIPv4 } from 'node:net';
import type { Cause } from '../base/failure.ts';
import { AheadConnection } from './ahead-connection.ts';
import type { Connection, ConnectionHandler, Connector, ConnectTarget } from './connection.ts';
import type { IpTarget } from './prepared-socket.ts';

const VERSION = 4;
const CONNECT = 1;
const GRANTED = 0x5a;
const ANSWER_BYTES = 8;
const USER = 'HAProxy\0';

interface Socks4Failure {
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

/** By the code that handlers are told. */
export const SOCKS4_FAILURES: ReadonlyMap<string, Socks4Failure> = new Map(
  [
    { code: 39, name: 'SOCKS4_SEND', text: 'SOCKS4 Proxy write error during handshake' },
    { code: 41, name: 'SOCKS4_DENY', text: 'SOCKS4 Proxy deny the request' },
    { code: 42, name: 'SOCKS4_ABORT', text: 'SOCKS4 Proxy handshake aborted by server' },
  ].map(failure => [failure.name, failure]),
);

/** SOCKS4 knows only IPv4 addresses. */
export function reachesBySocks4(target: ConnectTarget): target is IpTarget {
  return target.kind === 'ip' && isIPv4(target.host);
}

interface Socks4Way {
  /** What leads to the target, once the handler has heard of it; until then, what leads to the proxy. */
  readonly connection: Connection;
}

/** From where `target` says, and with what it says of the socket, to `proxy`, and from there on to the target. */
export function connectBySocks4(
  connector: Connector,
  proxy: Pick<IpTarget, 'family' | 'host' | 'port'>,
  target: IpTarget,
  handler: ConnectionHandler,
): Socks4Way {
  const { family, host, port } = proxy;
  const asking = new Socks4Handler(target, handler);
  const toProxy = connector.connect({ ...target, family, host, port }, asking);
  return {
    get connection() {
      return asking.made ?? toProxy;
    },
  };
}

function requestFor({ host, port }: IpTarget): Buffer {
  const head = [VERSION, CONNECT, port >> 8, port & 0xff, ...host.split('.').map(Number)];
  return Buffer.concat([Buffer.from(head), Buffer.from(USER)]);
}

/** Its handler hears that the connection stands once the proxy has consented. */
class Socks4Handler implements ConnectionHandler {
  made: Connection | undefined;
  readonly #target: IpTarget;
  readonly #handler: ConnectionHandler;
  #answer = Buffer.alloc(0);

  constructor(target: IpTarget, handler: ConnectionHandler) {
    this.#target = target;
    this.#handler = handler;
  }

  onConnected(connection: Connection): void {
    if (!reachesBySocks4(this.#target)) return this.#handler.onFailed(connection, 'other', 'SOCKS4_SEND');
    const request = requestFor(this.#target);
    connection.send(request, 0, request.length);
  }

  onSent(connection: Connection): void {
    connection.receive();
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#answer = Buffer.concat([this.#answer, buffer.subarray(offset, offset + length)]);
    if (this.#answer.length < ANSWER_BYTES) return connection.receive();
    if (this.#answer[0] !== 0 || this.#answer[1] !== GRANTED)
      return this.#handler.onFailed(connection, 'other', 'SOCKS4_DENY');
    const { family, host, port } = this.#target;
    const rest = this.#answer.subarray(ANSWER_BYTES);
    const made = rest.length === 0 ? connection : new AheadConnection(connection, rest);
    made.remote = { family, host, port };
    made.handler = this.#handler;
    this.made = made;
    this.#handler.onConnected(made);
  }

  onEnd(connection: Connection): void {
    this.#handler.onFailed(connection, 'other', 'SOCKS4_ABORT');
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    this.#handler.onFailed(connection, cause, code);
  }
}
