/**
 * A response that rules have let pass, on its way to the client: its head with what has come of its body, from where
 * they came in, or rendered anew where that is impossible (RFC 9110 section 7.6). The rest of the body follows by
 * server-half.ts. Called by http-stream.ts.
 */
import { adjustCase } from '../../http/header-names.ts';
import { responseRendering, SAY_NOTHING, type ResponseRendering } from '../../http/response-head.ts';
import { INTERNAL_ERROR } from '../../rules/verdict.ts';
import { MORE } from '../../net/connection.ts';
import { setsCacheableCookie } from '../caching/cacheable-cookies.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { runAfterResponse } from './response-rules.ts';
import { refuseResponse, stopResponse } from './stopped-by-rules.ts';

export function forwardResponse(stream: HttpExchange): void {
  const { transaction } = stream;
  const { backendRuntime, serverRuntime } = transaction;
  if (serverRuntime !== undefined) backendRuntime?.prepareResponse(transaction, serverRuntime);
  if (leaksCookie(stream)) return refuseResponse(stream);
  if (!runAfterResponse(transaction, stream.frontend)) return stopResponse(stream, INTERNAL_ERROR);
  if (stream.filters === undefined) passResponse(stream);
  else stream.filters.response(() => passResponse(stream));
}

/** All that may change it has seen its head. */
function passResponse(stream: HttpExchange): void {
  const { responseHead } = stream;
  stream.expectToSend();
  if (responseHead.framing === 'tunnel') openTunnel(stream);
  else sendResponse(stream);
}

/** `option checkcache` */
function leaksCookie({ transaction, responseHead }: HttpExchange): boolean {
  const { backendRuntime, requestLine } = transaction;
  if (backendRuntime?.checksCache !== true) return false;
  const { status, headers } = responseHead;
  return setsCacheableCookie(requestLine?.method ?? '', status, headers);
}

/** 101, or 2xx to CONNECT: once the head is sent, both sides are just bytes. */
function openTunnel(stream: HttpExchange): void {
  const length = stream.responseHead.renderInto(stream.answer.take(), 0, SAY_NOTHING);
  if (length < 0) return stream.serverTrouble.responseInvalid();
  stream.responseStarted = true;
  stream.tunneling = true;
  stream.sendAnswer(length);
}

function sendResponse(stream: HttpExchange): void {
  const { transaction, responseHead, server, frontend } = stream;
  stream.responseStarted = true;
  transaction.logEarly();
  transaction.logStep('response');
  settleEdits(stream);
  server.decoder.dropTrailers = frontend.dropsTrailers;
  if (frontend.nameCase !== undefined) adjustCase(responseHead.headers, frontend.nameCase);
  server.pipe = stream.shaping.ofResponse(server);
  transaction.caching?.follow(server.decoder);
  const rendering = responseRendering(stream.requestHead.version, stream.keepAlive);
  // early hints may still be under way: the answer waits in a buffer of its own
  const inPlace = server.pipe === undefined && !stream.clientConnection.sending;
  if (frontend.logsResponses) responseHead.headers.keepText();
  if (inPlace && stream.session.sendHead !== undefined && responseHead.isAsReceived)
    return sendAsHead(stream);
  const start = inPlace ? responseHead.squeeze(rendering) : -1;
  if (start >= 0) sendInPlace(stream, start);
  else sendRendered(stream, rendering);
}

/** Rules may have changed what decides whether the client expects a body, and its connection to go on. */
function settleEdits(stream: HttpExchange): void {
  const { transaction, requestHead, responseHead, server } = stream;
  const asked = transaction.requestLine?.method ?? requestHead.method;
  const hasOtherMethod = requestHead.method !== asked;
  if (responseHead.hasOtherStatus || hasOtherMethod) server.bodyUnwanted = !responseHead.settleBody(asked);
  // whoever has asked for a tunnel takes any success for one
  const isNoTunnel = hasOtherMethod && asked === 'CONNECT';
  const endsHere = responseHead.settleConnection() || responseHead.status < 200 || isNoTunnel;
  stream.keepAlive = !endsHere && mayKeepClient(stream);
}

function mayKeepClient({ keepAlive, frontend, thread, responseHead, session }: HttpExchange): boolean {
  return (
    keepAlive &&
    frontend.keepsClients &&
    !thread.sendsAway() &&
    !responseHead.endsWithConnection &&
    !responseHead.isMistrusted &&
    !session.ended
  );
}

/** Nothing is to be written anew: head and body go out from where they came in. */
function sendInPlace(stream: HttpExchange, start: number): void {
  const { transaction, server } = stream;
  const { headers } = stream.responseHead;
  const { source, sourceStart, length } = headers;
  const end = server.takeBodyInPlace(sourceStart + length);
  if (server.decoder.error !== 0) return firstBodyInvalid(stream);
  if (!stream.frontend.logsResponses) headers.forget();
  transaction.bytes.toClient += end - start;
  const follows = server.decoder.done ? stream.followsAnswer() : MORE;
  stream.clientConnection.send(source as Buffer, start, end - start, follows);
}

/** The same for a client that takes heads as such. */
function sendAsHead(stream: HttpExchange): void {
  const { transaction, server, session, responseHead } = stream;
  const { headers } = responseHead;
  const source = headers.source as Buffer;
  const body = headers.sourceStart + headers.length;
  const end = server.takeBodyInPlace(body);
  if (server.decoder.error !== 0) return firstBodyInvalid(stream);
  transaction.bytes.toClient += (session.sendHead?.(responseHead) ?? 0) + end - body;
  if (!stream.frontend.logsResponses) headers.forget();
  stream.clientConnection.send(source, body, end - body);
}

function sendRendered(stream: HttpExchange, rendering: ResponseRendering): void {
  const { server } = stream;
  const { pipe } = server;
  const buffer = stream.answer.take();
  let length = stream.responseHead.renderInto(buffer, 0, rendering);
  length += server.takeBody(buffer, length);
  // it has failed, and the exchange with it
  if (server.pipe !== pipe) return;
  if (server.decoder.error !== 0) firstBodyInvalid(stream);
  else stream.sendAnswer(length, undefined, pipe === undefined && server.decoder.done);
}

/** The client has seen nothing of the response yet: it can still be told. */
function firstBodyInvalid(stream: HttpExchange): void {
  const { transaction } = stream;
  stream.responseStarted = false;
  transaction.counts.noResponse(transaction.serverStatus);
  transaction.serverStatus = 0;
  stream.serverTrouble.responseInvalid();
}
