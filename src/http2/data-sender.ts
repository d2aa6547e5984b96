/**
 * Contents on their way to a peer, as its windows allow (RFC 9113 section 5.2) and as what has gathered is sent: each
 * stream has one piece at a time here, which stays where it is; streams take turns, a frame each.
 */
import { DATA, DEFAULT_WINDOW, END_STREAM, FRAME_HEAD, LEAST_FRAME } from './frames.ts';
import type { Output } from './output.ts';
import { LOCAL_ENDED, type Stream } from './stream.ts';

/** Less room than that waits for more, unless all that is left fits. */
const LEAST_ROOM = 1024;

export class DataSender {
  /** Bytes that the peer takes on all streams. */
  window = DEFAULT_WINDOW;
  readonly #output: Output;
  readonly #ended: (stream: Stream) => void;
  /** Streams that wait for their turn. */
  readonly #waiting: Stream[] = [];

  /** `ended`: this side of a stream has. */
  constructor(output: Output, ended: (stream: Stream) => void) {
    this.#output = output;
    this.#ended = ended;
  }

  /** Something waits for room, not for a window. */
  get wantsRoom(): boolean {
    return this.#waiting.length > 0 && this.window > 0;
  }

  /** True: all of it is framed. Otherwise its owner hears of that. */
  send(stream: Stream, bytes: Buffer, start: number, end: number, ends: boolean): boolean {
    stream.out = bytes;
    stream.outStart = start;
    stream.outEnd = end;
    stream.outEnds = ends;
    stream.sending = true;
    if (start < end && this.#waiting.length > 0) this.#queue(stream);
    else this.#sendAll(stream);
    return !stream.sending;
  }

  #sendAll(stream: Stream): void {
    while (stream.sending) if (!this.#sendFrame(stream)) return this.#queue(stream);
  }

  /** The peer gives a stream more room, or takes some away. */
  windowChanged(stream: Stream): void {
    if (stream.sending && stream.sendWindow > 0) this.#queue(stream);
  }

  #queue(stream: Stream): void {
    if (stream.queued || stream.sendWindow <= 0) return;
    stream.queued = true;
    this.#waiting.push(stream);
  }

  /** Goes on where a window or room was missing. */
  resume(): void {
    const waiting = this.#waiting;
    while (waiting.length > 0) {
      const stream = waiting[0] as Stream;
      const mayGo = stream.sending && stream.sendWindow > 0;
      if (mayGo && !this.#sendFrame(stream)) return;
      waiting.shift();
      stream.queued = false;
      if (stream.sending) this.#queue(stream);
      else if (mayGo) stream.owner?.dataSent();
    }
  }

  /** One frame. False: there is no room, or no window. */
  #sendFrame(stream: Stream): boolean {
    const { id, outStart: start, outEnds } = stream;
    const wanted = stream.outEnd - start;
    const length = wanted === 0 ? 0 : this.#possible(stream, wanted);
    if (length === 0 && wanted > 0) return false;
    const isLast = length === wanted;
    const output = this.#output;
    output.frame(DATA, isLast && outEnds ? END_STREAM : 0, id, length);
    output.bytes(stream.out, start, start + length);
    stream.outStart = start + length;
    stream.sendWindow -= length;
    this.window -= length;
    if (isLast) this.#sent(stream);
    return true;
  }

  #possible(stream: Stream, wanted: number): number {
    const length = Math.min(wanted, LEAST_FRAME, stream.sendWindow, this.window, this.#room(wanted));
    return Math.max(length, 0);
  }

  #room(wanted: number): number {
    const room = this.#output.room - FRAME_HEAD;
    return room >= Math.min(wanted, LEAST_ROOM) ? room : 0;
  }

  #sent(stream: Stream): void {
    stream.dropOut();
    if (!stream.outEnds) return;
    stream.ended |= LOCAL_ENDED;
    this.#ended(stream);
  }
}
