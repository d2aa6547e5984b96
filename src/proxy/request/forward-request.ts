/**
 * A request that rules have let pass, on its way to a server: its head made ready and rendered, a connection dialed,
 * both sent, the rest of the body behind it (RFC 9110 section 7.6). http-stream.ts calls `forwardRequest` when the
 * backend is known, and `sendRequest` for each connection the dialer has: the first, and those of retries.
 */
import { BODY_OK } from '../../http/body-decoder.ts';
import { adjustCase, restrictNames } from '../../http/header-names.ts';
import type { RequestRendering } from '../../http/request-head.ts';
import type { Connection } from '../../net/connection.ts';
import { closesServer } from '../server/connection-reuse.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { LARGE_BODY } from './request-body.ts';
import type { BackendRuntime } from '../runtime/runtime.ts';

const TELL_NOTHING: RequestRendering = { close: false };
const TELL_CLOSE: RequestRendering = { close: true };

export function forwardRequest(stream: HttpExchange, backend: BackendRuntime): void {
  const { session, body } = stream;
  if (session.ended && !body.read) return stream.clientTrouble.gone('ended');
  if (!restrictNames(stream.requestHead.headers, backend.config.options.restrictHeaderNames))
    return stream.fail(403, 'P', 'R');
  prepare(stream, backend);
  if (stream.filters === undefined) passRequest(stream, backend);
  else stream.filters.request(() => passRequest(stream, backend));
}

/** All that may change it has seen its head. */
function passRequest(stream: HttpExchange, backend: BackendRuntime): void {
  const { session, body, dialer, shaping } = stream;
  if (session.ended && !body.read) return stream.clientTrouble.gone('ended');
  body.pipe = shaping.ofRequest(backend, body);
  body.remember();
  if (!render(stream, backend)) return stream.fail(500, 'P', 'R');
  if (body.decoder.error !== 0) return stream.clientTrouble.badRequest(400);
  dialer.start(backend);
  if (!dialer.waiting) return;
  stream.outgoing.settle();
  if (session.ended) stream.clientTrouble.ended();
  else session.watch();
}

/** What the backend wants of every request, behind all rules. */
function prepare({ transaction, requestHead, body }: HttpExchange, backend: BackendRuntime): void {
  const { nameCase, nameHeader } = backend;
  transaction.captureCookie();
  backend.prepare(transaction);
  body.decoder.dropTrailers = backend.dropsTrailers;
  if (nameCase !== undefined) adjustCase(requestHead.headers, nameCase);
  if (nameHeader !== undefined) requestHead.headers.remove(nameHeader.header);
}

/** False: it does not fit a buffer any more. */
function render(stream: HttpExchange, backend: BackendRuntime): boolean {
  const { transaction, requestHead, body, outgoing } = stream;
  const tellsClose = closesServer(stream.frontend, transaction) && !backend.pretendsKeepAlive;
  const rendering = tellsClose ? TELL_CLOSE : TELL_NOTHING;
  return outgoing.render(requestHead, rendering, body, backend.nameHeader?.room ?? 0);
}

/** What has come of it goes out at once, the rest of its body as the connection takes it. */
export function sendRequest(stream: HttpExchange, connection: Connection, reused: boolean): void {
  const { transaction, server, outgoing } = stream;
  stream.requestSent = false;
  transaction.serverConnection = connection;
  transaction.serverReused = reused;
  transaction.timers.connectedAt = stream.thread.wheel.now;
  transaction.logStep('connect');
  server.bodyUnwanted = transaction.requestLine?.method === 'HEAD';
  server.begin(connection, reused);
  if (connection.closed) return;
  const nameHeader = transaction.backendRuntime?.nameHeader;
  if (nameHeader !== undefined) outgoing.nameServer(nameHeader, stream.dialer.server?.config.name ?? '');
  transaction.bytes.toServer = outgoing.length;
  // of a body a server may take nothing
  if (stream.requestHead.framing !== 'none') server.expectBytes();
  outgoing.send(connection);
}

/** More of its body has come. */
export function forwardBody(stream: HttpExchange): void {
  const { transaction, server, body, dialer, session } = stream;
  const { connection } = server;
  if (stream.responseDone && connection === undefined) stream.responseForwarded();
  else if (transaction.cacheHit !== undefined) body.drop();
  else if (connection !== undefined && !dialer.waiting) {
    session.clearTimer();
    body.pump(connection);
  }
}

/** All of it is with the server: now it is the server's turn. */
export function awaitResponse(stream: HttpExchange): void {
  if (stream.requestSent) return;
  stream.requestSent = true;
  stream.body.forget();
  if (stream.responseDone) return stream.responseForwarded();
  if (!stream.responseStarted || awaitsResponseBody(stream)) stream.server.expectBytes();
  if (stream.clientTrouble.hasLeft()) stream.server.endRequest();
  else stream.session.watch();
}

/** Its head came before all of the request was here. */
function awaitsResponseBody({ server, clientConnection }: HttpExchange): boolean {
  return !server.responseRead && !clientConnection.sending;
}

/**
 * The client has all of the response, but not all of the request is with the server, which may want it nevertheless: the
 * rest passes for as long as the server is there. So do the last bytes that its socket has not confirmed yet. False: it is
 * not so.
 */
export function awaitsUpload(stream: HttpExchange): boolean {
  const { server, body, transaction } = stream;
  const { connection } = server;
  if (stream.requestSent || transaction.cacheHit !== undefined) return false;
  if (connection === undefined || connection.closed || server.ended || server.inbox.length > 0)
    return awaitsRest(stream);
  const hasBody = stream.requestHead.framing !== 'none';
  if (!hasBody && !connection.sending) return false;
  stream.responseDone = true;
  // to notice its end
  if (hasBody) server.receive();
  if (connection.sending) server.expectBytes();
  else body.expectBytes();
  return true;
}

/**
 * The server has closed. What little the client still has to send is dropped, and its next request served: it was not told
 * that its connection would be closed. More than that is not worth the wait; of chunks nobody knows how many there are to
 * come: so much of them is taken. False: it is not so.
 */
function awaitsRest(stream: HttpExchange): boolean {
  const { session, body, requestHead, server, transaction } = stream;
  if (!stream.keepAlive || session.ended || !transaction.termination.isClean) return false;
  if (requestHead.version >= 20) return false;
  const { decoder } = body;
  const rest = requestHead.framing === 'chunked' ? body.dropped : decoder.plainLeft;
  if (rest >= LARGE_BODY || body.drop() || decoder.error !== BODY_OK) return false;
  stream.responseDone = true;
  server.close();
  session.expect(transaction.timeout('client'));
  session.receive(true);
  return true;
}
