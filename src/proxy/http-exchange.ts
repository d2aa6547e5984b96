/**
 * One request and its response as the stages of its life see it: the two sides, the heads, what has been decided so
 * far, and the ways to end it early. http-stream.ts is the one; the stages are receive-request.ts, forward-request.ts,
 * redirect-to-server.ts, serve-stored.ts, receive-response.ts, forward-response.ts, stopped-by-rules.ts and
 * turn-to-own-reply.ts.
 */
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { LocalService } from '../http/local-service.ts';
import type { Connection, Follows } from '../net/connection.ts';
import type { Reply } from '../rules/reply.ts';
import type { PlacedFilter } from '../rules/script-filter.ts';
import type { Answer } from './response/answer.ts';
import type { BodyShaping } from './bodies/body-shaping.ts';
import type { ClientTrouble } from './client/client-trouble.ts';
import type { Dialer } from './server/dialer.ts';
import type { HttpFilters } from './filters/http-filters.ts';
import type { OutgoingRequest } from './request/outgoing-request.ts';
import type { RequestBody } from './request/request-body.ts';
import type { RequestRules } from './request/request-rules.ts';
import type { ResponseRules } from './response/response-rules.ts';
import type { DataThread, FrontendRuntime } from './runtime/runtime.ts';
import type { ServerHalf } from './server/server-half.ts';
import type { ServerTrouble } from './server/server-trouble.ts';
import type { StreamClient } from './client/stream-client.ts';
import type { Phase } from './accounts/termination.ts';
import type { Transaction } from './transaction.ts';

export interface HttpExchange {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly frontend: FrontendRuntime;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;

  // ── the client's side ──

  readonly session: StreamClient;
  readonly clientConnection: Connection;
  readonly body: RequestBody;
  readonly requestRules: RequestRules;
  readonly answer: Answer;
  readonly clientTrouble: ClientTrouble;

  // ── the server's side ──

  readonly dialer: Dialer;
  readonly outgoing: OutgoingRequest;
  readonly server: ServerHalf;
  readonly responseRules: ResponseRules;
  readonly serverTrouble: ServerTrouble;
  readonly shaping: BodyShaping;
  /** Of scripts; undefined: its proxies have none. */
  readonly filters: HttpFilters | undefined;

  // ── how far it is ──

  /** May another request follow on the client's connection? */
  keepAlive: boolean;
  /** All of the request is with the server. */
  requestSent: boolean;
  /** The client has been sent some of an answer. */
  responseStarted: boolean;
  /** It has all of a server's response. */
  responseDone: boolean;
  /** The head that is under way to the client ends HTTP: bytes both ways follow it. */
  tunneling: boolean;

  /** The filters of a proxy join; false: one of them has failed, and the request has ended. */
  joinFilters(filters: readonly PlacedFilter[]): boolean;
  /** From now on the client has to take what it is sent, within its timeout. */
  expectToSend(): void;
  /** Behind the last bytes of the answer, which are sent now: the end of the client's connection may go with them. */
  followsAnswer(): Follows;
  /** What the answer has rendered goes out, `rest` behind it. `isWhole`: nothing else follows. */
  sendAnswer(length: number, rest?: Buffer, isWhole?: boolean): void;
  /** The same of an answer of the balancer's own, all of it in one piece. */
  sendOwnAnswer(length: number): void;
  /** An answer of the balancer's own, whatever was under way; undefined: silence. */
  replyWith(reply: Reply | undefined): void;
  /** The response's last byte is with the client. */
  responseForwarded(): void;
  /** A service answers in the place of a server. */
  callService(service: LocalService): void;
  /** An error page, or a cut where the client has been sent something already. */
  fail(status: number, letter: string, phase: Phase): void;
  cut(letter: string, phase: Phase): void;
  abort(): void;
}
