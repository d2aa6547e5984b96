/**
 * What becomes of the bodies of a request and its answer on their way: compression (`compression`), chunks where a
 * rule has taken the length away. Changes the heads accordingly and gives the pipe the body goes through; undefined:
 * it goes as it comes.
 */
import type { BodyDecoder } from '../../http/body-decoder.ts';
import type { Framing } from '../../http/framing.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import type { PlacedThrottle } from './bandwidth.ts';
import { BareCoder } from './bare-coder.ts';
import { BodyPipe, type BodyPipeOwner } from './body-pipe.ts';
import { compressionPlan, wireName, type BodySize, type CompressionPlan } from './compression-plan.ts';
import { PlainCoder, type CodingName, type ContentCoder } from './content-coder.ts';
import { FilterCoder } from '../filters/filter-coder.ts';
import type { FilteredBody } from '../filters/filtered-head.ts';
import type { RequestBody } from '../request/request-body.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from '../runtime/runtime.ts';
import type { ServerHalf } from '../server/server-half.ts';
import type { Transaction } from '../transaction.ts';

type Head = Http1RequestHead | Http1ResponseHead;

/** Made while it is sent. */
const UNKNOWN_LENGTH: BodySize = { complete: false, announced: 0 };

interface BodyShapingOwner {
  readonly thread: DataThread;
  readonly frontend: FrontendRuntime;
  readonly transaction: Transaction;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;
  readonly body: RequestBody;
  readonly server: ServerHalf;
  /** Of scripts. */
  readonly filters: { body(isResponse: boolean): FilteredBody | undefined } | undefined;
}

/** How a body comes in. */
interface Received {
  readonly framing: Framing;
  readonly contentLength: number;
}

export class BodyShaping {
  readonly #stream: BodyShapingOwner;
  #plan: CompressionPlan | undefined;
  /** What the client takes. */
  #coding: CodingName | undefined;

  constructor(stream: BodyShapingOwner) {
    this.#stream = stream;
  }

  begin(): void {
    this.#plan = undefined;
    this.#coding = undefined;
  }

  // ── the request, after all rules ──

  ofRequest(backend: BackendRuntime, owner: BodyPipeOwner): BodyPipe | undefined {
    const { frontend, requestHead, body } = this.#stream;
    const plan = compressionPlan(frontend.config, backend.config);
    this.#plan = plan;
    if (plan?.ofResponses === true) this.#choose(plan);
    if (body.read) return undefined;
    const filtered = this.#stream.filters?.body(false);
    const coder = filtered === undefined ? this.#requestCoder(requestHead) : this.#filteredRequest(filtered);
    return this.#pipe(owner, coder, 'in');
  }

  #requestCoder(received: Received): ContentCoder | undefined {
    const { requestHead, body } = this.#stream;
    if (requestHead.version < 11) return undefined;
    return this.#compressRequest(received) ?? chunksInstead(body.decoder, requestHead);
  }

  #filteredRequest({ chain, head }: FilteredBody): ContentCoder {
    const { requestHead, body } = this.#stream;
    const compressed = requestHead.version < 11 ? undefined : this.#compressRequest(head);
    if (compressed !== undefined) return new FilterCoder(chain, compressed);
    body.decoder.start(head.framing, head.contentLength, 'content');
    return new FilterCoder(chain, plainCoder(requestHead));
  }

  #choose(plan: CompressionPlan): void {
    const { requestHead } = this.#stream;
    const choice = plan.codingFor(requestHead);
    this.#coding = choice?.coding;
    if (choice?.asked === true && plan.offload) requestHead.headers.remove('accept-encoding');
  }

  #compressRequest(received: Received): ContentCoder | undefined {
    const { requestHead, body, thread } = this.#stream;
    const plan = this.#plan;
    const coding = plan?.requestCoding;
    if (plan === undefined || coding === undefined || !plan.ofRequests) return undefined;
    if (!plan.compressesRequest(requestHead.headers, body.inspect())) return undefined;
    if (!thread.compressors.mayStart(thread.wheel.now)) return undefined;
    takeContent(body.decoder, received, requestHead);
    markCoded(requestHead, coding);
    return this.#coder(coding);
  }

  /** A stored response is served: no server is asked to compress, but the client may be. */
  ofCached(backend: BackendRuntime | undefined): void {
    const { frontend } = this.#stream;
    this.#plan = compressionPlan(frontend.config, (backend ?? frontend).config);
    if (this.#plan?.ofResponses === true) this.#choose(this.#plan);
  }

  // ── the response ──

  /** Before its rules run: `res.comp` tells them. */
  responseArrived(): void {
    const { transaction, requestHead, responseHead, server, thread } = this.#stream;
    const coding = this.#coding;
    if (coding === undefined || this.#plan === undefined) return;
    if (requestHead.version < 11 || responseHead.version < 11 || server.bodyUnwanted) return;
    const { framing, headers, status } = responseHead;
    if (framing !== 'chunked' && framing !== 'length') return;
    if (!this.#plan.compressesResponse(headers, status, server.inspect())) return;
    if (thread.compressors.mayStart(thread.wheel.now)) transaction.compression = coding;
  }

  /** After all rules. */
  ofResponse(owner: BodyPipeOwner): BodyPipe | undefined {
    const { server } = this.#stream;
    if (server.decoder.done || server.bodyUnwanted) return undefined;
    const filtered = this.#stream.filters?.body(true);
    const coder =
      filtered === undefined
        ? this.#responseCoder(this.#stream.responseHead)
        : this.#filteredResponse(filtered);
    return this.#pipe(owner, coder, 'out');
  }

  #responseCoder(received: Received): ContentCoder | undefined {
    const { requestHead, responseHead, server } = this.#stream;
    if (requestHead.version < 11) return undefined;
    return this.#compressResponse(received) ?? chunksInstead(server.decoder, responseHead);
  }

  #filteredResponse({ chain, head }: FilteredBody): ContentCoder {
    const { requestHead, responseHead, server } = this.#stream;
    const compressed = requestHead.version < 11 ? undefined : this.#compressResponse(head);
    if (compressed !== undefined) return new FilterCoder(chain, compressed);
    server.decoder.start(head.framing, head.contentLength, 'content');
    return new FilterCoder(chain, plainCoder(responseHead));
  }

  #compressResponse(received: Received): ContentCoder | undefined {
    const { transaction, responseHead, server } = this.#stream;
    const coding = transaction.compression as CodingName | undefined;
    if (coding === undefined) return undefined;
    takeContent(server.decoder, received, responseHead);
    markCoded(responseHead, coding);
    this.#stream.thread.compressors.countResponse(this.#rows());
    return this.#coder(coding);
  }

  /** Of the statistics page and its kin: compressed as a server's body is. */
  ofService(): ContentCoder | undefined {
    const { frontend, transaction, requestHead, responseHead, thread } = this.#stream;
    const backend = transaction.backendRuntime ?? frontend;
    const plan = compressionPlan(frontend.config, backend.config);
    if (plan?.ofResponses !== true) return undefined;
    const coding = plan.codingFor(requestHead)?.coding;
    if (coding === undefined) return undefined;
    if (!plan.compressesResponse(responseHead.headers, responseHead.status, UNKNOWN_LENGTH)) return undefined;
    if (!thread.compressors.mayStart(thread.wheel.now)) return undefined;
    transaction.compression = coding;
    markCoded(responseHead, coding);
    thread.compressors.countResponse(this.#rows());
    return this.#coder(coding);
  }

  /** Undefined: nothing is to be done with the bytes. */
  #pipe(
    owner: BodyPipeOwner,
    coder: ContentCoder | undefined,
    direction: 'in' | 'out',
  ): BodyPipe | undefined {
    const { transaction, thread } = this.#stream;
    const placed = transaction.throttles(direction, thread.wheel);
    if (coder === undefined && placed.length === 0) return undefined;
    const isAhead = ({ ahead }: PlacedThrottle): boolean => ahead && coder !== undefined;
    const ahead = placed.filter(isAhead).map(({ throttle }) => throttle);
    const behind = placed.filter(one => !isAhead(one)).map(({ throttle }) => throttle);
    return new BodyPipe(owner, coder, behind, ahead);
  }

  #coder(coding: CodingName): ContentCoder {
    const { compressors, wheel } = this.#stream.thread;
    return compressors.take(coding, this.#rows(), () => wheel.now);
  }

  #rows(): readonly number[] {
    const { thread, frontend, transaction } = this.#stream;
    const { counters } = thread.state;
    const { backendRuntime } = transaction;
    const front = counters.frontend(frontend.row);
    return backendRuntime === undefined ? [front] : [front, counters.backend(backendRuntime.row)];
  }
}

/** A rule has taken away the length of a body: its reader is told where it ends by chunks. */
function chunksInstead(decoder: BodyDecoder, head: Head): ContentCoder | undefined {
  if (head.framing !== 'length' || !head.hasLostLength) return undefined;
  takeContent(decoder, head, head);
  return new PlainCoder();
}

/** Of content that filters have changed, in the framing that the head tells of. */
function plainCoder(head: Head): ContentCoder {
  if ('status' in head && head.endsWithConnection) return new BareCoder(undefined);
  return head.fields.chunked ? new PlainCoder() : new BareCoder(head.contentLength);
}

/** Nothing of the body has been decoded yet. */
function takeContent(decoder: BodyDecoder, { framing, contentLength }: Received, head: Head): void {
  decoder.start(framing, contentLength, 'content');
  head.becomeChunked();
}

/** What caches and clients have to know of a changed body (RFC 9110 sections 8.8.1 and 12.5.5). */
function markCoded(head: Head, coding: CodingName): void {
  const { headers } = head;
  const tag = headers.find('etag');
  if (tag >= 0 && headers.valueAt(tag).startsWith('"')) headers.setValueAt(tag, `W/${headers.valueAt(tag)}`);
  addToVary(head);
  if (coding !== 'identity') headers.add('Content-Encoding', wireName(coding));
}

function addToVary({ headers }: Head): void {
  let last = -1;
  for (let at = headers.find('vary'); at >= 0; at = headers.find('vary', at + 1)) {
    if (/(?:^|,)[ \t]*accept-encoding[ \t]*(?:,|$)/i.test(headers.valueAt(at))) return;
    last = at;
  }
  const varies = last < 0 ? '' : headers.valueAt(last);
  if (last < 0) headers.add('Vary', 'Accept-Encoding');
  else headers.setValueAt(last, varies === '' ? 'Accept-Encoding' : `${varies},Accept-Encoding`);
}
