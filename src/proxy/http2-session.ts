/**
 * One client connection that speaks HTTP/2 (RFC 9113), in `mode http`: node:http2 reads and writes its frames, every
 * stream of it that is a request becomes an http2-client.ts. It says goodbye by GOAWAY when it has been idle for too
 * long, when the process stops, or when the client has asked too much of it.
 *
 *   socket ─▶ node:http2 ─ stream, fields ─▶ readHttp2Request ─▶ Http2Wire + Http2Client ─▶ HttpStream
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { readHttp2Request } from '../http/http2-request.ts';
import type { Connection, Endpoint, HandedOver } from '../net/connection.ts';
import { descriptorOf } from '../net/engines/node/stream-socket.ts';
import { Timer } from '../net/timer-wheel.ts';
import { FIELD } from '../state/counter-fields.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import { Http2Client, type Http2Connection } from './http2-client.ts';
import { type Http2Counts, Http2StreamFacts } from './http2-facts.ts';
import { Http2Wire, PROTOCOL_ERROR, type WireHost } from './http2-wire.ts';
import type { PrivateConnections } from './private-connections.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';
import type { StreamPool } from './stream-pool.ts';

interface SessionStream extends ServerHttp2Stream {
  listenedBy: Http2ClientSession;
  /** Absent: it was refused. */
  wire?: Http2Wire;
}

/** RFC 9113 section 7. */
const ENHANCE_YOUR_CALM = 0xb;
const END_STREAM = 0x1;
/** At that part of the threshold a connection may end what it has begun, and no more. */
const SENT_AWAY = 0.75;
/** How long a connection that was told to go may take. */
const LINGER_MS = 2000;

export class Http2ClientSession implements Http2Connection, Http2Counts, WireHost {
  readonly streams: StreamPool;
  readonly listener: ListenerRuntime;
  readonly facts: ClientConnectionFacts;
  privateConnections: PrivateConnections | undefined;
  served = 0;
  glitches = 0;
  readonly #thread: DataThread;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #ends: { readonly remote: Endpoint; readonly local: Endpoint };
  readonly #timer = new Timer(() => this.#expired());
  /** Requests that are served now; streams that are open, to the last byte that the socket has taken. */
  #active = 0;
  #open = 0;
  /** Streams that were reset from here. */
  readonly #ownResets = new Set<ServerHttp2Stream>();
  #isWide = false;
  #leaving = false;
  #over = false;

  /** `socket`: nothing of it has been read but what was put back. */
  constructor(streams: StreamPool, listener: ListenerRuntime, facts: ClientConnectionFacts, socket: Socket) {
    this.streams = streams;
    this.listener = listener;
    this.facts = facts;
    this.#thread = streams.thread;
    this.#socket = socket;
    const { remote, local } = facts.connection;
    this.#ends = { remote, local };
    const { session } = this.#thread.http2;
    // a thread that serves no HTTP/2 does not load it
    this.#session = process.getBuiltinModule('node:http2').performServerHandshake(socket, session);
    this.#listen();
  }

  #listen(): void {
    const session = this.#session;
    session.on('stream', (stream: ServerHttp2Stream, _fields: unknown, flags: number, raw: string[]) =>
      this.#opened(stream, flags, raw),
    );
    session.on('remoteSettings', () => this.#count(FIELD.h2_settings_rcvd, 1));
    session.on('goaway', () => this.#count(FIELD.h2_goaway_rcvd, 1));
    session.on('error', () => this.#oddity());
    session.on('frameError', () => this.#oddity());
    session.on('close', () => this.#end());
    // with half-open sockets nobody else notices
    this.#socket.on('end', () => session.destroy());
  }

  start(): void {
    this.#thread.clients.add(this);
    this.#count(FIELD.h2_total_connections, 1);
    this.#count(FIELD.h2_open_connections, 1);
    this.#count(FIELD.h2sess, 1);
    this.#await(this.requestTimeoutMs);
  }

  #count(field: number, amount: number): void {
    const { counters } = this.#thread.state;
    counters.add(counters.frontend(this.listener.frontend.row), field, amount);
  }

  // ── streams ──

  #opened(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    this.#open++;
    this.#thread.wheel.clear(this.#timer);
    stream.on('error', ignore);
    (stream as SessionStream).listenedBy = this;
    stream.on('close', onClose);
    this.#count(FIELD.h2_headers_rcvd, 1);
    this.#count(FIELD.h2_backend_open_streams, 1);
    this.#count(FIELD.h2_backend_total_streams, 1);
    const { limits } = this.listener.frontend;
    // what is reset before anybody has looked at it is asked for to no purpose but work
    if (stream.closed) return this.#oddity();
    const request = readHttp2Request(raw, (flags & END_STREAM) !== 0, limits.relaxed === true);
    if (request === undefined) {
      this.#count(FIELD.h2_detected_strm_protocol_errors, 1);
      this.#ownResets.add(stream);
      stream.close(PROTOCOL_ERROR);
      this.#oddity();
    } else {
      const wire = new Http2Wire(this, stream, request, this.#ends);
      if (request.body !== 'none') this.#widenWindow();
      this.#active++;
      new Http2Client(this, new Http2StreamFacts(this.facts, this, wire, this.#thread.wheel.now), wire).start(
        request,
      );
      this.served++;
      this.#sendAwayInTime();
    }
  }

  /** Bodies of several requests at a time need more room than a connection has at its begin (RFC 9113 section 6.9.2). */
  #widenWindow(): void {
    if (this.#isWide) return;
    this.#isWide = true;
    this.#session.setLocalWindowSize(this.#thread.http2.connectionWindow);
  }

  /** `tune.h2.fe.max-total-streams`, and soft stops: what is under way is served, no more comes. */
  #sendAwayInTime(): void {
    const { maxTotalStreams } = this.#thread.http2;
    if (this.#thread.sendsAway() || (maxTotalStreams > 0 && this.served >= maxTotalStreams)) this.#leave();
  }

  requestOver(): void {
    this.#active--;
    if (this.#active === 0) this.#rest();
  }

  closed(stream: ServerHttp2Stream): void {
    this.#open--;
    this.#count(FIELD.h2_backend_open_streams, -1);
    const { rstCode } = stream;
    if (this.#ownResets.delete(stream)) this.#count(FIELD.h2_rst_stream_resp, 1);
    else if (rstCode !== undefined && rstCode !== 0) this.#count(FIELD.h2_rst_stream_rcvd, 1);
    if (this.#open === 0) this.#rest();
  }

  /** No request is served. What was answered may still be on its way. */
  #rest(): void {
    if (this.#over) return;
    if (this.#open > 0) this.#arm(this.#clientTimeoutMs());
    else if (this.#leaving) this.#arm(LINGER_MS);
    else if (this.#active === 0) this.#await(this.#keepAliveTimeoutMs());
  }

  cut(stream: ServerHttp2Stream): void {
    this.#ownResets.add(stream);
    stream.destroy(new Error('cut'));
  }

  progressed(): void {
    if (this.#active === 0 && this.#open > 0 && !this.#over) this.#arm(this.#clientTimeoutMs());
  }

  // ── oddities ──

  /** `tune.h2.fe.glitches-threshold` */
  #oddity(): void {
    const { glitchesThreshold } = this.#thread.http2;
    this.glitches++;
    if (glitchesThreshold === 0 || this.glitches < glitchesThreshold * SENT_AWAY || this.#session.destroyed)
      return;
    if (this.glitches < glitchesThreshold) return this.#leave();
    this.#count(FIELD.h2_goaway_resp, 1);
    this.#session.destroy(new Error('too many glitches'), ENHANCE_YOUR_CALM);
  }

  // ── time ──

  get requestTimeoutMs(): number {
    const { httpRequest, client } = this.listener.frontend.config.timeouts;
    return httpRequest === 0 ? client : httpRequest;
  }

  #clientTimeoutMs(): number {
    return this.listener.frontend.config.timeouts.client;
  }

  #keepAliveTimeoutMs(): number {
    const { httpKeepAlive, client } = this.listener.frontend.config.timeouts;
    return httpKeepAlive === 0 ? client : httpKeepAlive;
  }

  #await(timeoutMs: number): void {
    this.#arm(timeoutMs);
  }

  #arm(delayMs: number): void {
    this.#thread.wheel.set(this.#timer, delayMs);
  }

  #expired(): void {
    if (this.#leaving || this.#open > 0) this.#session.destroy();
    else this.#leave();
  }

  // ── the end ──

  /** The process stops: nobody is waited for. */
  closeIfIdle(): void {
    if (this.#open === 0) this.#leave();
  }

  /** GOAWAY; closes when the last stream has ended. */
  #leave(): void {
    if (this.#leaving || this.#session.destroyed) return;
    this.#leaving = true;
    this.#count(FIELD.h2_goaway_resp, 1);
    this.#session.close();
    if (this.#open === 0) this.#arm(LINGER_MS);
  }

  vanish(): void {
    this.#session.destroy();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#thread.clients.remove(this);
    this.#thread.wheel.remove(this.#timer);
    this.privateConnections?.close();
    this.#socket.destroy();
    this.#count(FIELD.h2_open_connections, -1);
    this.facts.end();
    this.listener.closed();
  }

  // ── what is asked of it ──

  get fd(): number {
    return descriptorOf(this.#socket);
  }

  get openStreams(): number {
    return this.#open;
  }

  get streamsLimit(): number {
    return this.#thread.http2.maxStreams;
  }
}

function ignore(): void {}

/** One function for all streams, which know whose they are. */
function onClose(this: SessionStream): void {
  this.wire?.aborted();
  this.listenedBy.closed(this);
}

/**
 * The client speaks HTTP/2, and nothing has been read of its connection but `received`, all of it by single receives.
 * Its rules have been passed.
 */
export function startHttp2(
  streams: StreamPool,
  listener: ListenerRuntime,
  facts: ClientConnectionFacts,
  received: Buffer | undefined,
): void {
  const { connection } = facts;
  const { remote, local } = connection;
  const socket = facts.socket === undefined ? plainSocket(connection) : securedSocket(connection);
  // they stay known
  connection.remote = remote;
  connection.local = local;
  socket.on('error', ignore);
  if (received !== undefined && received.length > 0) socket.unshift(received);
  new Http2ClientSession(streams, listener, facts, socket).start();
}

function plainSocket(connection: Connection): Socket {
  const { fd, ahead } = (connection.handOver as () => HandedOver)();
  const socket = new Socket({ fd });
  if (ahead !== undefined) socket.unshift(ahead);
  return socket;
}

function securedSocket(connection: Connection): Socket {
  return (connection.giveBack as () => Socket)();
}
