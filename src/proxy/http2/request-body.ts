/**
 * What follows the head of a request on its way to a server that speaks HTTP/2: HTTP/1 bytes become DATA and trailers, or
 * in a tunnel just DATA. One piece at a time is with the session, which takes it as windows allow; another one waits.
 */
import { BodyDecoder, type ContentSink } from '../../http/body-decoder.ts';
import type { HeaderList } from '../../http/header-list.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import { foundTrailers } from '../../http/trailers.ts';
import { FIELD_OVERHEAD } from '../../http2/block-writer.ts';
import type { Session } from '../../http2/session.ts';
import type { Stream } from '../../http2/stream.ts';

const NOTHING = Buffer.alloc(0);

interface Piece {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

export class Http2RequestBody implements ContentSink {
  /** All of it is with the session. */
  done = false;
  readonly #session: Session;
  readonly #stream: Stream;
  readonly #decoder = new BodyDecoder();
  readonly #isTunnel: boolean;
  /** The session has a piece, and has not framed all of it. */
  #isUnderWay = false;
  #next: Piece | undefined;
  #trailers = '';

  constructor(
    session: Session,
    stream: Stream,
    { framing, contentLength }: Http1RequestHead,
    isTunnel: boolean,
  ) {
    this.#session = session;
    this.#stream = stream;
    this.#isTunnel = isTunnel;
    if (isTunnel) return;
    this.#decoder.start(framing, contentLength, 'content');
    if (framing === 'chunked') this.#decoder.sink = this;
  }

  /** True: it is used up. False: it has to stay until sent() says so. */
  send(buffer: Buffer, start: number, end: number): boolean {
    if (this.#isUnderWay) {
      this.#next = { buffer, start, end };
      return false;
    }
    return this.#isTunnel ? this.#write(buffer, start, end, false) : this.#decode(buffer, start, end);
  }

  /** The session has framed its piece. True: that was all that waited. */
  sent(): boolean {
    const next = this.#next;
    this.#isUnderWay = false;
    this.#next = undefined;
    this.#sendTrailers();
    return next === undefined || this.send(next.buffer, next.start, next.end);
  }

  /** No more comes. Of tunnels. */
  end(): void {
    if (!this.#isTunnel || this.done) return;
    this.done = true;
    this.#session.send(this.#stream, NOTHING, 0, 0, true);
  }

  #decode(buffer: Buffer, start: number, end: number): boolean {
    const decoder = this.#decoder;
    decoder.decode(buffer, start, end);
    this.done = decoder.done;
    return this.#write(buffer, decoder.outStart, decoder.outEnd, decoder.done && this.#trailers === '');
  }

  #write(buffer: Buffer, start: number, end: number, ends: boolean): boolean {
    if (start < end || ends) this.#isUnderWay = !this.#session.send(this.#stream, buffer, start, end, ends);
    if (this.#isUnderWay) return false;
    this.#sendTrailers();
    return true;
  }

  #sendTrailers(): void {
    if (!this.done || this.#trailers === '') return;
    const { block } = this.#session;
    const lines = this.#trailers.split('\r\n').filter(line => line !== '');
    block.begin(this.#trailers.length + lines.length * FIELD_OVERHEAD);
    for (const line of lines) {
      const colon = line.indexOf(':');
      block.field(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    this.#trailers = '';
    this.#session.endBlock(this.#stream, true);
  }

  /** The decoder's: the bytes lie in what it gives out. */
  content(): void {}

  trailers(buffer: Buffer, start: number, end: number): void {
    const found: HeaderList = foundTrailers(buffer, start, end + 2);
    this.#trailers = found.count > 0 ? found.render() : '';
  }
}
