/**
 * What a peer may send (RFC 9113 section 5.2): one window for the connection, one a stream. A stream whose content comes
 * has its own small window, and shares 7/8 of what is left of the connection's with the others (manual,
 * `tune.h2.fe.rxbuf`). What is consumed is given back in large portions, half a window at a time.
 */
import { DEFAULT_WINDOW, LARGEST_WINDOW, WINDOW_UPDATE } from './frames.ts';
import type { Output } from './output.ts';
import type { LocalSettings } from './settings.ts';
import type { Stream } from './stream.ts';

const SHARED = 7 / 8;

export class ReceiveWindows {
  readonly #output: Output;
  readonly #settings: LocalSettings;
  #connectionWindow = DEFAULT_WINDOW;
  /** Bytes that the peer may send now. */
  #left = DEFAULT_WINDOW;
  /** Bytes consumed and not given back. */
  #unsaid = 0;
  /** Streams whose content comes. */
  #filling = 0;
  /** What a peer may send on a stream more than it was told: it may not have heard of it. */
  #slack: number;

  constructor(output: Output, settings: LocalSettings) {
    this.#output = output;
    this.#settings = settings;
    this.#slack = Math.max(0, DEFAULT_WINDOW - settings.streamWindow);
  }

  /** The peer has heard what it may send. */
  acknowledged(): void {
    this.#slack = 0;
  }

  /** Content of that stream is to come: it gets its share. */
  begin(stream: Stream): void {
    if (stream.isFilling) return;
    stream.isFilling = true;
    this.#filling++;
    this.widen();
    this.#grant(stream);
  }

  /** All of it has come, or none of it will any more. */
  end(stream: Stream): void {
    if (!stream.isFilling) return;
    stream.isFilling = false;
    this.#filling--;
  }

  /** Gives the connection all it may have. */
  widen(): void {
    const { connectionWindow } = this.#settings;
    const more = connectionWindow - this.#connectionWindow;
    if (more <= 0) return;
    this.#connectionWindow = connectionWindow;
    this.#left += more;
    this.#update(0, more);
  }

  /** A frame of so many bytes comes. False: the connection may not send them. */
  take(length: number): boolean {
    this.#left -= length;
    // what is kept back may be all the others could send, if who holds the rest consumes no more
    this.#giveBack();
    return this.#left >= 0;
  }

  /** The same of its stream, which holds them from then on. */
  takeOn(stream: Stream, length: number): boolean {
    stream.receiveWindow -= length;
    stream.held += length;
    return stream.receiveWindow + this.#slack >= 0;
  }

  /** So many bytes of nobody: the connection may send others for them. */
  forget(length: number): void {
    this.#unsaid += length;
    this.#giveBack();
  }

  #giveBack(): void {
    // where others hold most of it, little is much
    if (this.#unsaid < this.#connectionWindow / 2 && this.#unsaid <= this.#left) return;
    if (this.#left < 0) return;
    this.#left += this.#unsaid;
    this.#update(0, this.#unsaid);
    this.#unsaid = 0;
  }

  /** So many bytes of a stream are used up. */
  consumed(stream: Stream, length: number): void {
    stream.held -= length;
    this.forget(length);
    if (stream.isFilling) this.#grant(stream);
  }

  /** As much as is due now, unless that is little, or nothing that will come needs it. */
  #grant(stream: Stream): void {
    if (stream.contentLeft >= 0 && stream.contentLeft <= stream.receiveWindow) return;
    const due = this.#share();
    const more = due - stream.receiveWindow - stream.held;
    if (more < due / 2) return;
    stream.receiveWindow += more;
    this.#update(stream.id, more);
  }

  /** What one stream may send before any of it is consumed. */
  #share(): number {
    const { streamWindow, connectionWindow } = this.#settings;
    const spare = Math.max(0, connectionWindow - streamWindow * this.#filling);
    return Math.min(streamWindow + Math.floor((spare * SHARED) / this.#filling), LARGEST_WINDOW);
  }

  /** The stream is over: what it holds nobody will ask for. */
  release(stream: Stream): void {
    this.end(stream);
    if (stream.held > 0) this.forget(stream.held);
    stream.held = 0;
  }

  #update(stream: number, length: number): void {
    this.#output.frame(WINDOW_UPDATE, 0, stream, 4);
    this.#output.uint32(length);
  }
}
