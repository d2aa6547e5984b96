/**
 * The connection interface: what proxy/ knows of sockets. Engines (engines/uring, engines/epoll, engines/node) implement
 * it; a suite in test/net/ holds them to the same behaviour.
 *
 * It is completion-shaped, the stricter of the two worlds:
 *
 *   receive()  ──▶ exactly one of  onReceived(slice) · onEnd() · onFailed(cause)
 *   send(slice) ─▶ exactly one of  onSent() · onFailed(cause)
 *
 * - A received slice belongs to the handler until it calls receive() (or close()) on that connection again:
 *   it may be parsed, changed in place and handed to another connection's send().
 * - A slice under send() must not be changed, nor may its origin be re-armed, before onSent().
 *   One send and one receive may be pending per connection at a time; a second one is a bug (it throws).
 * - After close() or reset() no callback comes any more.
 * - An idle connection (receive armed, nothing arriving) holds no buffer.
 * - Callbacks may come before the call that caused them returns (onSent from within send); handlers are
 *   written for it.
 */
import type { Socket } from 'node:net';
import type { Cause } from '../base/failure.ts';
import type { TcpKeepAlive } from '../model/proxy.ts';
import type { SocketTuning } from './socket-tuning.ts';
import type { TlsError, TlsFacts } from './tls/tls-facts.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** One end of a connection. `family` 0: a unix socket (then `host` is its path or empty, `port` 0). */
export interface Endpoint {
  readonly family: 0 | 4 | 6;
  readonly host: string;
  readonly port: number;
}

/** The socket that a stream of HTTP/2 shares with others. */
export interface CarriedFacts {
  /** Streams that are open on it, and how many the peer takes at a time. */
  readonly openStreams: number;
  readonly streamsLimit: number;
  /** What the peer has done that is suspicious. */
  readonly glitches: number;
}

/** What comes behind a send, as far as its owner knows. */
export const MORE = 0;
/**
 * Nothing for now. Of a received slice onSent may come before the kernel has the bytes. Nobody may write to them then, but their
 * origin may be armed again, as if they had been sent: what the kernel does not take at once is sent all the same, and the
 * next send(), shutdown() and close() come behind it. That it has failed is told like a failed receive.
 */
export const PAUSE = 1;
/** shutdown() or close(): FIN may go with these bytes. */
export const END = 2;

export type Follows = typeof MORE | typeof PAUSE | typeof END;

export interface Connection {
  /** Unique in its thread while the connection lives. */
  readonly id: number;
  handler: ConnectionHandler;
  /**
   * The peer's address. May be replaced (PROXY protocol, set-src). The kernel is asked at the first use: whoever
   * wants it after the close (a log) has read it before.
   */
  remote: Endpoint;
  /** This side's address. May be replaced (PROXY protocol, set-dst). */
  local: Endpoint;
  /** Bytes read from and written to the socket so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /**
   * So many bytes in front of a received slice are the handler's as well, to write what it adds to what came; absent:
   * none.
   */
  readonly headroom?: number;
  /** Raw descriptor for socket options through koffi; -1 when there is none (TLS, closed). */
  readonly fd: number;

  /** What its TLS handshake agreed on, as the one who made it knows; absent: none was made. */
  tls?: TlsFacts | undefined;
  /** What its peer has done wrong behind that, or was told of; absent: nothing. */
  readonly tlsFailure?: TlsError | undefined;
  /** Of one stream of several: what carries it, its number there, and the code the peer has reset it with (-1: not). */
  readonly carrier?: CarriedFacts;
  readonly streamId?: number;
  readonly rstCode?: number;
  /** What its peer has done that is suspicious, by HTTP/1; absent: nothing. */
  glitches?: number;

  /** Arms one read. `inBody`: more is known to come, and may do so in bulk. */
  receive(inBody?: boolean): void;
  /** True while a read is armed. */
  readonly receiving: boolean;
  /** In onReceived: the peer has ended behind these bytes, as onEnd will tell. Absent: not known. */
  readonly endsBehind?: boolean;
  /** Hands bytes to the kernel; the slice stays untouched until onSent. */
  send(buffer: Buffer, offset: number, length: number, follows?: Follows): void;
  /** True while a send has not completed. */
  readonly sending: boolean;
  /**
   * Moves so many bytes that are still to come on to `target` without showing them: to the caller this is a receive and
   * a send that are pending until done() or sourceEnded(); failures are told to the handlers as ever. False: the
   * engine cannot, or not now.
   */
  moveTo?(target: Connection, length: number, sink: MoveSink): boolean;
  /**
   * Gives its descriptor up to a layer that Node does (TLS, where it does not go over the connection itself), which comes
   * back as a connection by Engine.adopt(). Only while nothing is pending, and where all receives so far were made with `inBody`. The connection
   * is closed then, without a callback. Absent: what lies under it is no socket.
   */
  handOver?(): HandedOver;
  /** Sends FIN after the pending send. Reading goes on. */
  shutdown(): void;
  /** Closes now; a pending send is given to the kernel as far as it takes it. Idempotent. */
  close(): void;
  /** close() keeps no port (spare-port.ts): it is a reset until the peer has ended. Absent: what lies under it decides. */
  sparesPort?: boolean;
  /** Closes with RST (SO_LINGER 0). Idempotent. */
  reset(): void;
  readonly closed: boolean;
}

/** What is left of a connection that was handed over. */
export interface HandedOver {
  /** The receiver's to close. */
  readonly fd: number;
  /** What had come in without being asked for. */
  readonly ahead: Buffer | undefined;
}

/** Hears how a moveTo() gets on. */
export interface MoveSink {
  /** So many bytes have come from the source. */
  taken(bytes: number): void;
  /** So many are with the target's socket. */
  passed(bytes: number): void;
  /** Nothing moves until that side goes on. */
  waitsFor(side: 'source' | 'target'): void;
  /** All have been passed. */
  done(): void;
  /** FIN before that; what has come has been passed. The next receive() tells it. */
  sourceEnded(): void;
}

export interface ConnectionHandler {
  /** Only for connections made by connect(): the handshake has completed. */
  onConnected(connection: Connection): void;
  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void;
  /** FIN from the peer. Our side can still send. */
  onEnd(connection: Connection): void;
  onSent(connection: Connection): void;
  /**
   * The connection is dead (refused, reset, timed out while connecting). close() is still to be called. `code`: the
   * name of the system error where the engine knows it.
   */
  onFailed(connection: Connection, cause: Cause, code?: string): void;
}

export type ConnectTarget =
  | {
      readonly kind: 'ip';
      readonly family: 4 | 6;
      readonly host: string;
      readonly port: number;
      /** Bind before connecting. Port 0: any. `transparent`: the address need not be this host's (usesrc). */
      readonly source?: { readonly host: string; readonly port: number; readonly transparent?: boolean };
      readonly interface?: string;
      /** Name of the network namespace it is made in. */
      readonly namespace?: string;
      /** Signs every segment (RFC 2385). */
      readonly md5Signature?: string;
      /** Options set before connecting: `option srvtcpka`, `option nolinger`, `tcp-ut`. */
      readonly keepAlive?: TcpKeepAlive;
      readonly noLinger?: boolean;
      readonly userTimeoutMs?: number;
      /** The server option `tfo`. */
      readonly fastOpen?: boolean;
      /** The server option `cc`, `tune.rcvbuf.server` and its like. */
      readonly tuning?: SocketTuning;
      /**
       * The last step of the handshake may wait for data or for the close: a connection that is reset at once then
       * costs both sides less. For peers that do not speak first.
       */
      readonly delayAck?: boolean;
    }
  /** A path, or a name in the abstract namespace when it starts with NUL. */
  | { readonly kind: 'unix'; readonly path: string };

export interface Listener {
  /** Stop accepting for now (maxconn reached, frontend disabled); connections wait in the kernel's backlog. */
  pause(): void;
  resume(): void;
  /**
   * Stop for good; the descriptor handed in is closed. `refuse`: the TCP socket keeps its address, and the kernel refuses
   * who comes from now on; who has been let in before is served.
   */
  close(refuse?: boolean): void;
  readonly paused: boolean;
}

/** What makes connections and nothing else. */
export interface Connector {
  /** Starts connecting; the handler hears onConnected or onFailed. No timeout of its own. */
  connect(target: ConnectTarget, handler: ConnectionHandler): Connection;
  /** Closes all and frees what it holds. */
  destroy(): void;
}

/** What goes on in a moment. */
export interface Waiting {
  deliver(): void;
}

export interface Engine extends Connector {
  readonly name: 'node' | 'uring';
  readonly wheel: TimerWheel;
  /**
   * Serves a listening descriptor that belongs to this thread alone (net/listening-socket.ts makes them).
   * `onAccept` sets the connection's handler before it returns. Accept errors (EMFILE, ...) are reported to
   * `onError` with the system's error name; the listener backs off and goes on.
   */
  listen(fd: number, onAccept: (connection: Connection) => void, onError: (code: string) => void): Listener;
  /** A socket of Node's (a TLSSocket, say) as a connection of this thread. It does not read before receive(). */
  adopt(socket: Socket, handler: ConnectionHandler): Connection;
  /** Calls deliver() once the current callbacks are over. */
  queue(waiting: Waiting): void;
  /** Open connections (accepted and made), for the leak checks and `show info`. */
  readonly openConnections: number;
}
