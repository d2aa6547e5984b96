/**
 * The streams of one HTTP/2 connection, and what this side does with them: opens, sends, resets, says goodbye. What the
 * peer does is session.ts.
 */
import { BlockWriter } from './block-writer.ts';
import { DataSender } from './data-sender.ts';
import * as H2 from './frames.ts';
import { Output } from './output.ts';
import { ReceiveWindows } from './receive-windows.ts';
import type { SessionHandler } from './session-handler.ts';
import { type LocalSettings, PeerSettings, type Role, writeSettings } from './settings.ts';
import { CUT, LOCAL_ENDED, type ResetBy, Stream } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const PING_BYTES = 8;
/** Of how many streams that were reset here it is remembered. */
const REMEMBERED = 64;

export class SessionStreams {
  readonly output = new Output();
  readonly peer = new PeerSettings();
  /** The fields of one head at a time. */
  readonly block: BlockWriter;
  /** GOAWAY with an error was sent, or the connection is gone. */
  dead = false;
  protected readonly role: Role;
  /** It begins with the preface. */
  protected readonly speaksFirst: boolean;
  protected readonly settings: LocalSettings;
  protected readonly handler: SessionHandler;
  protected readonly sender: DataSender;
  protected readonly windows: ReceiveWindows;
  protected readonly streams = new StreamTable();
  /** The largest of the peer's, and of ours that is still to come. */
  protected lastPeer = 0;
  protected next = 1;
  /** Streams of the peer behind that are not served; it has been told. */
  protected lastServed = H2.LARGEST_STREAM;
  /** Streams of ours behind that the peer does not serve. */
  protected lastTaken = H2.LARGEST_STREAM;
  /** Where the content of the DATA that comes goes. */
  protected target: Stream | undefined;
  /** What the peer was told of that; -1: nothing. */
  #lastSaid = -1;
  readonly #ownResets: number[] = [];

  /** `isReversed`: the server has made the connection, and begins it. */
  constructor(role: Role, settings: LocalSettings, handler: SessionHandler, isReversed: boolean) {
    this.role = role;
    this.speaksFirst = (role === 'client') !== isReversed;
    this.settings = settings;
    this.handler = handler;
    this.windows = new ReceiveWindows(this.output, settings);
    this.block = new BlockWriter(this.output);
    this.sender = new DataSender(this.output, stream => this.sideEnded(stream));
  }

  /** What comes first, before anything was received. `maxStreams`: what the peer may have now. */
  start(maxStreams = this.settings.maxStreams): void {
    const { output } = this;
    if (this.speaksFirst) {
      output.reserve(H2.PREFACE.length);
      output.bytes(H2.PREFACE, 0, H2.PREFACE.length);
    }
    writeSettings(output, this.role, this.settings, maxStreams);
  }

  // ── commands ──

  get openStreams(): number {
    return this.streams.size;
  }

  /** Another stream may be opened now. Of clients. */
  get mayOpen(): boolean {
    const isLeft = this.next <= this.lastTaken && this.lastTaken === H2.LARGEST_STREAM;
    return !this.dead && isLeft && this.streams.size < this.peer.maxStreams;
  }

  /** Of clients, when mayOpen: it is open when its head is written. */
  openStream(): Stream {
    const stream = new Stream(this.next, this.peer.streamWindow, this.settings.streamWindow);
    this.next += 2;
    this.streams.add(stream);
    return stream;
  }

  /** The block that was begun is a head of that stream, or its trailers. False: it cannot be told. */
  endBlock(stream: Stream, endStream: boolean): boolean {
    if (this.dead || stream.localEnded) return true;
    if (!this.block.end(stream.id, endStream)) return false;
    if (endStream) {
      stream.ended |= LOCAL_ENDED;
      this.sideEnded(stream);
    }
    return true;
  }

  /** True: all of it is framed. False: the bytes have to stay until dataSent(). One piece at a time. */
  send(stream: Stream, bytes: Buffer, start: number, end: number, ends: boolean): boolean {
    if (this.dead || stream.localEnded) return true;
    return this.sender.send(stream, bytes, start, end, ends);
  }

  /** Room was made: what waits goes on. */
  resume(): void {
    if (!this.dead) this.sender.resume();
  }

  /** Contents wait for room in `output`. */
  get wantsRoom(): boolean {
    return this.sender.wantsRoom;
  }

  /** So many bytes of dataArrived() are used up. What a stream held that is over was given back then. */
  consumed(stream: Stream, bytes: number): void {
    if (!this.dead && !stream.closed && bytes > 0) this.windows.consumed(stream, bytes);
  }

  /** Contents are to come: the connection gets more than what it begins with. Where streams have some it does so itself. */
  widenWindow(): void {
    if (!this.dead) this.windows.widen();
  }

  reset(stream: Stream, code: number): void {
    if (this.dead || stream.closed) return;
    this.#writeReset(stream.id, code);
    this.#cut(stream);
  }

  /** The peer has to answer, by a PING of its own. */
  ping(): void {
    if (this.dead) return;
    this.output.frame(H2.PING, 0, 0, PING_BYTES);
    this.output.uint32(0);
    this.output.uint32(0);
  }

  /** No stream behind so many more of the peer's is served. Those before it are, to their end. */
  goaway(code: number, inFlight = 0): void {
    if (this.dead) return;
    this.lastServed = Math.min(this.lastServed, this.lastPeer + 2 * inFlight, H2.LARGEST_STREAM);
    if (this.lastServed !== this.#lastSaid) this.#writeGoaway(this.lastServed, code);
    this.#lastSaid = this.lastServed;
  }

  /** The connection is gone: all streams hear of it, and nothing more is sent. */
  lost(): void {
    this.die();
    this.output.drop();
    this.#loseStreams();
  }

  #loseStreams(): void {
    for (const stream of this.streams) this.end(stream, H2.NO_ERROR, 'lost');
  }

  /** The peer has broken the protocol. */
  fail(code: number, reason: string): void {
    if (this.dead) return;
    this.#giveUp(code);
    this.handler.glitch(reason);
    this.#failed(code, reason);
  }

  /** Its glitches are too many: the last of them is counted. */
  tooManyGlitches(): void {
    if (this.dead) return;
    this.#giveUp(H2.ENHANCE_YOUR_CALM);
    this.#failed(H2.ENHANCE_YOUR_CALM, 'too many glitches');
  }

  /** The peer is not wanted any more, whatever it has done. */
  turnAway(code: number): void {
    if (this.dead) return;
    this.#giveUp(code);
    this.#loseStreams();
  }

  #giveUp(code: number): void {
    this.#writeGoaway(this.lastPeer, code);
    this.die();
  }

  #failed(code: number, reason: string): void {
    this.handler.failed(code, reason);
    this.#loseStreams();
  }

  /** Nothing more is read, or said. */
  protected die(): void {
    this.dead = true;
    this.target = undefined;
  }

  // ── the end of streams ──

  protected sideEnded(stream: Stream): void {
    if (stream.closed) this.#forget(stream);
  }

  #forget(stream: Stream): void {
    this.streams.remove(stream);
    if (this.target === stream) this.target = undefined;
    this.windows.release(stream);
    this.handler.streamClosed(stream);
  }

  #cut(stream: Stream): void {
    stream.ended |= CUT;
    stream.dropOut();
    this.#forget(stream);
  }

  protected end(stream: Stream, code: number, by: ResetBy): void {
    this.#cut(stream);
    stream.owner?.streamReset(code, by);
  }

  #writeReset(id: number, code: number): void {
    const { output } = this;
    output.frame(H2.RST_STREAM, 0, id, 4);
    output.uint32(code);
    if (this.#ownResets.push(id) > REMEMBERED) this.#ownResets.shift();
    this.handler.frameSent(H2.RST_STREAM, code);
  }

  #writeGoaway(last: number, code: number): void {
    const { output } = this;
    output.frame(H2.GOAWAY, 0, 0, 8);
    output.uint32(last);
    output.uint32(code);
    this.handler.frameSent(H2.GOAWAY, code);
  }

  /** One more than the peer may have. */
  protected refuseStream(id: number): void {
    this.#writeReset(id, H2.REFUSED_STREAM);
    this.handler.glitch('too many streams');
    this.handler.streamRefused?.(id);
  }

  /** The peer's error costs it a stream: also one that has ended by what is wrong. */
  streamError(stream: Stream, code: number, reason: string): void {
    if (this.dead || this.streams.get(stream.id) !== stream) return;
    this.#writeReset(stream.id, code);
    this.handler.streamFailed(stream.id, code, reason);
    this.handler.glitch(reason);
    this.end(stream, code, 'us');
  }

  /**
   * What the peer sends on that stream, which is over, may have been under way. A server's always may: whoever resets
   * many streams at a time would have to remember them all.
   */
  protected wasResetHere(id: number): boolean {
    return this.role === 'client' || this.#ownResets.includes(id);
  }

  /** The same of one that is over. */
  protected closedError(id: number): void {
    if (this.wasResetHere(id)) return;
    this.#writeReset(id, H2.STREAM_CLOSED);
    this.handler.streamFailed(id, H2.STREAM_CLOSED, 'frame on a closed stream');
    this.handler.glitch('frame on a closed stream');
  }
}
