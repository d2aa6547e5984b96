/**
 * One request and its response: door two of ARCHITECTURE.md. What happens to it, in the order of its life:
 *
 *   requestArrived ─▶ rules, backend ─▶ forwardRequest ─▶ dialer ─▶ sendRequest ─▶ responseArrived
 *                        │                                                              │ rules
 *                        ├── stopRequest, serveStored                   stopResponse ───┤
 *                        ▼                                                              ▼
 *                     replyWith (own answer) ──────────▶ finish ◀─────────────── forwardResponse
 *
 * The wire is in its parts: the client's in http-session.ts and request-body.ts, the server's in server-half.ts. They
 * call in here when something happened; what is to be done then stands in the stage of that name. Every way a request
 * can end passes through `finish` or `abort`, which log, count and release. Streams are pooled: `begin` makes one as
 * good as new.
 */
import { mayEndAhead } from '../net/end-ahead.ts';
import type { LocalService } from '../http/local-service.ts';
import {
  END,
  MORE,
  PAUSE,
  type Connection,
  type ConnectionHandler,
  type Follows,
} from '../net/connection.ts';
import { errorReply } from '../rules/default-pages.ts';
import type { Reply } from '../rules/reply.ts';
import type { PlacedFilter } from '../rules/script-filter.ts';
import type { Verdict } from '../rules/verdict.ts';
import { BodyShaping } from './bodies/body-shaping.ts';
import { ClientTrouble, type ClientTroubleOwner } from './client/client-trouble.ts';
import {
  beginConnection,
  isWebsocket,
  preferredServer,
  releaseServer,
  takeConnection,
} from './server/connection-reuse.ts';
import type { DialFailure } from './server/dial-failure.ts';
import type { Stream } from './server/dialed-stream.ts';
import { Dialer } from './server/dialer.ts';
import {
  awaitResponse,
  awaitsUpload,
  forwardBody,
  forwardRequest,
  sendRequest,
} from './request/forward-request.ts';
import { forwardResponse } from './response/forward-response.ts';
import { HttpFilters } from './filters/http-filters.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { StreamClient } from './client/stream-client.ts';
import type { StreamFacts } from '../model/stream-facts.ts';
import type { LiveStream } from './live-streams.ts';
import { StreamBodies } from './bodies/stream-bodies.ts';
import { describeStream, phaseOf } from './stream-facts.ts';
import { interimResponse } from './response/interim-responses.ts';
import { OwnReply, type OwnReplyOwner } from './response/own-reply.ts';
import { receiveRequest } from './request/receive-request.ts';
import { passInterimOn, receiveResponse } from './response/receive-response.ts';
import { redirectToServer } from './server/redirect-to-server.ts';
import { RequestBody, type RequestBodyOwner } from './request/request-body.ts';
import { RequestRules, type RequestRulesOwner } from './request/request-rules.ts';
import { ResponseRules, type ResponseRulesOwner } from './response/response-rules.ts';
import type { BackendRuntime, DataThread, ServerRuntime } from './runtime/runtime.ts';
import { serveStored } from './caching/serve-stored.ts';
import { ServiceCall, type ServiceCallOwner } from './services/service-call.ts';
import { ServerHalf } from './server/server-half.ts';
import type { ServerHalfOwner } from './server/server-half-owner.ts';
import type { ShutdownLetter } from './server/server-streams.ts';
import { ServerTrouble, type ServerTroubleOwner } from './server/server-trouble.ts';
import { StreamRecord } from './stream-record.ts';
import { stopRequest, stopResponse } from './response/stopped-by-rules.ts';
import type { Phase } from './accounts/termination.ts';
import { Tunnel } from './tcp/tunnel.ts';
import { turnToOwnReply } from './response/turn-to-own-reply.ts';

export class HttpStream
  extends StreamRecord
  implements
    HttpExchange,
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
  readonly body: RequestBody;
  readonly server: ServerHalf;
  readonly requestRules: RequestRules;
  readonly responseRules: ResponseRules;
  readonly dialer: Dialer;
  readonly clientTrouble: ClientTrouble;
  readonly serverTrouble: ServerTrouble;
  /** Made when first needed: few streams ever are. */
  #service: ServiceCall | undefined;
  #reply: OwnReply | undefined;
  readonly shaping: BodyShaping;
  filters: HttpFilters | undefined;
  #tunnel: Tunnel | undefined;
  #over = true;

  constructor(thread: DataThread) {
    super(thread);
    this.body = new RequestBody(this);
    this.server = new ServerHalf(this);
    this.requestRules = new RequestRules(this);
    this.responseRules = new ResponseRules(this);
    this.transaction.bodies = new StreamBodies(this);
    this.transaction.onEarlyHints = headers =>
      this.answer.sendAhead(this.clientConnection, interimResponse(103, headers));
    this.dialer = new Dialer(thread, this);
    this.clientTrouble = new ClientTrouble(this);
    this.serverTrouble = new ServerTrouble(this);
    this.shaping = new BodyShaping(this);
  }

  override begin(session: StreamClient): void {
    super.begin(session);
    this.#over = false;
    this.body.read = true;
    this.shaping.begin();
    this.thread.liveStreams.add(this);
  }

  // ── 1. a request comes in, and passes the rules ──

  /** It turns out that there is none: the connection speaks HTTP/2. */
  retract(): void {
    this.#end();
    this.transaction.releaseCounters();
    this.transaction.releaseVariables();
  }

  requestStarted(): void {
    this.transaction.timers.firstByteAt = this.thread.wheel.now;
  }

  requestArrived(headLength: number): void {
    receiveRequest(this, headLength);
  }

  joinFilters(filters: readonly PlacedFilter[]): boolean {
    return (this.filters ??= new HttpFilters(this)).join(filters);
  }

  requestDecided(verdict: Verdict): void {
    stopRequest(this, verdict);
  }

  cacheAnswers(): void {
    serveStored(this);
  }

  requestAllowed(backend: BackendRuntime): void {
    forwardRequest(this, backend);
  }

  // ── 2. a server is dialed ──

  get serverHandler(): ConnectionHandler {
    return this.server;
  }

  takeIdle(server: ServerRuntime): Connection | undefined {
    return takeConnection(server, this.session, this.transaction);
  }

  preferredServer(backend: BackendRuntime): ServerRuntime | undefined {
    return preferredServer(backend, this.session);
  }

  answeredFor(server: ServerRuntime): boolean {
    return redirectToServer(this, server);
  }

  travelOn(server: ServerRuntime, connection: Connection): Connection {
    return beginConnection(server, connection, this.session, this.transaction);
  }

  get wantsWebsocket(): boolean {
    return isWebsocket(this.transaction);
  }

  onDialFailed(failure: DialFailure): void {
    this.serverTrouble.unreached(failure);
  }

  onDialed(connection: Connection, reused: boolean): void {
    sendRequest(this, connection, reused);
  }

  // ── 3. the rest of the request's body ──

  /** Bytes from the client while its request is served: body to pass on, or its next request, which waits. */
  requestBytesArrived(): void {
    if (this.requestRules.bytesArrived() || this.#service?.bytesArrived() === true) return;
    if (this.filters?.bytesArrived(false) === true) return;
    if (!this.body.read) this.requestBodyReady();
  }

  requestBodyReady(): void {
    forwardBody(this);
  }

  requestForwarded(): void {
    awaitResponse(this);
  }

  // ── 4. the response comes in, and passes the rules ──

  interimArrived(): boolean {
    return passInterimOn(this);
  }

  /** Of a response that waits for rules or filters. */
  heldBytesArrived(): void {
    if (this.filters?.bytesArrived(true) !== true) this.responseRules.bytesArrived();
  }

  responseArrived(): void {
    receiveResponse(this);
  }

  responseDecided(verdict: Verdict): void {
    stopResponse(this, verdict);
  }

  responseAllowed(): void {
    forwardResponse(this);
  }

  // ── 5. the client is sent an answer, whoever made it ──

  /** Asked once, of the last bytes. What the client still sends of its request is read before its connection ends. */
  followsAnswer(): Follows {
    return !this.keepAlive && !this.tunneling && this.body.read && mayEndAhead() ? END : PAUSE;
  }

  sendAnswer(length: number, rest?: Buffer, isWhole = false): void {
    const { bytes } = this.transaction;
    bytes.toClient += length;
    // to logs a service is as good as a server
    if (this.#service?.answers === true) bytes.fromServer += length + (rest?.length ?? 0);
    this.answer.send(this.clientConnection, length, rest, isWhole ? this.followsAnswer() : MORE);
  }

  sendBody(buffer: Buffer, offset: number, length: number, isRest = false): void {
    this.transaction.bytes.toClient += length;
    this.expectToSend();
    this.clientConnection.send(buffer, offset, length, isRest ? this.followsAnswer() : MORE);
  }

  expectToSend(): void {
    this.session.expect(this.transaction.timeout('client'));
  }

  /** The client's socket has taken what was sent. */
  clientSent(): void {
    const { server } = this;
    if (this.answer.wasAhead(this.clientConnection)) return;
    this.answer.drop(this.clientConnection);
    if (this.tunneling) {
      this.#tunnel = new Tunnel(this, () => this.abort());
      return this.#tunnel.start();
    }
    if (this.#reply?.active === true) return this.#reply.sent();
    this.body.clientTook();
    if (server.inBody) server.pump(this.clientConnection);
    else if (server.connection !== undefined) server.readHead();
  }

  /** The response's last byte is with the client: the server connection is free again. */
  responseForwarded(): void {
    if (this.#over || awaitsUpload(this)) return;
    releaseServer(this);
    this.finish();
  }

  // ── 6. answers of the balancer's own ──

  fail(status: number, letter: string, phase: Phase): void {
    this.transaction.termination.set(letter, phase);
    if (this.responseStarted) return this.abort();
    this.replyWith(errorReply(this.transaction, status));
  }

  replyWith(reply: Reply | undefined): void {
    if (reply === undefined || !turnToOwnReply(this, reply)) return this.abort();
    (this.#reply ??= new OwnReply(this)).start(reply);
  }

  sendOwnAnswer(length: number): void {
    (this.#reply ??= new OwnReply(this)).active = true;
    this.expectToSend();
    this.transaction.bytes.fromServer += length;
    this.sendAnswer(length);
  }

  callService(service: LocalService): void {
    (this.#service ??= new ServiceCall(this)).start(service);
  }

  // ── 7. the end of a request ──

  finish(): void {
    this.filters?.complete();
    this.#end();
    this.transaction.finish();
    this.session.requestFinished(this.keepAlive);
  }

  /** Nothing can be said any more: both sides are cut. */
  abort(): void {
    if (this.#over) return;
    this.#end();
    const { timers, status } = this.transaction;
    if (timers.firstByteAt >= 0 || status > 0) this.transaction.finish();
    else this.transaction.releaseVariables();
    this.session.requestAborted();
  }

  cut(letter: string, phase: Phase): void {
    this.transaction.termination.set(letter, phase);
    this.abort();
  }

  /** Everything that was taken for this request is given back. */
  #end(): void {
    this.#over = true;
    this.#tunnel = undefined;
    this.thread.liveStreams.remove(this);
    this.requestRules.stop();
    this.responseRules.stop();
    this.filters?.end();
    this.filters = undefined;
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

  get replyPaused(): boolean {
    return this.#reply?.paused === true;
  }

  /** The server went down, or another one came up; or an administrator wants it: nobody is told why, whatever has begun. */
  shutdown(letter: ShutdownLetter): void {
    if (this.#over) return;
    this.#tunnel?.stop();
    this.transaction.status = 500;
    this.cut(letter, 'C');
  }

  describe(now: number): StreamFacts {
    this.#tunnel?.noteBytes();
    const { client, server } = this.#tunnel?.timers ?? {
      client: this.session.timer,
      server: this.server.timer,
    };
    const [request, response] = [this.requestRules.timer, this.responseRules.timer];
    const waits = { client, server, request, response, connect: this.dialer.timer };
    return describeStream(this.transaction, this.phase, now, waits);
  }

  countSoFar(): void {
    this.#tunnel?.noteBytes();
    this.transaction.countSoFar();
  }

  /** Where it is, in the letters of the log. */
  get phase(): 'R' | 'Q' | 'C' | 'H' | 'D' {
    return phaseOf(this);
  }
}
