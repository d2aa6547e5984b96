/**
 * What a peer may send (RFC 9113 section 5.2): one window for the connection, one a stream. What is consumed is given
 * back in large portions, half a window at a time.
 */
import { DEFAULT_WINDOW, WINDOW_UPDATE } from './frames.ts';
import type { Output } from './output.ts';
import type { Stream } from './stream.ts';

export class ReceiveWindows {
  readonly #output: Output;
  readonly #streamWindow: number;
  #connectionWindow = DEFAULT_WINDOW;
  /** Bytes that the peer may send now. */
  #left = DEFAULT_WINDOW;
  /** Bytes consumed and not given back. */
  #unsaid = 0;

  constructor(output: Output, streamWindow: number) {
    this.#output = output;
    this.#streamWindow = streamWindow;
  }

  /** Gives the connection as much as that, once. */
  widen(connectionWindow: number): void {
    const more = connectionWindow - this.#connectionWindow;
    if (more <= 0) return;
    this.#connectionWindow = connectionWindow;
    this.#left += more;
    this.#update(0, more);
  }

  /** A frame of so many bytes comes. False: the connection may not send them. */
  take(length: number): boolean {
    this.#left -= length;
    return this.#left >= 0;
  }

  /** The same of its stream, which holds them from then on. */
  takeOn(stream: Stream, length: number): boolean {
    stream.receiveWindow -= length;
    stream.held += length;
    return stream.receiveWindow >= 0;
  }

  /** So many bytes of nobody: the connection may send others for them. */
  forget(length: number): void {
    this.#unsaid += length;
    if (this.#unsaid < this.#connectionWindow / 2) return;
    this.#left += this.#unsaid;
    this.#update(0, this.#unsaid);
    this.#unsaid = 0;
  }

  /** So many bytes of a stream are used up. */
  consumed(stream: Stream, length: number): void {
    stream.held -= length;
    this.forget(length);
    if (stream.remoteEnded) return;
    stream.unsaid += length;
    if (stream.unsaid < this.#streamWindow / 2) return;
    stream.receiveWindow += stream.unsaid;
    this.#update(stream.id, stream.unsaid);
    stream.unsaid = 0;
  }

  /** The stream is over: what it holds nobody will ask for. */
  release(stream: Stream): void {
    if (stream.held > 0) this.forget(stream.held);
    stream.held = 0;
  }

  #update(stream: number, length: number): void {
    this.#output.frame(WINDOW_UPDATE, 0, stream, 4);
    this.#output.uint32(length);
  }
}
