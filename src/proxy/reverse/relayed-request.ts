/** A request that another thread has passed on: from a stream of the bridge between them to one of a server's connection. */
import { REFUSED_STREAM } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { Session } from '../../http2/session.ts';
import type { Stream } from '../../http2/stream.ts';
import type { LinkStream } from '../http2/link-stream.ts';
import type { Http2ServerLink } from '../http2/server-link.ts';
import { RelaySide } from './relay-side.ts';

interface Bridge {
  readonly session: Session;
  wrote(): void;
}

export class RelayedRequest implements LinkStream {
  isDue = false;
  readonly begunAt: number;
  /** The bridge's side: what it receives is the request. */
  readonly asked: RelaySide;
  readonly #answered: RelaySide;
  readonly #link: Http2ServerLink;
  readonly #over: () => void;
  #isOver = false;

  /** `over`: it takes no more of anybody's attention. */
  constructor(bridge: Bridge, link: Http2ServerLink, over: () => void) {
    this.#link = link;
    this.#over = over;
    this.begunAt = link.now;
    const moved = (): void => this.#look();
    this.asked = new RelaySide(bridge.session, () => bridge.wrote(), moved);
    this.#answered = new RelaySide(link.session, () => link.wrote(), moved);
    this.asked.connect(this.#answered);
  }

  get stream(): Stream | undefined {
    return this.#answered.stream;
  }

  get isAnswered(): boolean {
    return this.#answered.hasBegun;
  }

  /** Where its fields go, which come before the stream. */
  fieldsBegin(): FieldSink {
    return this.asked.fieldsBegin();
  }

  begin(stream: Stream, endStream: boolean, tooLarge: boolean): void {
    this.asked.stream = stream;
    this.#link.carry();
    this.asked.fieldsEnd(endStream, tooLarge);
    if (stream.closed) return;
    if (this.#link.mayOpen) this.opens();
    else this.#link.wait(this);
  }

  opens(): void {
    if (this.#isOver) return;
    const stream = this.#link.session.openStream();
    stream.owner = this.#answered;
    this.#answered.stream = stream;
    this.asked.flush();
  }

  refuse(): void {
    this.asked.stop(REFUSED_STREAM);
    this.#look();
  }

  /** Everything is passed on at once. */
  tell(): void {
    this.isDue = false;
  }

  #look(): void {
    const isDone = this.asked.stream?.closed === true && this.#answered.stream?.closed !== false;
    if (!isDone || this.#isOver) return;
    this.#isOver = true;
    this.#link.left(this, false);
    this.#over();
  }
}
