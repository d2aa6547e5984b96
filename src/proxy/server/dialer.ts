/**
 * Gets a stream, of either mode, its server connection, and gives the server's slot back when the stream is done:
 *
 *              ┌──────────── another try ◀──── TURNAROUND (same server, or the only one)
 *              ▼                                    ▲
 *   start ─▶ choose ─▶ QUEUED ─slot─▶ connect ─▶ CONNECTING ─(PROXY header, TLS)─▶ READY
 *              │          │ timeout                 │ refused or timed out, no retries left
 *              ▼          ▼                         ▼
 *            onDialFailed(reason) ◀─────────────────┘
 *
 * JOINING takes the place of CONNECTING where another stream makes a connection that will carry this one too.
 */
import type { Cause } from '../../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import type { HandshakeFailure } from '../../net/tls/handshake-failure.ts';
import type { HandshakeSink, OutgoingHandshake } from '../../net/tls/outgoing-handshake.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import { Timer } from '../../net/timer-wheel.ts';
import type { Waiter } from '../../state/local-queue.ts';
import type { DialFailure, ServerRefusal } from './dial-failure.ts';
import type { Stream } from './dialed-stream.ts';
import { countSecured, countUnsecured } from './handshake-counts.ts';
import type { Passenger, SharedDial } from '../http2/server-dials.ts';
import { dialsFor } from '../http2/server-reuse.ts';
import { refusalOf } from './open-connection.ts';
import { QueuePlace } from './queue-place.ts';
import { mayRedispatch, retriesOf, turnaroundMs } from './redispatch.ts';
import { UnderWay } from './under-way.ts';
import { NO_ROW, type BackendRuntime, type DataThread, type ServerRuntime } from '../runtime/runtime.ts';
import { learnCertificate, learnSource } from './server-source.ts';

const IDLE = 0;
const QUEUED = 1;
const CONNECTING = 2;
const TURNAROUND = 3;
const READY = 4;
const SENDING_HEADER = 5;
const SECURING = 6;
const JOINING = 7;

export class Dialer extends UnderWay implements ConnectionHandler, Waiter, HandshakeSink, Passenger {
  readonly #thread: DataThread;
  readonly #stream: Stream;
  readonly timer = new Timer(() => this.#expired());
  /** Its place among those that use a server; -1: it uses none. */
  #amongAt = -1;
  #state = IDLE;
  #backend: BackendRuntime | undefined;
  #server: ServerRuntime | undefined;
  #holdsSlot = false;
  /** Made when it first has to wait: most never do. */
  #queue: QueuePlace | undefined;
  /** The server that a new one is chosen for. */
  #left: ServerRuntime | undefined;
  #connection: Connection | undefined;
  /** What its connection has become, until that is a connection again. */
  #handshake: OutgoingHandshake | undefined;
  /** The connection that it makes for others too, or that another makes for it. */
  #dial: SharedDial | undefined;
  /** Persistence or a rule chose the server: only a redispatch leaves it. */
  #direct = false;
  #triesLeft = 0;
  #connectTimeoutMs = 0;

  constructor(thread: DataThread, stream: Stream) {
    super();
    this.#thread = thread;
    this.#stream = stream;
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
    this.#triesLeft = retriesOf(backend, this.#stream.transaction);
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
    this.#thread.wheel.remove(this.timer);
    if (state === QUEUED) this.#queue?.leave();
    if (state !== READY) this.#dropConnection();
    this.#connection = undefined;
    this.#leaveStreams();
    this.#giveSlot();
    this.#server = this.#left = undefined;
    this.#dial?.end(this);
  }

  get canRetry(): boolean {
    return this.#triesLeft > 0;
  }

  /** The server failed after it was connected, and the request may be sent again: false when no try is left. */
  retry(): boolean {
    if (this.#triesLeft <= 0) return false;
    this.#connection = undefined;
    this.#leaves();
    this.#goOn();
    return true;
  }

  #goOn(): void {
    if (this.#server === undefined) this.#choose(this.#left);
    else this.#connect(this.#server);
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
    if (choice === undefined) {
      transaction.unassign();
      return this.#fail('no-server');
    }
    if (choice === 'full') return this.#enqueue(undefined);
    if (preferred === undefined && choice !== avoid) transaction.counts.choice(choice);
    this.#takeSlot(choice);
  }

  #takeSlot(server: ServerRuntime): void {
    if (server.row === NO_ROW) return this.#assigned(server);
    if (!this.#thread.state.queues.tryTake(server.row)) return this.#enqueue(server);
    this.#holdsSlot = true;
    this.#assigned(server);
  }

  #enqueue(server: ServerRuntime | undefined): void {
    this.#state = QUEUED;
    this.#thread.wheel.set(this.timer, this.#stream.transaction.timeout('queue'));
    this.#queue ??= new QueuePlace(this.#thread.state, this);
    if (!this.#queue.join(this.#stream.transaction, this.#backend as BackendRuntime, server))
      this.#refusedByQueue(server);
  }

  /** Persistence gives way to a full queue where redispatching is allowed (manual, `maxqueue`). */
  #refusedByQueue(server: ServerRuntime | undefined): void {
    const backend = this.#backend as BackendRuntime;
    const { transaction } = this.#stream;
    this.#thread.wheel.clear(this.timer);
    const mayLeave = this.#direct && backend.config.redispatchAfter !== 0;
    if (server !== undefined && mayLeave && !backend.forcesPersistence(transaction)) {
      this.#left = server;
      return this.#choose(server);
    }
    if (server !== undefined) transaction.unservedBy(server);
    this.#fail('queue-full');
  }

  onSlot(row: number): void {
    this.#queue?.served();
    this.#thread.wheel.clear(this.timer);
    this.#holdsSlot = true;
    this.#assigned((this.#backend as BackendRuntime).serverAt(row));
  }

  onFlushed(): void {
    this.#queue?.lost();
    this.#thread.wheel.clear(this.timer);
    this.#choose(undefined);
  }

  #assigned(server: ServerRuntime): void {
    const isAgain = this.#left !== undefined;
    this.#server = server;
    this.#noteMove(server);
    this.#leaveStreams();
    this.#amongAt = this.#thread.streams.join(server.row, this.#stream);
    this.#stream.transaction.assign(server, isAgain);
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
    if (left !== undefined) this.#stream.transaction.noteMove(left, server);
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
    if (idle === undefined && (this.#joins(server) || this.#awaits(server))) return;
    transaction.counts.attempt(server, idle !== undefined);
    if (idle !== undefined) return this.#ready(idle, true);
    this.#state = CONNECTING;
    this.#dial = dialsFor(this.#stream, server)?.begin(transaction.serverKey, this);
    this.#thread.wheel.set(this.timer, this.#connectTimeoutMs);
    const connection = server.connect(transaction, this);
    if (connection === undefined) return this.#connectFailed('resource');
    server.idle.made(connection);
    // it may have failed, and another one been tried, before the call returned
    if (!connection.closed && this.#connection === undefined) this.#connection = connection;
  }

  /** A server that connects by itself has not: it may still do so, or nobody waits for it. */
  #awaits(server: ServerRuntime): boolean {
    const delayMs = server.mayConnectIn(this.#stream.transaction.serverKey);
    if (delayMs > 0) this.#pause(delayMs);
    if (delayMs < 0) this.#fail('unattached');
    return delayMs !== 0;
  }

  // ── connections made by one for many ──

  #joins(server: ServerRuntime): boolean {
    const dial = dialsFor(this.#stream, server)?.find(this.#stream.transaction.serverKey);
    if (dial === undefined) return false;
    this.#state = JOINING;
    this.#dial = dial;
    this.#thread.wheel.set(this.timer, this.#connectTimeoutMs);
    dial.join(this);
    return true;
  }

  dialOver(failure: DialFailure | undefined, refusal: ServerRefusal | undefined): void {
    this.#thread.wheel.clear(this.timer);
    if (failure === undefined) return this.#connect(this.#server as ServerRuntime);
    this.#connectFailed(failure, refusal);
  }

  // ── a connection of its own ──

  onConnected(connection: Connection): void {
    if (this.#stream.transaction.frontendRuntime.logsServerSource) learnSource(connection);
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
    const { transaction, wantsWebsocket } = this.#stream;
    if (security.goesEarly(this.#thread.engine, connection, transaction, this)) return;
    this.#state = SECURING;
    this.#connection = undefined;
    const alpn = protocol.alpn(wantsWebsocket);
    this.#handshake = security.handshake(this.#thread.engine, connection, transaction, this, alpn);
  }

  secured(connection: Connection): void {
    this.#handshake = undefined;
    if (this.#stream.transaction.frontendRuntime.logsServerCertificate) learnCertificate(connection.tls);
    countSecured(this.#thread, this.#server as ServerRuntime, connection, this.#state !== SECURING);
    this.#made(connection);
  }

  #made(connection: Connection): void {
    const dial = this.#dial;
    this.#ready(this.#stream.travelOn(this.#server as ServerRuntime, connection), false);
    dial?.end(this);
  }

  handshakeFailed(error: HandshakeFailure, tls: TlsFacts, destination: Endpoint): void {
    this.#handshake = undefined;
    countUnsecured(this.#thread, this.#server as ServerRuntime);
    this.#connectFailed('refused', { error, tls, destination });
  }

  #isUnderWay(): boolean {
    return this.#state >= SENDING_HEADER || this.#state === CONNECTING;
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
      this.#thread.wheel.clear(this.timer);
      (this.#server as ServerRuntime).observer?.connected();
    }
    connection.handler = this.#stream.serverHandler;
    this.#stream.onDialed(connection, reused);
  }

  onFailed(connection: Connection, cause: Cause, code?: string): void {
    connection.close();
    this.#connectFailed(cause === 'resource' ? 'resource' : 'refused', refusalOf(connection, cause, code));
  }

  #expired(): void {
    if (this.#state === QUEUED) {
      this.#queue?.expired();
      this.#fail('queue-timeout');
    } else if (this.#isUnderWay()) {
      const refusal = this.#handshake?.unanswered ?? refusalOf(this.#connection, 'timeout');
      this.#dropConnection();
      this.#connectFailed('connect-timeout', refusal);
    } else if (this.#state === TURNAROUND) this.#goOn();
  }

  #connectFailed(failure: DialFailure, refusal?: ServerRefusal): void {
    this.#stream.transaction.serverRefusal = refusal;
    this.#connection = undefined;
    this.#thread.wheel.clear(this.timer);
    (this.#server as ServerRuntime).observer?.connectFailed();
    this.#dial?.end(this, failure, refusal);
    const backend = this.#backend as BackendRuntime;
    if (this.#triesLeft <= 0 || !backend.retryOn.has('conn-failure')) return this.#fail(failure);
    // the same server again, or the only one, but not at once: it may just be starting
    if (this.#leaves() && backend.activeServers() > 1) this.#choose(this.#left);
    else this.#pause(turnaroundMs(this.#connectTimeoutMs));
  }

  #pause(delayMs: number): void {
    this.#state = TURNAROUND;
    this.#thread.wheel.set(this.timer, delayMs);
    this.#stream.watch?.();
  }

  /** `option redispatch`: for another server, on the tries it names, or on any where no server is preferred. */
  #leaves(): boolean {
    const server = this.#server as ServerRuntime;
    this.#triesLeft--;
    if (!this.#mayLeave(server)) {
      this.#stream.transaction.noteRetry(server);
      return false;
    }
    this.#leaveStreams();
    this.#giveSlot();
    this.#server = undefined;
    this.#stream.transaction.retries++;
    this.#left = server;
    return true;
  }

  #mayLeave(server: ServerRuntime): boolean {
    const backend = this.#backend as BackendRuntime;
    const attachment = { isBound: this.#direct, isRunning: backend.isRunning(server) };
    return mayRedispatch(backend, this.#stream.transaction, attachment, this.#triesLeft);
  }

  #fail(failure: DialFailure): void {
    this.#state = IDLE;
    this.#noteMove(undefined);
    this.#leaveStreams();
    this.#thread.wheel.clear(this.timer);
    this.#giveSlot();
    this.#stream.onDialFailed(failure);
  }
}
