/**
 * One request and its response: door two of ARCHITECTURE.md. Its life reads top to bottom:
 *
 *   requestArrived ─▶ rules, backend ─▶ render ─▶ dial a server ─▶ exchange ─▶ responseArrived ─▶ finish
 *                        │                          │                │
 *                        └──── reply (own answer) ◀─┴────────────────┘
 *
 * The wire is in its parts: the client's in http-session.ts and request-body.ts, the server's in server-half.ts.
 * They call in here when something happened. Every way a request can end passes through `#finish` or `#abort`,
 * which log, count and release. Streams are pooled: `begin` makes one as good as new.
 */
import type { BodyFacts } from '../acl/context.ts';
import { adjustCase, restrictNames } from '../http/header-names.ts';
import type { LocalAnswer } from '../http/local-service.ts';
import { Http1RequestHead, type RequestRendering } from '../http/request-head.ts';
import type { HeadLimits } from '../http/head-limits.ts';
import { Http1ResponseHead, responseRendering, SAY_NOTHING } from '../http/response-head.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { silenceClose } from '../net/socket-options.ts';
import { errorReply } from '../rules/default-pages.ts';
import type { Reply, ReplyHeader } from '../rules/reply.ts';
import {
  AUTHENTICATE,
  BAD_MESSAGE,
  DENY,
  INTERNAL_ERROR,
  REDIRECT,
  REJECT,
  RETURN,
  SERVICE,
  SILENT_DROP,
  TIMED_OUT,
  type Verdict,
} from '../rules/verdict.ts';
import { Answer } from './answer.ts';
import { BodyShaping } from './body-shaping.ts';
import { setsCacheableCookie } from './cacheable-cookies.ts';
import { ClientTrouble, type ClientTroubleOwner } from './client-trouble.ts';
import type { ContentCoder } from './content-coder.ts';
import { keepConnection, noteAuthentication, preferredServer, takeConnection } from './connection-reuse.ts';
import type { ExchangeCaching } from './exchange-caching.ts';
import { Dialer, type DialFailure, type Stream } from './dialer.ts';
import type { StreamClient } from './stream-client.ts';
import type { StreamFacts } from '../model/stream-facts.ts';
import type { LiveStream } from './live-streams.ts';
import { describeStream } from './stream-facts.ts';
import type { Relay } from '../net/relay.ts';
import { OutgoingRequest } from './outgoing-request.ts';
import { asksMonitor } from './monitor.ts';
import { interimResponse, redirection } from './own-replies.ts';
import { OwnReply, type OwnReplyOwner } from './own-reply.ts';
import { RequestBody, type RequestBodyOwner } from './request-body.ts';
import { RequestRules, type RequestRulesOwner } from './request-rules.ts';
import { ResponseRules, runAfterResponse, type ResponseRulesOwner } from './response-rules.ts';
import type { BackendRuntime, DataThread, FrontendRuntime, ServerRuntime } from './runtime.ts';
import { ServiceCall, type ServiceCallOwner } from './service-call.ts';
import { retryForStatus } from './resend.ts';
import { ServerHalf, type ServerHalfOwner } from './server-half.ts';
import type { ShutdownLetter } from './server-streams.ts';
import { ServerTrouble, type ServerTroubleOwner } from './server-trouble.ts';
import type { Phase } from './termination.ts';
import { Transaction } from './transaction.ts';
import { startTunnel } from './tunnel.ts';

const TELL_NOTHING: RequestRendering = { close: false };
const TELL_CLOSE: RequestRendering = { close: true };

export class HttpStream
  implements
    Stream,
    LiveStream,
    ServerHalfOwner,
    RequestRulesOwner,
    ResponseRulesOwner,
    RequestBodyOwner,
    ServiceCallOwner,
    OwnReplyOwner,
    ClientTroubleOwner,
    ServerTroubleOwner
{
  place = -1;
  number = 0;
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly requestHead = new Http1RequestHead();
  readonly responseHead = new Http1ResponseHead();
  readonly body: RequestBody;
  readonly server: ServerHalf;
  readonly #rules: RequestRules;
  readonly #responseRules: ResponseRules;
  readonly dialer: Dialer;
  readonly outgoing: OutgoingRequest;
  readonly answer: Answer;
  readonly clientTrouble: ClientTrouble;
  readonly serverTrouble: ServerTrouble;
  /** Made when first needed: few streams ever are. */
  #service: ServiceCall | undefined;
  #reply: OwnReply | undefined;
  readonly #shaping: BodyShaping;
  #session: StreamClient | undefined;
  #requestForwarded = false;
  responseStarted = false;
  keepAlive = false;
  #tunneling = false;
  #relay: Relay | undefined;
  #over = true;

  constructor(thread: DataThread) {
    this.thread = thread;
    this.transaction = new Transaction(thread);
    this.body = new RequestBody(this);
    this.server = new ServerHalf(this);
    this.#rules = new RequestRules(this);
    this.#responseRules = new ResponseRules(this);
    this.transaction.bodies = this;
    this.transaction.onEarlyHints = headers => this.#sendEarlyHints(headers);
    this.dialer = new Dialer(thread, this);
    this.outgoing = new OutgoingRequest(thread.buffers);
    this.answer = new Answer(thread.buffers);
    this.clientTrouble = new ClientTrouble(this);
    this.serverTrouble = new ServerTrouble(this);
    this.#shaping = new BodyShaping(this);
  }

  /** Whose request it is, from its first byte to its last. */
  get session(): StreamClient {
    return this.#session as StreamClient;
  }

  get frontend(): FrontendRuntime {
    return this.session.listener.frontend;
  }

  get clientConnection(): Connection {
    return this.session.connection;
  }

  get responseLimits(): HeadLimits {
    return this.transaction.backendRuntime?.responseLimits ?? this.frontend.limits;
  }

  /** The client has sent a whole request and said that no other will follow (RFC 9112 section 9.6). */
  get wasLast(): boolean {
    return this.transaction.request !== undefined && this.body.read && !this.requestHead.keepAlive;
  }

  get serverHandler(): ConnectionHandler {
    return this.server;
  }

  begin(session: StreamClient): void {
    this.#session = session;
    this.transaction.begin(session.listener, session.facts);
    this.#requestForwarded = this.responseStarted = this.keepAlive = false;
    this.#tunneling = this.#over = false;
    this.body.read = true;
    this.#shaping.begin();
    this.thread.liveStreams.add(this);
  }

  // ── 1. a request comes in ──

  requestStarted(): void {
    this.transaction.timers.firstByteAt = this.thread.wheel.now;
    this.transaction.logStep('accept');
  }

  requestArrived(headLength: number): void {
    const { transaction, requestHead, frontend } = this;
    this.body.start();
    transaction.bytes.fromClient = headLength;
    transaction.timers.headReadAt = this.thread.wheel.now;
    transaction.holdsOfRequest(headLength + this.session.inbox.length);
    transaction.arrived(requestHead);
    this.keepAlive = requestHead.keepAlive;
    const { monitorUri } = frontend.config;
    if (monitorUri !== undefined && asksMonitor(monitorUri, requestHead.target)) return this.#monitor();
    if (!this.#namesAllowed(frontend)) return this.fail(403, 'P', 'R');
    this.#rules.start();
  }

  #namesAllowed({ config }: FrontendRuntime | BackendRuntime): boolean {
    return restrictNames(this.requestHead.headers, config.options.restrictHeaderNames ?? 'preserve');
  }

  /** `monitor-uri`: 200, or 503 when `monitor fail` says so; never logged, never forwarded. */
  #monitor(): void {
    this.transaction.setLogLevel(-1);
    const failing = this.frontend.rules.monitorFails(this.transaction);
    this.transaction.termination.set('L', 'R');
    this.#replyWith(errorReply(this.transaction, failing ? 503 : 200));
  }

  // ── 2. rules decide what becomes of it ──

  requestDecided(verdict: Verdict): void {
    const { transaction } = this;
    switch (verdict) {
      case DENY:
        transaction.countTracked('error');
        transaction.termination.set('P', 'R');
        return this.#replyWith(transaction.reply);
      case AUTHENTICATE:
        transaction.countTracked('error');
        transaction.termination.set('L', 'R');
        return this.#replyWith(transaction.reply);
      case RETURN:
      case REDIRECT:
        transaction.termination.set('L', 'R');
        return this.#replyWith(transaction.reply);
      case SERVICE:
        return this.#serve();
      case SILENT_DROP:
        silenceClose(this.clientConnection.fd, this.clientConnection.remote.family);
        transaction.timers.undecided();
        return this.cut('P', 'R');
      case REJECT:
        transaction.countTracked('error');
        transaction.timers.undecided();
        return this.cut('P', 'R');
      case BAD_MESSAGE:
        return this.clientTrouble.badRequest(400);
      case TIMED_OUT:
        transaction.timers.undecided();
        return this.fail(408, 'c', 'R');
      default:
        transaction.flaw = 'internal error';
        return this.fail(500, 'P', 'R');
    }
  }

  /** The statistics page, or a service that a rule named. */
  #serve(): void {
    const { statistics, service } = this.transaction;
    const { services } = this.thread;
    const found =
      statistics === undefined
        ? services.named(service ?? '')
        : services.statistics(statistics.proxy, statistics.admin);
    if (found === undefined) this.fail(500, 'P', 'R');
    else (this.#service ??= new ServiceCall(this)).start(found);
  }

  serviceAnswered(answer: LocalAnswer): void {
    this.transaction.termination.set('L', 'R');
    this.#replyWith(answer);
  }

  tarpitOver(): void {
    const { timers } = this.transaction;
    timers.undecided();
    timers.tarpitEndedAt = this.thread.wheel.now;
    this.#replyWith(this.transaction.reply);
  }

  backendMissing(): void {
    this.fail(503, 'S', 'C');
  }

  // ── 3. on its way to a server ──

  requestAllowed(backend: BackendRuntime): void {
    const { requestHead, body } = this;
    if (this.session.ended && !body.read) return this.clientTrouble.gone('ended');
    if (!this.#namesAllowed(backend)) return this.fail(403, 'P', 'R');
    backend.prepare(this.transaction);
    this.transaction.logStep('request');
    body.decoder.dropTrailers = backend.dropsTrailers;
    if (backend.nameCase !== undefined) adjustCase(requestHead.headers, backend.nameCase);
    const { nameHeader } = backend;
    if (nameHeader !== undefined) requestHead.headers.remove(nameHeader.header);
    body.pipe = this.#shaping.ofRequest(backend, body);
    const rendering = this.#closesServer() && !backend.pretendsKeepAlive ? TELL_CLOSE : TELL_NOTHING;
    if (!this.outgoing.render(requestHead, rendering, body, nameHeader?.room ?? 0))
      return this.fail(500, 'P', 'R');
    if (body.decoder.error !== 0) return this.clientTrouble.badRequest(400);
    this.dialer.start(backend);
    if (!this.dialer.waiting) return;
    this.outgoing.settle();
    if (this.session.ended) this.clientTrouble.ended();
    else this.session.watch();
  }

  /** `option httpclose`, `http-server-close`: its connection serves this request alone. */
  #closesServer(): boolean {
    return this.frontend.closesServers || this.transaction.backendRuntime?.closesServers === true;
  }

  takeIdle(server: ServerRuntime): Connection | undefined {
    return takeConnection(server, this.session, this.transaction);
  }

  preferredServer(backend: BackendRuntime): ServerRuntime | undefined {
    return preferredServer(backend, this.session);
  }

  /** `redir <prefix>`: GET and HEAD are sent to the server's own address (manual, section 5.2). */
  answeredFor(server: ServerRuntime): boolean {
    const { redirPrefix } = server.config;
    const { method } = this.requestHead;
    if (redirPrefix === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
    this.transaction.termination.set('L', 'C');
    this.#replyWith(redirection(redirPrefix, this.requestHead.target));
    return true;
  }

  /** The client has closed its side: perhaps it does not wait any more (manual, `option abortonclose`). */
  clientSaidAll(): void {
    if (!this.dialer.waiting) {
      if (this.#requestForwarded) this.server.endRequest();
    } else if (!this.dialer.lastTry()) this.clientTrouble.gaveUp(this.phase);
  }

  #clientGaveUp(): boolean {
    return this.session.ended && this.transaction.backendRuntime?.abortOnClose === true;
  }

  onDialFailed(failure: DialFailure): void {
    if (this.#clientGaveUp()) return this.clientTrouble.gaveUp(failure === 'queue-timeout' ? 'Q' : 'C');
    const isLate = failure === 'connect-timeout' || failure === 'queue-timeout';
    const letter = failure === 'resource' ? 'R' : isLate ? 's' : 'S';
    this.fail(503, letter, failure === 'queue-timeout' ? 'Q' : 'C');
  }

  /** A cache has the response: it plays the server. What came of the request's body is dropped. */
  cacheAnswers(): void {
    const { transaction, server } = this;
    const { timers, caching } = transaction;
    const isHead = this.requestHead.method === 'HEAD';
    this.keepAlive &&= this.body.drop();
    transaction.termination.set('L', 'R');
    timers.dequeuedAt = timers.connectedAt = timers.headReadAt;
    if (this.#mayPassUnseen() && this.#sendStored(caching as ExchangeCaching, isHead)) return;
    this.#shaping.ofCached(transaction.backendRuntime);
    server.bodyUnwanted = isHead;
    server.begin((caching as ExchangeCaching).open(server, this.clientConnection, isHead), false);
  }

  /** Nothing wants to see the response, and its head needs no word about the connection. */
  #mayPassUnseen(): boolean {
    const { transaction, frontend, thread, session } = this;
    if (frontend.looksAtStored || transaction.backendRuntime?.looksAtStored === true) return false;
    if (transaction.bandwidth !== undefined || thread.watcher !== undefined) return false;
    const mayKeep = this.keepAlive && frontend.keepsClients && !thread.sendsAway() && !session.ended;
    return mayKeep && !this.clientConnection.sending;
  }

  /** False: it has to go the long way. */
  #sendStored(caching: ExchangeCaching, isHead: boolean): boolean {
    const { transaction, session } = this;
    const length = caching.render(this.answer.take(), isHead);
    if (length < 0) return false;
    transaction.timers.responseHeadAt = this.thread.wheel.now;
    transaction.answeredWith(200);
    this.responseStarted = true;
    transaction.logEarly();
    transaction.logStep('response');
    (this.#reply ??= new OwnReply(this)).active = true;
    session.expect(transaction.timeout('client'));
    this.sendAnswer(length);
    return true;
  }

  // ── 4. the exchange with the server ──

  onDialed(connection: Connection, reused: boolean): void {
    const { transaction } = this;
    this.#requestForwarded = false;
    transaction.serverConnection = connection;
    transaction.serverReused = reused;
    transaction.timers.connectedAt = this.thread.wheel.now;
    transaction.logStep('connect');
    this.server.bodyUnwanted = transaction.requestLine?.method === 'HEAD';
    this.server.begin(connection, reused);
    if (connection.closed) return;
    const nameHeader = transaction.backendRuntime?.nameHeader;
    if (nameHeader !== undefined) this.outgoing.nameServer(nameHeader, this.dialer.server?.config.name ?? '');
    transaction.bytes.toServer = this.outgoing.length;
    this.outgoing.send(connection);
  }

  /** The server's socket has taken what was sent: the next piece of the body, if there is one. */
  serverSent(): void {
    this.body.pump(this.server.connection as Connection);
  }

  forwardBody(server: Connection, buffer: Buffer, offset: number, length: number): void {
    this.transaction.bytes.toServer += length;
    this.server.expectBytes();
    server.send(buffer, offset, length);
  }

  waitsForServer(): void {
    this.server.expectBytes();
  }

  /** All of the request is with the server: now it is the server's turn. */
  requestForwarded(): void {
    if (this.#requestForwarded) return;
    this.#requestForwarded = true;
    if (!this.responseStarted) this.server.expectBytes();
    if (this.#clientGaveUp()) this.server.endRequest();
    else this.session.watch();
  }

  /** Bytes from the client while its request is served: body to pass on, or its next request, which waits. */
  requestBytesArrived(): void {
    if (this.#rules.bytesArrived() || this.#service?.bytesArrived() === true) return;
    if (!this.body.read) this.requestBodyReady();
  }

  requestBodyReady(): void {
    const { connection } = this.server;
    if (this.transaction.cacheHit !== undefined) this.body.drop();
    else if (connection !== undefined && !this.dialer.waiting) this.#passBodyOn(connection);
  }

  #passBodyOn(connection: Connection): void {
    this.session.clearTimer();
    this.body.pump(connection);
  }

  requestBodyFailed(): void {
    this.transaction.flaw = 'internal error';
    this.fail(500, 'I', 'D');
  }

  // ── 5. the response ──

  /** 100, 102, 103: passed on at once. False: wait until it is sent. */
  interimArrived(): boolean {
    this.transaction.counts.response(this.responseHead.status);
    if (this.requestHead.version < 11) return true;
    const length = this.responseHead.renderInto(this.answer.take(), 0, SAY_NOTHING);
    this.sendAnswer(length);
    return !this.clientConnection.sending;
  }

  responseArrived(): void {
    const { transaction, responseHead } = this;
    transaction.timers.responseHeadAt = this.thread.wheel.now;
    const isStored = transaction.cacheHit !== undefined;
    if (!isStored && this.#isForSecondTry(responseHead.status)) return;
    transaction.holdsOfResponse(responseHead.headers.length + this.server.inbox.length);
    transaction.answered(responseHead);
    this.#shaping.responseArrived();
    if (!isStored) this.#serverAnswered();
    this.#responseRules.start();
  }

  #isForSecondTry(status: number): boolean {
    this.transaction.serverRuntime?.observer?.answered(status);
    return retryForStatus(status, this);
  }

  #serverAnswered(): void {
    const { transaction, responseHead } = this;
    noteAuthentication(responseHead.status, responseHead.headers, this.session);
    this.outgoing.drop(this.server.connection);
    const backend = transaction.backendRuntime as BackendRuntime;
    backend.serverAnswers(transaction, transaction.serverRuntime as ServerRuntime);
  }

  responseAllowed(): void {
    const { transaction, responseHead } = this;
    const { backendRuntime, serverRuntime } = transaction;
    if (serverRuntime !== undefined) backendRuntime?.prepareResponse(transaction, serverRuntime);
    if (this.#leaksCookie()) return this.#responseRefused();
    if (!runAfterResponse(transaction, this.frontend)) return this.responseDecided(INTERNAL_ERROR);
    if (responseHead.framing === 'tunnel') this.#tunnel();
    else this.#sendResponse();
  }

  /** `option checkcache` */
  #leaksCookie(): boolean {
    const { backendRuntime, requestLine } = this.transaction;
    if (backendRuntime?.checksCache !== true) return false;
    const { status, headers } = this.responseHead;
    return setsCacheableCookie(requestLine?.method ?? '', status, headers);
  }

  responseDecided(verdict: Verdict): void {
    const { transaction } = this;
    if (verdict === INTERNAL_ERROR) transaction.flaw = 'internal error';
    else if (verdict !== RETURN && verdict !== REDIRECT) transaction.flaw = 'denied response';
    if (verdict === DENY) {
      transaction.termination.set('P', 'H');
      this.#replyWith(transaction.reply);
    } else if (verdict === RETURN || verdict === REDIRECT) {
      transaction.termination.set('L', 'H');
      this.#replyWith(transaction.reply);
    } else if (verdict === TIMED_OUT) this.fail(504, 's', 'D');
    else if (verdict === REJECT) this.#responseCut();
    else this.fail(verdict === INTERNAL_ERROR ? 500 : 502, 'P', 'H');
  }

  /** By `option checkcache`. */
  #responseRefused(): void {
    const { transaction } = this;
    transaction.flaw = 'denied response';
    this.fail(502, 'P', 'H');
  }

  /** By content rules: both sides are closed without a word. */
  #responseCut(): void {
    const { transaction } = this;
    transaction.status = 0;
    transaction.timers.responseHeadAt = -1;
    this.cut('P', 'D');
  }

  // ── what rules want of bodies, and say ahead of the answer ──

  inspectRequestBody(): BodyFacts | undefined {
    return this.transaction.request === undefined ? undefined : this.body.inspect();
  }

  inspectResponseBody(): BodyFacts | undefined {
    return this.server.inBody ? this.server.inspect() : undefined;
  }

  holdResponse(held: boolean): void {
    this.server.held = held;
    this.server.clearTimer();
    this.responseHead.headers.leaveSource();
  }

  receiveResponse(): void {
    this.server.receive();
  }

  heldBytesArrived(): void {
    this.#responseRules.bytesArrived();
  }

  #sendEarlyHints(headers: readonly ReplyHeader[]): void {
    this.answer.sendAhead(this.clientConnection, interimResponse(103, headers));
  }

  #sendResponse(): void {
    const { responseHead, requestHead, server, frontend } = this;
    this.responseStarted = true;
    this.transaction.logEarly();
    this.transaction.logStep('response');
    this.keepAlive = this.#mayKeepClient();
    server.decoder.dropTrailers = frontend.dropsTrailers;
    if (frontend.nameCase !== undefined) adjustCase(responseHead.headers, frontend.nameCase);
    server.pipe = this.#shaping.ofResponse(server);
    this.transaction.caching?.follow(server.decoder);
    const rendering = responseRendering(requestHead.version, this.keepAlive);
    // early hints may still be under way: the answer waits in a buffer of its own
    const inPlace = server.pipe === undefined && !this.clientConnection.sending;
    if (frontend.logs) responseHead.headers.keepText();
    const start = inPlace ? responseHead.squeeze(rendering) : -1;
    if (start >= 0) return this.#sendInPlace(start);
    const answer = this.answer.take();
    let length = responseHead.renderInto(answer, 0, rendering);
    if (server.pipe === undefined) length += server.takeBody(answer, length);
    if (server.decoder.error !== 0) this.#firstBodyInvalid();
    else this.sendAnswer(length);
  }

  /** Nothing is to be written anew: head and body go out from where they came in. */
  #sendInPlace(start: number): void {
    const { headers } = this.responseHead;
    const { source, sourceStart, length } = headers;
    const end = this.server.takeBodyInPlace(sourceStart + length);
    if (this.server.decoder.error !== 0) return this.#firstBodyInvalid();
    if (!this.frontend.logs) headers.forget();
    this.transaction.bytes.toClient += end - start;
    this.clientConnection.send(source as Buffer, start, end - start);
  }

  /** The client has seen nothing of the response yet: it can still be told. */
  #firstBodyInvalid(): void {
    this.responseStarted = false;
    this.serverTrouble.responseInvalid();
  }

  #mayKeepClient(): boolean {
    return (
      this.keepAlive &&
      this.frontend.keepsClients &&
      !this.thread.sendsAway() &&
      !this.responseHead.endsWithConnection &&
      !this.responseHead.isMistrusted &&
      !this.session.ended
    );
  }

  sendAnswer(length: number, rest?: Buffer): void {
    const { bytes } = this.transaction;
    bytes.toClient += length;
    // to logs an answer of this program's own is as good as a server's
    if (this.#reply?.active === true) bytes.fromServer += length + (rest?.length ?? 0);
    this.answer.send(this.clientConnection, length, rest);
  }

  sendBody(buffer: Buffer, offset: number, length: number): void {
    this.transaction.bytes.toClient += length;
    this.#expectToSend();
    this.clientConnection.send(buffer, offset, length);
  }

  waitsForClient(waits: boolean): void {
    if (waits) this.#expectToSend();
    else this.session.clearTimer();
  }

  /** The client has to take what is sent within its timeout. */
  #expectToSend(): void {
    this.session.expect(this.transaction.timeout('client'));
  }

  /** The client's socket has taken what was sent. */
  clientSent(): void {
    const { server } = this;
    if (this.answer.wasAhead(this.clientConnection)) return;
    this.answer.drop(this.clientConnection);
    if (this.#tunneling) {
      this.#relay = startTunnel(this, () => this.abort());
      return;
    }
    if (this.#reply?.active === true) return this.#reply.sent();
    this.session.clearTimer();
    if (server.inBody) server.pump(this.clientConnection);
    else if (server.connection !== undefined) server.readHead();
  }

  /** The response's last byte is with the client: the server connection is free again. */
  responseForwarded(): void {
    if (this.#over) return;
    if (this.#mayPoolServer()) this.#poolServer();
    else this.server.close();
    this.#finish();
  }

  #mayPoolServer(): boolean {
    const { server } = this;
    return (
      this.responseHead.keepAlive &&
      !this.#closesServer() &&
      this.#requestForwarded &&
      server.inbox.length === 0 &&
      !server.ended &&
      !server.requestEnded
    );
  }

  #poolServer(): void {
    const runtime = this.transaction.serverRuntime as ServerRuntime;
    const { reused } = this.server;
    keepConnection(runtime, this.server.detach(), reused, this.session, this.transaction);
  }

  /** 101, or 2xx to CONNECT: once the head is sent, both sides are just bytes. */
  #tunnel(): void {
    const length = this.responseHead.renderInto(this.answer.take(), 0, SAY_NOTHING);
    if (length < 0) return this.serverTrouble.responseInvalid();
    this.responseStarted = true;
    this.#tunneling = true;
    this.sendAnswer(length);
  }

  // ── 6. own answers ──

  fail(status: number, letter: string, phase: Phase): void {
    this.transaction.termination.set(letter, phase);
    if (this.responseStarted) return this.abort();
    this.#replyWith(errorReply(this.transaction, status));
  }

  #replyWith(reply: Reply | undefined): void {
    const { transaction, clientConnection } = this;
    if (reply === undefined) return this.abort();
    this.dialer.release();
    this.server.close();
    this.outgoing.drop(undefined);
    this.answer.drop(clientConnection);
    transaction.compression = undefined;
    this.#responseRules.stop();
    this.responseStarted = true;
    this.keepAlive &&=
      this.body.drop() && this.frontend.keepsClients && !this.thread.sendsAway() && !reply.closes;
    transaction.status = reply.status;
    // what a server may have sent is not the response
    transaction.timers.responseHeadAt = -1;
    if (reply.silent === true || clientConnection.closed || this.answer.isSending(clientConnection))
      return this.abort();
    (this.#reply ??= new OwnReply(this)).start(reply);
  }

  serviceCoder(): ContentCoder | undefined {
    return this.#shaping.ofService();
  }

  replySent(): void {
    this.#finish();
  }

  replyImpossible(): void {
    this.abort();
  }

  // ── 7. the end of a request ──

  #finish(): void {
    this.#end();
    this.transaction.finish();
    this.session.requestFinished(this.keepAlive && this.body.read);
  }

  /** Nothing can be said any more: both sides are cut. */
  abort(): void {
    if (this.#over) return;
    this.#end();
    const { timers, status } = this.transaction;
    if (timers.firstByteAt >= 0 || status > 0) this.transaction.finish();
    this.session.requestAborted();
  }

  cut(letter: string, phase: Phase): void {
    this.transaction.termination.set(letter, phase);
    this.abort();
  }

  /** Everything that was taken for this request is given back. */
  #end(): void {
    this.#over = true;
    this.#relay = undefined;
    this.thread.liveStreams.remove(this);
    this.#rules.stop();
    this.#responseRules.stop();
    this.#service?.stop();
    this.#reply?.stop();
    this.body.stop();
    this.server.close();
    this.transaction.caching?.finish();
    this.dialer.release();
    this.outgoing.drop(undefined);
    this.answer.forget(this.clientConnection);
  }

  // ── what others ask ──

  bodyTruncated(): boolean {
    return this.#rules.bodyTruncated();
  }

  get replyPaused(): boolean {
    return this.#reply?.paused === true;
  }

  /** The server went down, or another one came up; or an administrator wants it. */
  shutdown(letter: ShutdownLetter): void {
    if (this.#over) return;
    this.#relay?.stop();
    this.fail(503, letter, this.phase);
  }

  describe(now: number): StreamFacts {
    return describeStream(this.transaction, this.phase, now);
  }

  /** Where it is, in the letters of the log. */
  get phase(): 'R' | 'Q' | 'C' | 'H' | 'D' {
    if (this.transaction.request === undefined) return 'R';
    if (this.dialer.queued) return 'Q';
    if (this.dialer.waiting) return 'C';
    if (this.dialer.server === undefined && !this.responseStarted) return 'R';
    return this.responseStarted ? 'D' : 'H';
  }
}
