/**
 * Gets a stream (an HTTP request or a TCP session) its server connection, and gives the server's slot back when
 * the stream is done. The same for both modes:
 *
 *              ┌──────────── another try ◀──── TURNAROUND (same server again: wait first)
 *              ▼                                    ▲
 *   start ─▶ choose ─▶ QUEUED ─slot─▶ connect ─▶ CONNECTING ─(PROXY header, TLS)─▶ READY
 *              │          │ timeout                 │ refused or timed out, no retries left
 *              ▼          ▼                         ▼
 *            onDialFailed(reason) ◀─────────────────┘
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { HandshakeFailure } from '../net/tls/handshake-failure.ts';
import type { HandshakeSink, OutgoingHandshake } from '../net/tls/outgoing-handshake.ts';
import type { TlsFacts } from '../net/tls/tls-facts.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { Waiter, Waiting } from '../state/local-queue.ts';
import type { DialFailure, Stream } from './dialed-stream.ts';
import { NO_ROW, type BackendRuntime, type DataThread, type ServerRuntime } from './runtime.ts';

const IDLE = 0;
const QUEUED = 1;
const CONNECTING = 2;
const TURNAROUND = 3;
const READY = 4;
const SENDING_HEADER = 5;
const SECURING = 6;

const TURNAROUND_MS = 1000;

export class Dialer implements ConnectionHandler, Waiter, HandshakeSink {
  readonly #thread: DataThread;
  readonly #stream: Stream;
  readonly #timer: Timer;
  /** The streams it is one of, and its place there. */
  /** Its place among those that use a server; -1: it uses none. */
  #amongAt = -1;
  #state = IDLE;
  #backend: BackendRuntime | undefined;
  #server: ServerRuntime | undefined;
  #holdsSlot = false;
  #place: Waiting | undefined;
  /** The server that a new one is chosen for. */
  #left: ServerRuntime | undefined;
  /** The server it waits for; undefined: for any of the backend. */
  #queueOf: ServerRuntime | undefined;
  /** How many waited there when it came, itself among them. */
  #waiting = 1;
  #connection: Connection | undefined;
  /** What its connection has become, until that is a connection again. */
  #handshake: OutgoingHandshake | undefined;
  /** Persistence or a rule chose the server: only a redispatch leaves it. */
  #direct = false;
  #triesLeft = 0;
  #connectTimeoutMs = 0;

  constructor(thread: DataThread, stream: Stream) {
    this.#thread = thread;
    this.#stream = stream;
    this.#timer = new Timer(() => this.#expired());
  }

  /** The server whose slot is held, or that is being tried. */
  get server(): ServerRuntime | undefined {
    return this.#server;
  }

  get waiting(): boolean {
    return this.#state !== IDLE && this.#state !== READY;
  }

  get queued(): boolean {
    return this.#state === QUEUED;
  }

  start(backend: BackendRuntime): void {
    this.#backend = backend;
    this.#triesLeft = backend.config.retries;
    this.#connectTimeoutMs = backend.config.timeouts.connect;
    this.#choose(undefined);
  }

  /** Whoever waits may be gone: only the connection under way is still waited for. False: there is none. */
  lastTry(): boolean {
    this.#triesLeft = 0;
    return this.#isUnderWay();
  }

  /** The stream is over, or gives up: whatever is under way is undone and the slot given back. */
  release(): void {
    const state = this.#state;
    this.#state = IDLE;
    if (state !== READY) this.#thread.wheel.remove(this.#timer);
    if (state === QUEUED) this.#leaveQueue();
    if (state !== READY) this.#dropConnection();
    this.#connection = undefined;
    this.#leaveStreams();
    this.#giveSlot();
    this.#server = this.#left = undefined;
  }

  /** Whether retry() would try. */
  get canRetry(): boolean {
    return this.#triesLeft > 0;
  }

  /** The server failed after it was connected, and the request may be sent again: false when no try is left. */
  retry(): boolean {
    if (this.#triesLeft <= 0) return false;
    this.#connection = undefined;
    if (!this.#redispatched()) this.#connect(this.#server as ServerRuntime);
    return true;
  }

  // ── choosing ──

  #choose(avoid: ServerRuntime | undefined): void {
    const backend = this.#backend as BackendRuntime;
    const transaction = this.#stream.transaction;
    const persistent = avoid === undefined ? backend.persistentServer(transaction) : undefined;
    this.#direct = persistent !== undefined;
    if (persistent !== undefined) return this.#takeSlot(persistent);
    const preferred = avoid === undefined ? this.#stream.preferredServer(backend) : undefined;
    const choice = preferred ?? backend.balance(transaction, avoid);
    if (choice === undefined) return this.#fail('no-server');
    if (choice === 'full') return this.#enqueue(undefined);
    if (preferred === undefined) transaction.counts.choice(choice);
    this.#takeSlot(choice);
  }

  #takeSlot(server: ServerRuntime): void {
    if (server.row === NO_ROW) return this.#assigned(server);
    if (!this.#thread.state.queues.tryTake(server.row)) return this.#enqueue(server);
    this.#holdsSlot = true;
    this.#assigned(server);
  }

  #enqueue(server: ServerRuntime | undefined): void {
    const backend = this.#backend as BackendRuntime;
    const { queues } = this.#thread.state;
    const { priorityClass, priorityOffset } = this.#stream.transaction;
    this.#state = QUEUED;
    this.#queueOf = server;
    this.#waiting = 1;
    this.#thread.wheel.set(this.#timer, this.#stream.transaction.timeout('queue'));
    const place =
      server === undefined
        ? queues.waitForBackend(backend.row, this, priorityClass, priorityOffset)
        : queues.waitForServer(server.row, this, priorityClass, priorityOffset);
    if (place === undefined) return this.#fail('queue-full');
    const waiting = this.#queueLength();
    this.#stream.transaction.counts.queued(server, waiting);
    if (!place.queued) return;
    this.#place = place;
    this.#waiting = waiting;
  }

  #queueLength(): number {
    const { servers } = this.#thread.state;
    const { row } = this.#backend as BackendRuntime;
    return this.#queueOf === undefined ? servers.backendQueued(row) : servers.queued(this.#queueOf.row);
  }

  #leaveQueue(): void {
    // of those that waited in front some may have been served
    const served = Math.max(0, this.#waiting - this.#queueLength());
    this.#stream.transaction.queuedAt(this.#queueOf, 1 + served);
    if (this.#place !== undefined) this.#thread.state.queues.remove(this.#place);
    this.#place = undefined;
    this.#stream.transaction.leftQueue();
  }

  onSlot(row: number): void {
    this.#stream.transaction.queuedAt(this.#queueOf, this.#waiting);
    this.#place = undefined;
    this.#thread.wheel.clear(this.#timer);
    this.#holdsSlot = true;
    this.#assigned((this.#backend as BackendRuntime).serverAt(row));
  }

  onFlushed(): void {
    this.#place = undefined;
    this.#thread.wheel.clear(this.#timer);
    this.#choose(undefined);
  }

  #assigned(server: ServerRuntime): void {
    this.#server = server;
    this.#noteMove(server);
    this.#leaveStreams();
    this.#amongAt = this.#thread.streams.join(server.row, this.#stream);
    this.#stream.transaction.assign(server);
    if (!this.#stream.answeredFor(server)) this.#connect(server);
  }

  #leaveStreams(): void {
    if (this.#amongAt < 0) return;
    this.#thread.streams.leave(this.#amongAt);
    this.#amongAt = -1;
  }

  /** Only another server makes a redispatch of a retry. */
  #noteMove(server: ServerRuntime | undefined): void {
    const left = this.#left;
    this.#left = undefined;
    if (left === undefined) return;
    if (left === server) this.#stream.transaction.counts.retry(left);
    else this.#stream.transaction.noteRedispatch(left);
  }

  #giveSlot(): void {
    if (!this.#holdsSlot) return;
    this.#holdsSlot = false;
    this.#thread.state.queues.release((this.#server as ServerRuntime).row);
  }

  // ── connecting ──

  #connect(server: ServerRuntime): void {
    const { transaction } = this.#stream;
    transaction.serverGeneration = server.generation;
    transaction.serverRefusal = undefined;
    transaction.serverKey = server.connectionKey(transaction);
    const idle = this.#stream.takeIdle(server);
    transaction.counts.attempt(server, idle !== undefined);
    if (idle !== undefined) return this.#ready(idle, true);
    this.#state = CONNECTING;
    this.#thread.wheel.set(this.#timer, this.#connectTimeoutMs);
    const connection = this.#thread.engine.connect(server.target(transaction), this);
    server.idle.made(connection);
    // it may have failed, and another one been tried, before the call returned
    if (!connection.closed && this.#connection === undefined) this.#connection = connection;
  }

  onConnected(connection: Connection): void {
    const { proxyHeader } = this.#server as ServerRuntime;
    if (proxyHeader === undefined) return this.#secure(connection);
    this.#connection = connection;
    this.#state = SENDING_HEADER;
    const header = proxyHeader(this.#stream.transaction);
    connection.send(header, 0, header.length);
  }

  onSent(connection: Connection): void {
    if (this.#state === SENDING_HEADER) this.#secure(connection);
  }

  /** `server … ssl`: the handshake is part of connecting (manual, `timeout connect`). */
  #secure(connection: Connection): void {
    const { security, protocol } = this.#server as ServerRuntime;
    if (security === undefined) return this.#made(connection);
    const stream = this.#stream;
    const alpn = protocol.alpn(stream.wantsWebsocket);
    this.#state = SECURING;
    this.#connection = undefined;
    this.#handshake = security.handshake(this.#thread.engine, connection, stream.transaction, this, alpn);
  }

  secured(connection: Connection): void {
    this.#handshake = undefined;
    this.#made(connection);
  }

  #made(connection: Connection): void {
    this.#ready(this.#stream.travelOn(this.#server as ServerRuntime, connection), false);
  }

  handshakeFailed(error: HandshakeFailure, tls: TlsFacts): void {
    this.#handshake = undefined;
    this.#stream.transaction.serverRefusal = { error, tls };
    this.#connectFailed('refused');
  }

  #isUnderWay(): boolean {
    return this.#state === CONNECTING || this.#state === SENDING_HEADER || this.#state === SECURING;
  }

  #dropConnection(): void {
    this.#handshake?.abort();
    this.#handshake = undefined;
    this.#connection?.close();
  }

  #ready(connection: Connection, reused: boolean): void {
    this.#state = READY;
    this.#connection = connection;
    if (!reused) {
      this.#thread.wheel.clear(this.#timer);
      (this.#server as ServerRuntime).observer?.connected();
    }
    connection.handler = this.#stream.serverHandler;
    this.#stream.onDialed(connection, reused);
  }

  onFailed(connection: Connection, cause: Cause): void {
    connection.close();
    this.#connectFailed(cause === 'resource' ? 'resource' : 'refused');
  }

  #expired(): void {
    if (this.#state === QUEUED) {
      this.#leaveQueue();
      this.#fail('queue-timeout');
    } else if (this.#isUnderWay()) {
      this.#dropConnection();
      this.#connectFailed('connect-timeout');
    } else if (this.#state === TURNAROUND) this.#connect(this.#server as ServerRuntime);
  }

  #connectFailed(failure: DialFailure): void {
    this.#connection = undefined;
    this.#thread.wheel.clear(this.#timer);
    (this.#server as ServerRuntime).observer?.connectFailed();
    const { retryOn } = this.#backend as BackendRuntime;
    if (this.#triesLeft <= 0 || !retryOn.has('conn-failure')) return this.#fail(failure);
    this.#tryAgain();
  }

  /** The same server again, but not at once: it may just be starting. */
  #tryAgain(): void {
    if (this.#redispatched()) return;
    this.#state = TURNAROUND;
    this.#thread.wheel.set(this.#timer, Math.min(this.#connectTimeoutMs || TURNAROUND_MS, TURNAROUND_MS));
  }

  /** `option redispatch`: another server on the tries it names, or at once where no server is preferred. */
  #redispatched(): boolean {
    const backend = this.#backend as BackendRuntime;
    const server = this.#server as ServerRuntime;
    this.#triesLeft--;
    if (!this.#mayRedispatch(backend)) {
      this.#stream.transaction.noteRetry(server);
      return false;
    }
    this.#leaveStreams();
    this.#giveSlot();
    this.#server = undefined;
    this.#stream.transaction.retries++;
    this.#left = server;
    this.#choose(server);
    return true;
  }

  #mayRedispatch(backend: BackendRuntime): boolean {
    const { redispatchAfter, retries } = backend.config;
    if (redispatchAfter === 0) return false;
    if (!this.#direct && backend.isRoundRobin && backend.usableServers() > 1) return true;
    const tried = retries - this.#triesLeft;
    return redispatchAfter > 0 ? tried % redispatchAfter === 0 : this.#triesLeft + 1 <= -redispatchAfter;
  }

  #fail(failure: DialFailure): void {
    this.#state = IDLE;
    this.#noteMove(undefined);
    this.#leaveStreams();
    this.#thread.wheel.clear(this.#timer);
    this.#giveSlot();
    this.#stream.onDialFailed(failure);
  }

  // ── a connection under way hears nothing else ──

  onReceived(): void {
    throw new Error('received before connected');
  }
  onEnd(): void {
    throw new Error('ended before connected');
  }
}
