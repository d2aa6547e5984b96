/**
 * Filters of scripts over one request and its answer: when they are asked for heads, what becomes of a head that has to
 * wait, and the chains that bodies go through. Made by http-stream.ts for requests of proxies that have some.
 */
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { FILTER_CONTINUE, FILTER_ERROR, type PlacedFilter } from '../../rules/script-filter.ts';
import { FilteredHead, type FilteredBody } from './filtered-head.ts';
import type { RequestBody } from '../request/request-body.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { ServerHalf } from '../server/server-half.ts';
import type { StreamClient } from '../client/stream-client.ts';
import { StreamFilters } from './stream-filters.ts';
import type { Phase } from '../accounts/termination.ts';
import type { Transaction } from '../transaction.ts';

/** The exchange they filter. */
interface HttpFiltersOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly requestHead: Http1RequestHead;
  readonly responseHead: Http1ResponseHead;
  readonly session: StreamClient;
  readonly body: RequestBody;
  readonly server: ServerHalf;
  fail(status: number, letter: string, phase: Phase): void;
}

/** A head that waits for its filters. */
interface Waiting {
  readonly isResponse: boolean;
  readonly head: FilteredHead;
  readonly go: () => void;
}

export class HttpFilters {
  readonly #stream: HttpFiltersOwner;
  readonly #filters: StreamFilters;
  readonly #timer = new Timer(() => this.#again());
  #requestHead: FilteredHead | undefined;
  #responseHead: FilteredHead | undefined;
  #waiting: Waiting | undefined;

  constructor(stream: HttpFiltersOwner) {
    this.#stream = stream;
    this.#filters = new StreamFilters(stream.transaction, stream.thread.buffers.size);
  }

  /** The filters of a proxy join. False: one has failed, and the request has ended. */
  join(filters: readonly PlacedFilter[]): boolean {
    if (this.#filters.attach(filters) && this.#filters.start(false)) return true;
    this.#fail(false);
    return false;
  }

  /** A server has answered. False: a filter has failed, and the request has ended. */
  responseBegins(): boolean {
    if (this.#filters.start(true)) return true;
    this.#fail(true);
    return false;
  }

  #fail(isResponse: boolean): void {
    const { transaction } = this.#stream;
    transaction.flaw = 'internal error';
    if (isResponse) this.#stream.fail(502, 'P', 'H');
    else this.#stream.fail(400, 'P', 'R');
  }

  // ── heads ──

  /** Behind all rules; `go` when every filter lets it pass. */
  request(go: () => void): void {
    const { requestHead, body } = this.#stream;
    this.#requestHead = new FilteredHead(requestHead, requestHead.version, body.read);
    this.#ask({ isResponse: false, head: this.#requestHead, go });
  }

  response(go: () => void): void {
    const { requestHead, responseHead, server } = this.#stream;
    const isBodyless = server.decoder.done || server.bodyUnwanted || responseHead.framing === 'tunnel';
    this.#responseHead = new FilteredHead(responseHead, requestHead.version, isBodyless);
    this.#ask({ isResponse: true, head: this.#responseHead, go });
  }

  #ask(waiting: Waiting): void {
    const { isResponse, head, go } = waiting;
    const answer = this.#filters.headers(isResponse, head);
    if (answer === FILTER_ERROR) return this.#fail(isResponse);
    if (answer !== FILTER_CONTINUE) return this.#wait(waiting);
    head.settle();
    if (head.ended && !this.#filters.noBody(isResponse, head)) return this.#fail(isResponse);
    go();
  }

  /** For its time, or for something new from the side it comes from. */
  #wait(waiting: Waiting): void {
    const { transaction, thread, session, server } = this.#stream;
    const { isResponse } = waiting;
    this.#waiting = waiting;
    const wakeMs = this.#filters.takeWakeMs(isResponse);
    if (wakeMs > 0) thread.wheel.set(this.#timer, wakeMs);
    if (isResponse) {
      server.hold(true);
      if (wakeMs === 0) server.expectBytes();
      server.receive();
      return;
    }
    transaction.request?.headers.leaveSource();
    if (wakeMs === 0) session.expect(transaction.timeout('client'));
    session.watch();
  }

  /** Bytes of a body, or its end, have come; true: its head waits for filters. */
  bytesArrived(isResponse: boolean): boolean {
    if (this.#waiting?.isResponse !== isResponse) return false;
    this.#again();
    return true;
  }

  #again(): void {
    const waiting = this.#waiting;
    this.#letGo();
    if (waiting !== undefined) this.#ask(waiting);
  }

  #letGo(): void {
    const { thread, server, session } = this.#stream;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    thread.wheel.clear(this.#timer);
    if (waiting?.isResponse === true) server.hold(false);
    else if (waiting !== undefined) session.clearTimer();
  }

  // ── bodies ──

  /** Undefined: none of them wants to see it. */
  body(isResponse: boolean): FilteredBody | undefined {
    const head = isResponse ? this.#responseHead : this.#requestHead;
    if (head === undefined || head.ended) return undefined;
    if (!this.#filters.wantData(isResponse) && !head.isChanged) return undefined;
    const { transaction, thread } = this.#stream;
    const patienceMs = transaction.timeout(isResponse ? 'server' : 'client');
    const chain = this.#filters.chain({ wheel: thread.wheel, isResponse, isMessage: true, patienceMs });
    return { chain, head };
  }

  // ── the end ──

  /** An answer of this program's own takes the place of what waits. */
  stop(): void {
    this.#waiting = undefined;
    this.#stream.thread.wheel.remove(this.#timer);
  }

  complete(): void {
    this.#filters.complete(this.#requestHead, this.#responseHead);
  }

  end(): void {
    this.stop();
    this.#filters.end();
  }
}
