/**
 * An answer of the balancer's own on its way to the client: head and body in one piece, a large body after its head,
 * a service's body piece by piece. http-stream.ts has let go of the server before it starts one.
 *
 *   start ─▶ after-response rules ─▶ head and body ─ sent ─▶ rest, or pieces ─ sent ─▶ done
 */
import type { BodySource } from '../../http/local-service.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import { responseRendering, type Http1ResponseHead } from '../../http/response-head.ts';
import type { Reply } from '../../rules/reply.ts';
import type { Answer } from './answer.ts';
import type { BodyShaping } from '../bodies/body-shaping.ts';
import type { ClientTrouble } from '../client/client-trouble.ts';
import { runAfterResponse } from './response-rules.ts';
import type { StreamClient } from '../client/stream-client.ts';
import { StreamedBody, type StreamedBodyOwner } from './streamed-body.ts';
import type { Transaction } from '../transaction.ts';

export interface OwnReplyOwner {
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;
  /** What is rendered for the client. */
  readonly answer: Answer;
  /** May another request follow on the client's connection? */
  keepAlive: boolean;
  /** What the answer has rendered goes out, `rest` behind it. `isWhole`: nothing else follows. */
  sendAnswer(length: number, rest?: Buffer, isWhole?: boolean): void;
  sendBody(buffer: Buffer, offset: number, length: number, isRest?: boolean): void;
  readonly clientTrouble: ClientTrouble;
  readonly shaping: BodyShaping;
  /** The client has all of it. */
  finish(): void;
  /** It cannot be said. */
  abort(): void;
}

const NOTHING = Buffer.alloc(0);

export class OwnReply implements StreamedBodyOwner {
  /** One is under way. */
  active = false;
  readonly #owner: OwnReplyOwner;
  readonly #pieces: StreamedBody;

  constructor(owner: OwnReplyOwner) {
    this.#owner = owner;
    this.#pieces = new StreamedBody(this);
  }

  /** The client waits for the next piece of a service's answer. */
  get paused(): boolean {
    return this.#pieces.paused;
  }

  start(reply: Reply): void {
    const { transaction, session, requestHead, responseHead } = this.#owner;
    this.active = true;
    fillResponse(reply, responseHead, requestHead.version);
    if (reply.stream !== undefined) this.#beginPieces(reply.stream);
    transaction.response = responseHead;
    // what is no request is told so by the page as it stands
    if (transaction.request !== undefined) runAfterResponse(transaction, session.listener.frontend);
    session.expect(transaction.timeout('client'));
    this.#send(reply);
  }

  /** Head and body in one piece; a body larger than a buffer goes out from where it lies. */
  #send(reply: Reply): void {
    const owner = this.#owner;
    const buffer = owner.answer.take();
    const { responseHead } = owner;
    const hasBody = responseHead.settleBody(owner.transaction.requestLine?.method ?? '');
    if (!hasBody) this.#pieces.stop();
    if (responseHead.settleConnection() || responseHead.status < 200) owner.keepAlive = false;
    const rendering = responseRendering(owner.requestHead.version, owner.keepAlive);
    const head = responseHead.renderInto(buffer, 0, rendering);
    if (head < 0) return owner.abort();
    const body = hasBody ? reply.body : NOTHING;
    if (head + body.length <= buffer.length)
      owner.sendAnswer(head + body.copy(buffer, head), undefined, !this.#pieces.active);
    else owner.sendAnswer(head, body);
  }

  #beginPieces(source: BodySource): void {
    const { responseHead, shaping, transaction } = this.#owner;
    const isChunked = responseHead.framing === 'chunked';
    if (!isChunked) this.#owner.keepAlive = false;
    if (transaction.requestLine?.method === 'HEAD') return source.close();
    this.#pieces.begin(source, isChunked, isChunked ? shaping.ofService() : undefined);
  }

  sendStreamed(bytes: Buffer): void {
    this.#owner.transaction.bytes.fromServer += bytes.length;
    this.#owner.sendBody(bytes, 0, bytes.length);
  }

  /** Only its end can be noticed of a client that waits: it may have come while the last piece was sent. */
  streamPaused(): void {
    const { session } = this.#owner;
    if (session.ended) return this.#owner.clientTrouble.gone('ended');
    session.clearTimer();
    session.watch();
  }

  streamFailed(): void {
    this.#owner.abort();
  }

  streamDone(): void {
    this.sent();
  }

  /** The client's socket has taken what it was given. */
  sent(): void {
    const owner = this.#owner;
    const rest = owner.answer.takeRest();
    if (rest !== undefined) return owner.sendBody(rest, 0, rest.length, !this.#pieces.active);
    if (this.#pieces.active) return this.#pieces.sent();
    this.active = false;
    owner.session.clearTimer();
    owner.finish();
  }

  /** The request is over, one way or the other. */
  stop(): void {
    this.active = false;
    this.#pieces.stop();
  }
}

/**
 * The answer as a response head, so that `http-after-response` rules see it as they see a server's. Pieces go in chunks,
 * where the client knows them; elsewhere the end of the connection ends the body.
 */
function fillResponse({ status, reason, ...reply }: Reply, head: Http1ResponseHead, version: number): void {
  const { headers } = head;
  head.reset();
  for (const [name, value] of reply.headers) headers.add(name, value);
  if (reply.stream === undefined) {
    const length = headers.has('content-length') ? reply.body.length : -1;
    head.composed(status, reason, length > 0 ? 'length' : 'none', length, reply.version);
  } else if (version >= 11) {
    headers.add('transfer-encoding', 'chunked');
    head.composed(status, reason, 'chunked', -1);
  } else head.composed(status, reason, 'close', -1);
}
