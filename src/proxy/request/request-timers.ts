/**
 * The moments of a request, in milliseconds of the thread's wheel clock, and HAProxy's timers derived from them
 * (manual, section 8.4). A moment not reached is -1, and so is a timer that ends at it.
 *
 *   started ─── handshake ── idle ── firstByte ── headRead ── queued ── connected ── responseHead ── ended
 *             Th            Ti              TR            Tw         Tc            Tr              Td
 */
import type { Timers } from '../../acl/context.ts';

/** Moments of its connection: its beginning by the wheel and by the wall clock, to turn one into the other. */
interface ClientMoments {
  readonly acceptedAt: number;
  readonly acceptTimeMs: number;
  readonly readyAt: number;
  /** Requests before this one. */
  readonly requestCount: number;
}

export class RequestTimers implements Timers {
  #client: ClientMoments | undefined;
  /** The connection was accepted; to a later request of it, the end of the one before. */
  #startedAt = 0;
  /** End of the previous request, or of the handshake. */
  readyAt = 0;
  firstByteAt = -1;
  headReadAt = -1;
  dequeuedAt = -1;
  connectedAt = -1;
  responseHeadAt = -1;
  endedAt = -1;
  /** End of a tarpit: to logs all of the time was spent queued. */
  tarpitEndedAt = -1;
  readonly requestTimeUs = 0;

  /** A request may come from now on, or has begun to. */
  begin(client: ClientMoments): void {
    this.#client = client;
    this.readyAt = client.readyAt;
    this.#startedAt = client.requestCount === 0 ? client.acceptedAt : client.readyAt;
    this.firstByteAt = -1;
    this.headReadAt = -1;
    this.dequeuedAt = -1;
    this.connectedAt = -1;
    this.responseHeadAt = -1;
    this.endedAt = -1;
    this.tarpitEndedAt = -1;
  }

  /** It ends before there is a decision what to do with it: the time to receive it is not told. */
  undecided(): void {
    this.headReadAt = -1;
  }

  /** Its connection is given up before there is a session: all of its time was handshake. */
  refused(now: number): void {
    this.readyAt = this.firstByteAt = this.endedAt = now;
  }

  get requestTimeMs(): number {
    return this.#dateOf(this.firstByteAt < 0 ? this.readyAt : this.firstByteAt);
  }

  get acceptTimeMs(): number {
    return this.#dateOf(this.#startedAt);
  }

  #dateOf(moment: number): number {
    const { acceptTimeMs, acceptedAt } = this.#client as ClientMoments;
    return acceptTimeMs + moment - acceptedAt;
  }

  get handshake(): number {
    return this.readyAt - this.#startedAt;
  }

  get idle(): number {
    return span(this.readyAt, this.firstByteAt);
  }

  get request(): number {
    return span(this.firstByteAt, this.headReadAt);
  }

  get queue(): number {
    if (this.tarpitEndedAt >= 0) return span(this.#startedAt, this.tarpitEndedAt);
    return span(this.headReadAt, this.dequeuedAt);
  }

  get connect(): number {
    return span(this.dequeuedAt, this.connectedAt);
  }

  get response(): number {
    return span(this.connectedAt, this.responseHeadAt);
  }

  get data(): number {
    return span(this.responseHeadAt, this.endedAt);
  }

  get active(): number {
    return span(this.firstByteAt < 0 ? this.readyAt : this.firstByteAt, this.endedAt);
  }

  get total(): number {
    return span(this.#startedAt, this.endedAt);
  }
}

function span(from: number, to: number): number {
  return from < 0 || to < 0 ? -1 : to - from;
}
