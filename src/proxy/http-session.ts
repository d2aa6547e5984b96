/**
 * One client connection in `mode http`: door two of ARCHITECTURE.md. A request's life reads top to bottom:
 *
 *   requestArrived ─▶ rules, backend ─▶ render ─▶ dial a server ─▶ exchange ─▶ responseArrived ─▶ finish
 *                        │                          │                │
 *                        └──── reply (own answer) ◀─┴────────────────┘
 *
 * The two halves know the wire and call in here when something happened; every way a request can end passes
 * through `#finish`, the one place that logs, counts and releases. Requests of a connection are served strictly
 * one after the other: pipelined bytes wait in the client half's inbox.
 */
import type { Cause } from '../base/failure.ts';
import { adjustCase, restrictNames } from '../http/header-names.ts';
import { PARSE_ERRORS } from '../http/parse-errors.ts';
import { Http1RequestHead } from '../http/request-head.ts';
import type { HeadLimits } from '../http/request-parser.ts';
import { Http1ResponseHead, type ResponseRendering } from '../http/response-head.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { Relay, type RelayResult, type Slice } from '../net/relay.ts';
import { silenceClose } from '../net/socket-options.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { Reply } from '../rules/reply.ts';
import type { CompiledRuleset } from '../rules/ruleset.ts';
import {
  ACCEPT,
  AUTHENTICATE,
  BAD_MESSAGE,
  CONTINUE,
  DENY,
  INTERNAL_ERROR,
  REDIRECT,
  REJECT,
  RETURN,
  SILENT_DROP,
  TARPIT,
  TIMED_OUT,
  YIELD,
  type Verdict,
} from '../rules/verdict.ts';
import { ClientHalf, type ClientHalfOwner } from './client-half.ts';
import { Dialer, type DialFailure, type Stream } from './dialer.ts';
import { errorReply, fillResponse, redirection } from './own-replies.ts';
import type {
  BackendRuntime,
  DataThread,
  FrontendRuntime,
  ListenerRuntime,
  ServerRuntime,
} from './runtime.ts';
import type { Inbox } from './inbox.ts';
import { relayTimeouts } from './relay-timeouts.ts';
import { ServerHalf, type ServerHalfOwner } from './server-half.ts';
import type { Transaction } from './transaction.ts';

const LINGER_MS = 2000;
const NOTHING = Buffer.alloc(0);

// stages of a request's rules, in order
const FRONTEND_CONTENT = 0;
const FRONTEND_RULES = 1;
const FRONTEND_REDIRECTS = 2;
const CHOOSE_BACKEND = 3;
const BACKEND_CONTENT = 4;
const BACKEND_RULES = 5;
// 6: the backend's redirects
const FORWARD = 7;

/** Own answers after which the connection may go on: the request was whole and understood. */
const KEEPS_CLIENT: ReadonlySet<number> = new Set<number>();
const SAY_NOTHING: ResponseRendering = { connection: '' };
const SAY_CLOSE: ResponseRendering = { connection: 'close' };
const SAY_KEEP_ALIVE: ResponseRendering = { connection: 'keep-alive' };

function responseRendering(version: number, keepAlive: boolean): ResponseRendering {
  if (!keepAlive) return SAY_CLOSE;
  return version < 11 ? SAY_KEEP_ALIVE : SAY_NOTHING;
}

export class HttpSession implements Stream, ClientHalfOwner, ServerHalfOwner {
  readonly thread: DataThread;
  readonly limits: HeadLimits;
  readonly transaction: Transaction;
  readonly client: ClientHalf;
  readonly server: ServerHalf;
  readonly requestHead = new Http1RequestHead();
  readonly responseHead = new Http1ResponseHead();
  readonly #frontend: FrontendRuntime;
  readonly #listener: ListenerRuntime;
  readonly #dialer: Dialer;
  /** The rendered request: head and as much of the body as came with it. Kept until no retry can need it. */
  #outgoing: Buffer | undefined;
  #outgoingLength = 0;
  /** The rendered response head, or a reply, while it is being sent. */
  #answer: Buffer | undefined;
  /** Requests before the current one. */
  #served = 0;
  #requestForwarded = false;
  #responseStarted = false;
  #keepAlive = false;
  #replying = false;
  #over = false;
  /** Which ruleset runs, or is waiting. */
  #stage = 0;
  #waiting = false;
  #buffering = false;
  #tarpitted = false;
  #tunneling = false;
  /** What is left of a reply whose body did not fit the buffer. */
  #rest: Buffer | undefined;
  readonly #ruleTimer = new Timer(() => this.#ruleTimerExpired());

  constructor(
    thread: DataThread,
    listener: ListenerRuntime,
    connection: Connection,
    transaction: Transaction,
  ) {
    this.thread = thread;
    this.#listener = listener;
    this.#frontend = listener.frontend;
    this.limits = listener.frontend.limits;
    this.transaction = transaction;
    this.client = new ClientHalf(this, connection);
    this.server = new ServerHalf(this);
    this.#dialer = new Dialer(thread, this);
  }

  /** `received`: what came behind a PROXY protocol header. */
  get responseLimits(): HeadLimits {
    return this.transaction.backendRuntime?.responseLimits ?? this.limits;
  }

  start(received: Inbox): void {
    if (received.length > 0) this.client.inbox.add(received.buffer, received.start, received.length);
    this.client.awaitRequest(true);
  }

  get serverHandler(): ConnectionHandler {
    return this.server;
  }

  get requestTimeoutMs(): number {
    const { httpRequest } = this.#frontend.config.timeouts;
    return httpRequest === 0 ? this.transaction.timeout('client') : httpRequest;
  }

  get keepAliveTimeoutMs(): number {
    const { httpKeepAlive } = this.#frontend.config.timeouts;
    return httpKeepAlive === 0 ? this.requestTimeoutMs : httpKeepAlive;
  }

  // ── 1. a request comes in ──

  requestStarted(): void {
    this.transaction.timers.firstByteAt = this.thread.wheel.now;
  }

  requestArrived(): void {
    const { transaction, requestHead } = this;
    transaction.timers.headReadAt = this.thread.wheel.now;
    transaction.arrived(requestHead);
    this.#keepAlive = requestHead.keepAlive;
    if (this.#frontend.config.monitorUri === requestHead.target) return this.#monitor();
    if (!this.#namesAllowed(this.#frontend)) return this.#fail(403, 'P', 'R');
    if (this.#frontend.config.options.flags.has('http-buffer-request') && !this.client.requestRead)
      this.#bufferFirst();
    else this.#runRequestRules(FRONTEND_CONTENT);
  }

  #namesAllowed({ config }: FrontendRuntime | BackendRuntime): boolean {
    return restrictNames(this.requestHead.headers, config.options.restrictHeaderNames ?? 'preserve');
  }

  /** `monitor-uri`: 200, or 503 when `monitor fail` says so; never logged, never forwarded. */
  #monitor(): void {
    this.transaction.setLogLevel(-1);
    const failing = this.#frontend.rules.monitorFails(this.transaction);
    this.transaction.termination.set('L', 'R');
    this.#replyWith(this.#errorReply(failing ? 503 : 200), true);
  }

  // ── 2. rules decide what becomes of it ──

  /** Runs one ruleset after the other, from `stage` on, until one decides or waits. */
  #runRequestRules(from: number): void {
    for (let stage = from; stage < FORWARD; stage++) {
      this.#stage = stage;
      if (stage === CHOOSE_BACKEND) {
        if (!this.#chooseBackend()) return;
      } else if (!this.#passed(this.#requestRuleset(stage)?.run(this.transaction) ?? CONTINUE)) return;
    }
    this.#forward(this.transaction.backendRuntime as BackendRuntime);
  }

  #requestRuleset(stage: number): CompiledRuleset | undefined {
    const { backendRuntime } = this.transaction;
    const own = backendRuntime === undefined || backendRuntime.config === this.#frontend.config;
    switch (stage) {
      case FRONTEND_CONTENT:
        return this.#frontend.rules.tcpRequestContent;
      case FRONTEND_RULES:
        return this.#frontend.rules.httpRequest;
      case FRONTEND_REDIRECTS:
        return this.#frontend.rules.redirects;
      case BACKEND_CONTENT:
        return own ? undefined : backendRuntime.rules.tcpRequestContent;
      case BACKEND_RULES:
        return own ? undefined : backendRuntime.rules.httpRequest;
      default:
        return own ? undefined : backendRuntime.rules.redirects;
    }
  }

  /** True: go on with the next ruleset. */
  #passed(verdict: Verdict): boolean {
    const { transaction } = this;
    switch (verdict) {
      case CONTINUE:
      case ACCEPT:
        return true;
      case YIELD:
        this.#wait();
        return false;
      case DENY:
        this.#deny('P');
        return false;
      case TARPIT:
        this.#tarpit();
        return false;
      case AUTHENTICATE:
      case RETURN:
      case REDIRECT:
        transaction.termination.set('L', 'R');
        this.#replyWith(transaction.reply, true);
        return false;
      case SILENT_DROP:
        transaction.termination.set('P', 'R');
        silenceClose(this.client.connection.fd, this.client.connection.remote.family);
        this.#abort();
        return false;
      case REJECT:
        transaction.termination.set('P', 'R');
        this.#abort();
        return false;
      case BAD_MESSAGE:
        this.#badRequest(400);
        return false;
      case TIMED_OUT:
        this.#fail(408, 'c', 'R');
        return false;
      default:
        this.#fail(500, 'P', 'R');
        return false;
    }
  }

  #deny(letter: string): void {
    this.transaction.termination.set(letter, 'R');
    this.#replyWith(this.transaction.reply, true);
  }

  #chooseBackend(): boolean {
    const backend = this.#frontend.chooseBackend(this.transaction);
    if (backend === undefined) {
      this.#fail(503, 'S', 'C');
      return false;
    }
    this.transaction.useBackend(backend);
    return true;
  }

  /** A rule waits: for time, for the body, for a name. The wait's timer or the event resumes it. */
  #wait(): void {
    const { transaction } = this;
    transaction.waitOver = false;
    this.#waiting = true;
    this.thread.wheel.set(
      this.#ruleTimer,
      transaction.waitMs === 0 ? transaction.timeout('client') : transaction.waitMs,
    );
    if (transaction.waitFor === 'request body') this.#bufferBody();
    else this.client.watch();
  }

  #resume(waitOver: boolean): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.thread.wheel.clear(this.#ruleTimer);
    this.transaction.waitOver = waitOver;
    const ruleset = this.#requestRuleset(this.#stage) as CompiledRuleset;
    if (this.#passed(ruleset.resume(this.transaction))) this.#runRequestRules(this.#stage + 1);
  }

  #tarpit(): void {
    this.transaction.termination.set('P', 'T');
    this.#tarpitted = true;
    this.thread.wheel.set(this.#ruleTimer, this.transaction.timeout('tarpit'));
    this.client.watch();
  }

  #ruleTimerExpired(): void {
    if (this.#buffering) return this.headTimeout();
    if (!this.#tarpitted) return this.#resume(true);
    this.#tarpitted = false;
    this.#replyWith(this.transaction.reply, false);
  }

  /** `option http-buffer-request`: rules run once the body, or a buffer full of it, is here. */
  #bufferFirst(): void {
    this.#buffering = true;
    this.thread.wheel.set(this.#ruleTimer, this.requestTimeoutMs);
    this.#bufferBody();
  }

  /** `wait-for-body`, `option http-buffer-request`: the body piles up in the inbox and is looked at there. */
  #bufferBody(): void {
    const { client, transaction } = this;
    const body = client.inspectBody();
    transaction.requestBody = body;
    const enough = this.#buffering || transaction.waitBytes === 0 ? Infinity : transaction.waitBytes;
    if (!body.complete && body.length < Math.min(enough, transaction.bodyRoom)) return client.receive();
    if (!this.#buffering) return this.#resume(false);
    this.#buffering = false;
    this.thread.wheel.clear(this.#ruleTimer);
    this.#runRequestRules(FRONTEND_CONTENT);
  }

  // ── 3. on its way to a server ──

  #forward(backend: BackendRuntime): void {
    if (!this.#namesAllowed(backend)) return this.#fail(403, 'P', 'R');
    backend.prepare(this.transaction);
    this.client.decoder.dropTrailers = backend.dropsTrailers;
    if (!this.#renderRequest(backend)) return this.#fail(500, 'P', 'R');
    if (this.client.decoder.error !== 0) return this.requestBodyInvalid();
    this.#dialer.start(backend);
    if (this.#dialer.waiting) this.client.watch();
  }

  /** False: it does not fit a buffer any more. */
  #renderRequest(backend: BackendRuntime): boolean {
    const outgoing = this.thread.buffers.take();
    this.#outgoing = outgoing;
    if (backend.nameCase !== undefined) adjustCase(this.requestHead.headers, backend.nameCase);
    const length = this.requestHead.renderInto(outgoing, 0, backend.requestRendering);
    if (length < 0) return false;
    this.#outgoingLength = length + this.client.takeBody(outgoing, length);
    this.#requestForwarded = false;
    return true;
  }

  /** `http-reuse`: which connections may carry this request (manual, section 4.2). */
  reusable(server: ServerRuntime): 'none' | 'proven' | 'any' {
    const { httpReuse } = server.backend.config;
    if (httpReuse === 'never') return 'none';
    if (httpReuse === 'always' || this.#served > 0) return 'any';
    return httpReuse === 'aggressive' ? 'proven' : 'none';
  }

  /** `redir <prefix>`: GET and HEAD are sent to the server's own address (manual, section 5.2). */
  answeredFor(server: ServerRuntime): boolean {
    const { redirPrefix } = server.config;
    const { method, target } = this.requestHead;
    if (redirPrefix === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
    this.transaction.termination.set('L', 'C');
    this.#replyWith(redirection(redirPrefix, target), true);
    return true;
  }

  onDialFailed(failure: DialFailure): void {
    const letter =
      failure === 'connect-timeout' || failure === 'queue-timeout' ? 's' : failure === 'resource' ? 'R' : 'S';
    this.#fail(503, letter, failure === 'queue-timeout' ? 'Q' : 'C');
  }

  // ── 4. the exchange with the server ──

  onDialed(connection: Connection, reused: boolean): void {
    const { transaction } = this;
    transaction.serverConnection = connection;
    transaction.serverReused = reused;
    transaction.timers.connectedAt = this.thread.wheel.now;
    this.server.bodyUnwanted = transaction.requestLine?.method === 'HEAD';
    this.server.begin(connection, reused);
    if (connection.closed) return;
    transaction.bytes.toServer += this.#outgoingLength;
    connection.send(this.#outgoing as Buffer, 0, this.#outgoingLength);
  }

  /** The server's socket has taken what was sent: the next piece of the body, if there is one. */
  serverSent(): void {
    this.client.pump(this.server.connection as Connection);
  }

  forwardBody(server: Connection, buffer: Buffer, offset: number, length: number): void {
    this.transaction.bytes.toServer += length;
    this.server.expectBytes();
    server.send(buffer, offset, length);
  }

  /** All of the request is with the server: now it is the server's turn. */
  requestForwarded(): void {
    if (this.#requestForwarded) return;
    this.#requestForwarded = true;
    if (!this.#responseStarted) this.server.expectBytes();
    this.client.watch();
  }

  /** Bytes from the client while its request is served: body to pass on, or its next request, which waits. */
  requestBytesArrived(): void {
    const wanted = this.#buffering || (this.#waiting && this.transaction.waitFor === 'request body');
    if (wanted) return this.#bufferBody();
    const { connection } = this.server;
    if (!this.client.requestRead && connection !== undefined && !this.#dialer.waiting)
      this.client.pump(connection);
  }

  // ── 5. the response ──

  /** 100, 102, 103: passed on at once. False: wait until it is sent. */
  interimArrived(): boolean {
    if (this.requestHead.version < 11) return true;
    const answer = this.#takeAnswer();
    const length = this.responseHead.renderInto(answer, 0, SAY_NOTHING);
    this.#sendAnswer(length);
    return !this.client.connection.sending;
  }

  responseArrived(): void {
    const { transaction, responseHead } = this;
    transaction.timers.responseHeadAt = this.thread.wheel.now;
    transaction.answered(responseHead);
    if (this.#mayResendStatus(responseHead.status)) return;
    this.#dropOutgoing();
    if (!this.#runResponseRules()) return;
    if (responseHead.framing === 'tunnel') return this.#tunnel();
    this.#sendResponse();
  }

  /** The backend's rules first, then the frontend's; false: one of them answered instead. */
  #runResponseRules(): boolean {
    const { transaction } = this;
    const backend = transaction.backendRuntime as BackendRuntime;
    backend.prepareResponse(transaction, transaction.serverRuntime as ServerRuntime);
    const rulesets = this.#frontend.config === backend.config ? [backend] : [backend, this.#frontend];
    for (const { rules } of rulesets) {
      const content = rules.tcpResponseContent.empty ? CONTINUE : rules.tcpResponseContent.run(transaction);
      if (content !== CONTINUE && content !== ACCEPT) {
        this.#fail(502, 'P', 'H');
        return false;
      }
      if (rules.httpResponse.empty) continue;
      const verdict = rules.httpResponse.run(transaction);
      if (verdict === CONTINUE || verdict === ACCEPT) continue;
      this.#responseDecided(verdict);
      return false;
    }
    this.#runAfterResponse();
    return true;
  }

  #responseDecided(verdict: Verdict): void {
    const { transaction } = this;
    if (verdict === DENY) {
      transaction.termination.set('P', 'H');
      this.#replyWith(transaction.reply, false);
    } else if (verdict === RETURN || verdict === REDIRECT) {
      transaction.termination.set('L', 'H');
      this.#replyWith(transaction.reply, true);
    } else this.#fail(verdict === INTERNAL_ERROR ? 500 : 502, 'P', 'H');
  }

  #runAfterResponse(): void {
    const { transaction } = this;
    const { backendRuntime } = transaction;
    if (backendRuntime !== undefined && backendRuntime.config !== this.#frontend.config)
      backendRuntime.rules.httpAfterResponse.run(transaction);
    this.#frontend.rules.httpAfterResponse.run(transaction);
  }

  #sendResponse(): void {
    const { responseHead, requestHead, server } = this;
    this.#responseStarted = true;
    this.transaction.logEarly();
    this.#keepAlive = this.#mayKeepClient();
    server.decoder.dropTrailers = this.#frontend.dropsTrailers;
    const answer = this.#takeAnswer();
    if (this.#frontend.nameCase !== undefined) adjustCase(responseHead.headers, this.#frontend.nameCase);
    let length = responseHead.renderInto(answer, 0, responseRendering(requestHead.version, this.#keepAlive));
    length += server.takeBody(answer, length);
    if (server.decoder.error !== 0) {
      // the client has seen nothing of it yet: it can still be told
      this.#responseStarted = false;
      return this.responseInvalid();
    }
    this.#sendAnswer(length);
  }

  #mayKeepClient(): boolean {
    return (
      this.#keepAlive &&
      this.#frontend.keepsClients &&
      !this.thread.stopping &&
      !this.responseHead.endsWithConnection &&
      !this.responseHead.isMistrusted &&
      !this.client.ended
    );
  }

  sendBody(buffer: Buffer, offset: number, length: number): void {
    this.transaction.bytes.toClient += length;
    this.client.expectToSend();
    this.client.connection.send(buffer, offset, length);
  }

  /** The client's socket has taken what was sent. */
  clientSent(): void {
    this.#dropAnswer();
    if (this.#tunneling) return this.#startRelay();
    if (this.#replying) return this.#replySent();
    this.client.clearTimer();
    if (this.server.inBody) this.server.pump(this.client.connection);
    else if (this.server.connection !== undefined) this.server.readHead();
  }

  /** The response's last byte is with the client: the server connection is free again. */
  responseForwarded(): void {
    if (this.#over) return;
    const { server } = this;
    const reusable =
      this.responseHead.keepAlive && this.#requestForwarded && server.inbox.length === 0 && !server.ended;
    if (reusable) this.#poolServer();
    else server.close();
    this.#finish();
  }

  #poolServer(): void {
    const runtime = this.transaction.serverRuntime as ServerRuntime;
    const { reused } = this.server;
    const connection = this.server.detach();
    if (!runtime.idle.put(connection, reused)) connection.close();
  }

  // ── 6. own answers ──

  #fail(status: number, letter: string, phase: 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | 'T'): void {
    this.transaction.termination.set(letter, phase);
    if (this.#responseStarted) return this.#abort();
    this.#keepAlive &&= KEEPS_CLIENT.has(status);
    this.#replyWith(this.#errorReply(status), true);
  }

  /** The backend's page, else the frontend's, else the built-in one. */
  #errorReply(status: number): Reply {
    const { transaction } = this;
    const maker = transaction.backendErrorPages?.get(status) ?? transaction.frontendErrorPages?.get(status);
    return maker?.(transaction) ?? errorReply(status);
  }

  #replyWith(reply: Reply | undefined, keepAlive: boolean): void {
    const { transaction } = this;
    if (reply === undefined) return this.#abort();
    this.#dialer.release();
    this.server.close();
    this.#dropOutgoing();
    this.#dropAnswer();
    this.#responseStarted = true;
    this.#replying = true;
    this.#keepAlive &&=
      keepAlive && this.client.requestRead && this.#frontend.keepsClients && !this.thread.stopping;
    if (reply.closes === true) this.#keepAlive = false;
    transaction.status = reply.status;
    if (reply.silent === true || this.client.connection.closed || this.client.connection.sending)
      return this.#abort();
    fillResponse(reply, this.responseHead);
    transaction.response = this.responseHead;
    this.#runAfterResponse();
    this.client.expectToSend();
    this.#sendReply(reply);
  }

  /** Head and body in one piece; a body larger than a buffer goes out from where it lies. */
  #sendReply(reply: Reply): void {
    const answer = this.#takeAnswer();
    const { version, method } = this.requestHead;
    const head = this.responseHead.renderInto(answer, 0, responseRendering(version, this.#keepAlive));
    if (head < 0) return this.#abort();
    const body = method === 'HEAD' ? NOTHING : reply.body;
    if (head + body.length <= answer.length) return this.#sendAnswer(head + body.copy(answer, head));
    this.#sendAnswer(head, body);
  }

  #replySent(): void {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return this.sendBody(rest, 0, rest.length);
    }

    this.#replying = false;
    this.client.clearTimer();
    this.#finish();
  }

  // ── 7. the end of a request ──

  #finish(): void {
    const { transaction } = this;
    this.#dropOutgoing();
    this.#dropAnswer();
    this.#dialer.release();
    transaction.finish();
    this.#served++;
    if (!this.#keepAlive || !this.client.requestRead) return this.#leave();
    transaction.restart();
    this.#responseStarted = false;
    this.client.awaitRequest(false);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.server.destroy();
    this.#dialer.release();
    this.thread.wheel.remove(this.#ruleTimer);
    this.client.leave(LINGER_MS);
    this.#listener.closed();
  }

  /** Nothing can be said any more: both sides are cut. */
  #abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.server.destroy();
    this.#dialer.release();
    this.thread.wheel.remove(this.#ruleTimer);
    this.#dropOutgoing();
    this.client.close();
    this.#dropAnswer();
    if (this.transaction.timers.firstByteAt >= 0) this.transaction.finish();
    this.#listener.closed();
  }

  // ── what can go wrong, on the client's side ──

  requestRefused(error: number): void {
    const { status } = PARSE_ERRORS.get(error) ?? { status: 400 };
    this.#badRequest(status);
  }

  requestTooLarge(): void {
    this.#badRequest(431);
  }

  requestBodyInvalid(): void {
    this.#badRequest(400);
  }

  #badRequest(status: number): void {
    this.#keepAlive = false;
    this.transaction.badRequest = this.transaction.request === undefined;
    this.#fail(status, 'P', 'R');
  }

  idleTimeout(): void {
    if (this.#served === 0) return this.headTimeout();
    this.#leave();
  }

  headTimeout(): void {
    this.#keepAlive = false;
    this.#fail(408, 'c', 'R');
  }

  /** The client neither sends its body nor takes its answer. */
  clientStalled(): void {
    if (this.#responseStarted) {
      this.transaction.termination.set('c', 'D');
      return this.#abort();
    }
    this.#keepAlive = false;
    this.#fail(408, 'c', 'H');
  }

  /** FIN while a request is served. */
  clientEnded(): void {
    if (this.client.awaiting) return this.#leave();
    if (this.client.inHead || !this.client.requestRead) return this.clientGone('ended');
    this.#keepAlive = false;
    if (this.transaction.backendRuntime?.abortOnClose !== true) return;
    if (this.#dialer.waiting) this.clientGone('ended');
    else if (this.#requestForwarded) this.server.connection?.shutdown();
  }

  clientGone(cause: Cause): void {
    if (this.client.awaiting) return this.#leave();
    this.transaction.clientAborted = true;
    this.transaction.termination.fail('client', cause, this.#phase());
    if (cause === 'ended' && !this.#responseStarted) {
      this.#keepAlive = false;
      return this.#fail(400, 'C', this.#phase());
    }
    this.#abort();
  }

  // ── what can go wrong, on the server's side ──

  serverGone(cause: Cause): void {
    const { server, transaction } = this;
    if (this.#responseStarted) {
      transaction.serverAborted = true;
      transaction.termination.fail('server', cause, 'D');
      return this.#abort();
    }
    const unanswered = !server.answered;
    server.close();
    if (unanswered && this.#mayResend('empty-response')) return;
    transaction.serverAborted = true;
    this.#fail(502, 'S', 'H');
  }

  serverStalled(): void {
    if (this.#responseStarted) {
      this.transaction.termination.set('s', 'D');
      return this.#abort();
    }
    this.server.close();
    if (this.#mayResend('response-timeout')) return;
    this.#fail(504, 's', 'H');
  }

  responseInvalid(): void {
    this.server.close();
    if (this.#mayResend('junk-response')) return;
    this.#fail(502, 'P', 'H');
  }

  responseBodyInvalid(): void {
    this.transaction.termination.set('P', 'D');
    this.#abort();
  }

  /**
   * Sends the request again if that is asked for (`retry-on`), or if it cannot do harm: a reused connection that
   * the server closed without a word, and a method that may be repeated.
   */
  #mayResend(event: 'empty-response' | 'junk-response' | 'response-timeout'): boolean {
    const backend = this.transaction.backendRuntime as BackendRuntime;
    if (
      this.#outgoing === undefined ||
      !this.client.requestRead ||
      this.transaction.bytes.toServer > this.#outgoingLength
    )
      return false;
    const stale = event === 'empty-response' && this.server.reused && this.requestHead.isIdempotent;
    if (!stale && !backend.retryOn.has(event)) return false;
    return this.#dialer.retry();
  }

  #phase(): 'R' | 'Q' | 'C' | 'H' | 'D' {
    if (this.transaction.request === undefined) return 'R';
    if (this.#dialer.queued) return 'Q';
    if (this.#dialer.waiting) return 'C';
    return this.#responseStarted ? 'D' : 'H';
  }

  // ── buffers ──

  #takeAnswer(): Buffer {
    return (this.#answer ??= this.thread.buffers.take());
  }

  #sendAnswer(length: number, rest?: Buffer): void {
    const { bytes } = this.transaction;
    this.#rest = rest;
    bytes.toClient += length;
    // to logs an answer of this program's own is as good as a server's
    if (this.#replying) bytes.fromServer += length + (rest?.length ?? 0);
    this.client.connection.send(this.#answer as Buffer, 0, length);
  }

  #dropAnswer(): void {
    if (this.#answer === undefined || this.client.connection.sending) return;
    this.thread.buffers.give(this.#answer);
    this.#answer = undefined;
  }

  #dropOutgoing(): void {
    if (this.#outgoing === undefined || this.server.connection?.sending === true) return;
    this.thread.buffers.give(this.#outgoing);
    this.#outgoing = undefined;
  }

  // ── a tunnel ──

  /** 101, or 2xx to CONNECT: from here on both sides are just bytes. */
  #tunnel(): void {
    this.#responseStarted = true;
    this.#tunneling = true;
    const answer = this.#takeAnswer();
    const length = this.responseHead.renderInto(answer, 0, SAY_NOTHING);
    if (length < 0) return this.responseInvalid();
    this.#sendAnswer(length);
  }

  #startRelay(): void {
    const { client, server, transaction } = this;
    const connection = server.connection as Connection;
    const options = { fromClient: sliceOf(client.inbox), fromServer: sliceOf(server.inbox) };
    client.clearTimer();
    server.clearTimer();
    const relay = new Relay(
      this.thread.wheel,
      client.connection,
      connection,
      relayTimeouts(transaction),
      result => this.#relayed(result),
      options,
    );
    relay.start();
  }

  #relayed(result: RelayResult): void {
    const { bytes, termination } = this.transaction;
    bytes.fromClient += result.bytesFromClient;
    bytes.toClient += result.bytesFromServer;
    if (result.failure !== undefined) termination.fail(result.failure.side, result.failure.cause, 'D');
    this.#abort();
  }

  #mayResendStatus(_status: number): boolean {
    return false;
  }
}

function sliceOf(inbox: Inbox): Slice | undefined {
  return inbox.length === 0 ? undefined : { buffer: inbox.buffer, offset: inbox.start, length: inbox.length };
}
