/**
 * One request (or one TCP session) in the course of its life: each step is told here, by the stream, the session or
 * the dialer, and is noted, counted and logged as it has to be. Rules, samples and log formats get it as their context.
 */
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { PlacedThrottle } from './bodies/bandwidth.ts';
import type { Exchange } from './accounts/accounting.ts';
import { countForAll } from '../state/stick-table/tracked-counters.ts';
import { isTold } from './persistence/cookie-keeper.ts';
import { ExchangeVerbs } from './exchange-verbs.ts';
import type { BackendRuntime, ExchangeContext, ServerRuntime } from './runtime/runtime.ts';

/** First letters of termination states that are the server's fault, once it was asked (`http_fail_cnt`). */
const SERVER_FAILURES = new Set(['S', 's', 'P']);

const NO_THROTTLES: readonly PlacedThrottle[] = [];

export class Transaction extends ExchangeVerbs implements ExchangeContext, Exchange {
  /** The head has been read: the line as received stays known when rules rewrite it. */
  arrived(request: Http1RequestHead): void {
    this.request = request;
    this.takeNumber();
    this.client.requestCount++;
    this.requestLine = request.line;
    const { captures, config, hasCookie } = this.frontendRuntime;
    if (!captures.empty) captures.request(this, request.headers);
    if (hasCookie && isTold(config.cookie)) this.cookieState = 'NN';
    if (!this.contentInspected) this.frontendRuntime.logStart(this);
  }

  /** Before any cookie is taken out. */
  captureCookie(): void {
    const { captures } = this.frontendRuntime;
    if (!captures.empty && this.request !== undefined) captures.cookie(this, this.request.headers);
  }

  /** The server has answered: what is captured is its head as received. */
  answered(response: Http1ResponseHead): void {
    this.response = response;
    this.answeredWith(response.status);
    const { captures } = this.frontendRuntime;
    if (!captures.empty) captures.response(this, response.headers);
  }

  /** Nobody looks at the head. */
  answeredWith(status: number): void {
    this.responseBegins();
    this.serverStatus = this.status = status;
    this.counts.response(status);
    if (this.#tracks()) this.#countStatus(status);
  }

  responseBegins(): void {
    this.inResponse = true;
  }

  useBackend(backend: BackendRuntime): void {
    if (this.isHttp) this.cookieState = isTold(backend.config.cookie) ? 'NN' : '--';
    this.backendRuntime = backend;
    this.counts.backend(backend);
  }

  countRequest(): void {
    this.counts.request(this.request?.version ?? 0);
    this.countTracked('request');
  }

  /** Refused before it was counted: what could not be read, and what got an answer all the same. */
  #isUncounted(): boolean {
    return this.isHttp && !this.counts.requestCounted && (this.request === undefined || this.status !== 0);
  }

  /** So many bytes of the request, body included, are in the buffer its head may grow in. */
  holdsOfRequest(bytes: number): void {
    const held = Math.min(bytes, this.frontendRuntime.limits.maxHeadBytes);
    this.requestRoom -= held - this.requestHeld;
    this.requestHeld = held;
  }

  holdsOfResponse(bytes: number): void {
    const held = Math.min(bytes, this.frontendRuntime.limits.maxHeadBytes);
    this.responseRoom -= held - this.responseHeld;
    this.responseHeld = held;
  }

  // ── what the dialer tells ──

  /** Its place in the queue of a server or of the backend, from 1. */
  queuedAt(server: ServerRuntime | undefined, position: number): void {
    if (server === undefined) this.backendQueue += position;
    else this.serverQueue += position;
  }

  /** Unserved: the time it has waited is told all the same (`Tw`). */
  leftQueue(): void {
    if (this.timers.dequeuedAt < 0) this.timers.dequeuedAt = this.thread.wheel.now;
  }

  /** `isAgain`: by a redispatch. All time until then counts as waiting for a server (`Tw`). */
  assign(server: ServerRuntime, isAgain: boolean): void {
    this.serverRuntime = server;
    if (isAgain || this.timers.dequeuedAt < 0) this.timers.dequeuedAt = this.thread.wheel.now;
    this.counts.server(server);
  }

  /** No server takes it, or none any more. */
  unassign(): void {
    this.serverRuntime = undefined;
    this.counts.noServer();
  }

  /** It was meant for that server, and got no slot of it. */
  unservedBy(server: ServerRuntime): void {
    this.serverRuntime = server;
    this.counts.server(server);
  }

  noteRetry(server: ServerRuntime): void {
    this.retries++;
    this.counts.retry(server);
  }

  /** It left that server for this one, if for any. */
  noteMove(left: ServerRuntime, server: ServerRuntime | undefined): void {
    if (left === server) this.counts.retry(left);
    else this.#noteRedispatch(left);
  }

  /** The server that its cookie named counts as down, now that another one serves it. */
  #noteRedispatch(server: ServerRuntime): void {
    this.redispatched = true;
    this.cookieState = this.cookieState.replace(/^V/, 'D');
    this.counts.redispatch(server);
  }

  /** One of `log-steps` is reached: times are those so far. */
  logStep(step: 'accept' | 'request' | 'connect' | 'response'): void {
    if (!this.frontendRuntime.logsSteps) return;
    this.timers.endedAt = this.thread.wheel.now;
    this.frontendRuntime.logStep(this, step);
    this.timers.endedAt = -1;
  }

  /** `option logasap`: the response begins, or the server is connected; no second line follows at the end. */
  logEarly(): void {
    if (!this.frontendRuntime.logsEarly) return;
    this.timers.endedAt = this.thread.wheel.now;
    this.frontendRuntime.log(this);
    this.logged = true;
  }

  /** The bytes so far, where the frontend does not wait for the end with them. */
  countSoFar(): void {
    if (this.frontendRuntime.countsOnTheWay) this.counts.bytesSoFar(this.bytes);
  }

  /** It is over: counted and logged, once. */
  finish(): void {
    this.timers.endedAt = this.thread.wheel.now;
    if (this.#isUncounted()) this.countRequest();
    this.counts.end(this, this.backendRuntime);
    if (this.#tracks()) this.#countTraffic();
    if (!this.logged && !this.unanswered) this.frontendRuntime.log(this);
    this.script?.end();
    this.releaseCounters();
    this.releaseVariables();
    this.bandwidth?.release();
  }

  // ── what is tracked in stick tables ──

  /** Anything at all: most configurations track nothing. */
  #tracks(): boolean {
    return this.ownCounters !== undefined || this.client.counters !== undefined;
  }

  /** Something happened to whoever is tracked. */
  countTracked(event: 'request' | 'error' | 'failure'): void {
    if (this.#tracks()) countForAll(this.ownCounters, this.client.counters, event, 1);
  }

  #countStatus(status: number): void {
    if (this.statusKinds.isError(status)) this.countTracked('error');
    if (this.statusKinds.isFailure(status)) this.countTracked('failure');
  }

  /** A backend's rules for requests begin: its content rules may have tracked somebody before. */
  countInBackend(): void {
    this.ownCounters?.countInBackend('request');
  }

  #countTraffic(): void {
    const { cause, phase } = this.termination;
    const isLate = phase === 'H' || phase === 'D';
    if (this.isHttp && isLate && this.flaw === 'none' && SERVER_FAILURES.has(cause))
      this.countTracked('failure');
    const { fromClient, fromServer } = this.bytes;
    const { counters } = this.client;
    if (fromClient > 0) countForAll(this.ownCounters, counters, 'uploaded', fromClient);
    if (fromServer > 0) countForAll(this.ownCounters, counters, 'downloaded', fromServer);
  }

  /** What it tracked itself is let go: at its end, or when another session goes on with its connection. */
  releaseCounters(): void {
    this.ownCounters?.release();
    this.ownCounters = undefined;
  }

  /** Its variables count no longer; they can still be read. */
  releaseVariables(): void {
    this.variableMemory?.transaction.end();
    this.variableMemory = undefined;
  }

  /** Of the bodies that pass in that direction. */
  throttles(direction: 'in' | 'out', wheel: TimerWheel): readonly PlacedThrottle[] {
    const { bandwidth } = this;
    if (bandwidth === undefined) return NO_THROTTLES;
    const { config } = this.frontendRuntime;
    return bandwidth.throttles(direction, [config, this.backendRuntime?.config ?? config], wheel);
  }

  /** Made when it is first asked for, by the log at the latest. */
  /** What could not be read is no request: it has none. */
  get uniqueId(): string | undefined {
    if (this.badRequest) return this.knownUniqueId;
    return (this.knownUniqueId ??= this.frontendRuntime.uniqueId(this));
  }
}
