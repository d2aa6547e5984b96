/**
 * What a peer may send (RFC 9113 section 5.2): one window for the connection, one a stream. The connection's is
 * opened as wide as it can be when the first content comes, as by HAProxy: it holds nothing up. The windows of streams bound
 * what is held. Each whose content comes has a small one of its own, and gets a share of 7/8 of what others have not been
 * granted (manual, `tune.h2.fe.rxbuf`).
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
  /** Bytes that have come and are not given back. */
  #unsaid = 0;
  /** Streams whose content comes. */
  #filling = 0;
  /** What they may send and what they hold. */
  #granted = 0;
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
    this.#granted += stream.receiveWindow + stream.held;
    this.widen();
    this.#grant(stream);
  }

  /** All of it has come, or none of it will any more. */
  end(stream: Stream): void {
    if (!stream.isFilling) return;
    stream.isFilling = false;
    this.#filling--;
    this.#granted -= stream.receiveWindow + stream.held;
  }

  /** Gives the connection all it may have. */
  widen(): void {
    if (this.#connectionWindow === LARGEST_WINDOW) return;
    const more = LARGEST_WINDOW - this.#connectionWindow;
    this.#connectionWindow = LARGEST_WINDOW;
    this.#left += more;
    this.#update(0, more);
  }

  /** A frame of so many bytes comes. False: the connection may not send them. */
  take(length: number): boolean {
    this.#left -= length;
    if (this.#left < 0) return false;
    this.#unsaid += length;
    if (this.#unsaid >= this.#connectionWindow / 2) this.#giveBack();
    return true;
  }

  /** The same of its stream, which holds them from then on. */
  takeOn(stream: Stream, length: number): boolean {
    stream.receiveWindow -= length;
    stream.held += length;
    return stream.receiveWindow + this.#slack >= 0;
  }

  #giveBack(): void {
    this.#left += this.#unsaid;
    this.#update(0, this.#unsaid);
    this.#unsaid = 0;
  }

  /** So many bytes of a stream are used up. */
  consumed(stream: Stream, length: number): void {
    stream.held -= length;
    if (!stream.isFilling) return;
    this.#granted -= length;
    this.#grant(stream);
  }

  /** As much as is due now, unless that is little, or nothing that will come needs it. */
  #grant(stream: Stream): void {
    if (stream.contentLeft >= 0 && stream.contentLeft <= stream.receiveWindow) return;
    const has = stream.receiveWindow + stream.held;
    const due = Math.max(this.#settings.streamWindow, Math.min(this.#share(), has + this.#spare()));
    const more = due - has;
    if (more < due / 2) return;
    stream.receiveWindow += more;
    this.#granted += more;
    this.#update(stream.id, more);
  }

  /** Of what nobody was granted; less than nothing where all streams have no more than their own. */
  #spare(): number {
    return Math.floor((this.#settings.sharedWindow - this.#granted) * SHARED);
  }

  /** What one stream may send before any of it is consumed. */
  #share(): number {
    const { streamWindow, sharedWindow } = this.#settings;
    const spare = Math.max(0, sharedWindow - streamWindow * this.#filling);
    return Math.min(streamWindow + Math.floor((spare * SHARED) / this.#filling), LARGEST_WINDOW);
  }

  /** The stream is over: what it holds nobody will ask for. */
  release(stream: Stream): void {
    this.end(stream);
    stream.held = 0;
  }

  #update(stream: number, length: number): void {
    this.#output.frame(WINDOW_UPDATE, 0, stream, 4);
    this.#output.uint32(length);
  }
}
