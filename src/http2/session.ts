/**
 * One connection of HTTP/2 without its socket (RFC 9113): what the peer sends goes in by feed(), what it is to be sent
 * gathers in `output`. Server and client alike; what this side does is in session-streams.ts.
 *
 *   feed ─▶ FrameReader ─▶ Session ─▶ SessionHandler, StreamOwner
 *   block · send · reset · consumed · goaway ─▶ Output
 *
 * Handlers may call everything from within their events. What they are shown is valid until they return.
 */
import { FragmentReader, type HeadersProblem } from './fragment-reader.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import * as H2 from './frames.ts';
import { type FieldSink, HpackDecoder } from './hpack/decoder.ts';
import { NO_FIELDS, type SessionHandler } from './session-handler.ts';
import { SessionStreams } from './session-streams.ts';
import { type LocalSettings, type Role, SETTING_BYTES } from './settings.ts';
import { REMOTE_ENDED, Stream } from './stream.ts';

/** Bytes of a block that is not compressed at all, and then some. */
const LEAST_BLOCK = 65_536;

export class Session extends SessionStreams implements FrameSink {
  readonly #reader: FrameReader;
  readonly #decoder: HpackDecoder;
  readonly #fragments: FragmentReader;

  constructor(role: Role, settings: LocalSettings, handler: SessionHandler, isReversed = false) {
    super(role, settings, handler, isReversed);
    this.#reader = new FrameReader(this, !this.speaksFirst);
    this.#decoder = new HpackDecoder(settings.tableBytes);
    this.#fragments = new FragmentReader(Math.max(LEAST_BLOCK, 2 * settings.maxListBytes));
  }

  /** Takes all of `bytes[start..end]`. */
  feed(bytes: Buffer, start: number, end: number): void {
    this.#reader.feed(bytes, start, end);
  }

  protected override die(): void {
    super.die();
    this.#reader.stop();
  }

  // ── every frame ──

  prefaceIsWrong(): void {
    this.fail(H2.PROTOCOL_ERROR, 'no connection preface');
  }

  frameBegins(type: number, flags: number, id: number, length: number): boolean {
    if (!this.#mayBegin(type, flags, id, length)) return false;
    this.handler.frameReceived(type);
    if (type === H2.DATA) this.#dataBegins(id, length);
    return !this.dead;
  }

  #mayBegin(type: number, flags: number, id: number, length: number): boolean {
    if (length > this.settings.maxFrame) return this.#refuse(H2.FRAME_SIZE_ERROR, 'frame too large');
    const { stream } = this.#fragments;
    if (stream !== 0 && (type !== H2.CONTINUATION || id !== stream))
      return this.#refuse(H2.PROTOCOL_ERROR, 'CONTINUATION expected');
    if (stream === 0 && type === H2.CONTINUATION)
      return this.#refuse(H2.PROTOCOL_ERROR, 'unexpected CONTINUATION');
    const code = H2.wrongFrame(type, length, id);
    if (code !== H2.NO_ERROR) return this.#refuse(code, 'malformed frame');
    if (!this.peer.known && (type !== H2.SETTINGS || (flags & H2.ACK) !== 0))
      return this.#refuse(H2.PROTOCOL_ERROR, 'SETTINGS expected');
    if (type <= H2.CONTINUATION && (FOR_OPEN & (1 << type)) !== 0 && this.#isIdle(id))
      return this.#refuse(H2.PROTOCOL_ERROR, 'frame on an idle stream');
    return true;
  }

  #refuse(code: number, reason: string): false {
    this.fail(code, reason);
    return false;
  }

  /** Nobody has opened it. */
  #isIdle(id: number): boolean {
    if (id === 0) return false;
    return this.#isOurs(id) ? id >= this.next : id > this.lastPeer;
  }

  #isOurs(id: number): boolean {
    return (id & 1) === (this.role === 'client' ? 1 : 0);
  }

  // ── DATA ──

  #dataBegins(id: number, length: number): void {
    this.target = undefined;
    if (!this.windows.take(length))
      return this.fail(H2.FLOW_CONTROL_ERROR, 'window of the connection exceeded');
    const stream = this.streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      if (stream === undefined) this.closedError(id);
      else this.streamError(stream, H2.STREAM_CLOSED, 'DATA behind the end');
    } else if (this.windows.takeOn(stream, length)) this.target = stream;
    else this.streamError(stream, H2.FLOW_CONTROL_ERROR, 'window of the stream exceeded');
  }

  paddingArrived(_id: number, length: number, isPossible: boolean): boolean {
    if (!isPossible)
      return this.#refuse(
        length === 0 ? H2.FRAME_SIZE_ERROR : H2.PROTOCOL_ERROR,
        'more padding than payload',
      );
    if (this.target !== undefined) this.windows.consumed(this.target, length);
    return true;
  }

  dataArrived(_id: number, flags: number, bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const stream = this.target;
    if (stream === undefined) return;
    const ends = isLast && (flags & H2.END_STREAM) !== 0;
    if (!this.#isContentRight(stream, end - start, ends)) return;
    if (ends) this.#peerEnds(stream);
    if (start < end || ends) stream.owner?.dataArrived(bytes, start, end, ends);
    if (ends) this.#endedByPeer(stream);
  }

  #peerEnds(stream: Stream): void {
    stream.ended |= REMOTE_ENDED;
    this.windows.end(stream);
  }

  /** Its owner may have reset it meanwhile, or ended the other side. */
  #endedByPeer(stream: Stream): void {
    if (this.streams.get(stream.id) === stream) this.sideEnded(stream);
  }

  /** Content-Length tells the truth (RFC 9113 section 8.1.1). */
  #isContentRight(stream: Stream, length: number, ends: boolean): boolean {
    if (stream.contentLeft < 0) return true;
    stream.contentLeft -= length;
    if (stream.contentLeft >= 0 && (!ends || stream.contentLeft === 0)) return true;
    this.streamError(stream, H2.PROTOCOL_ERROR, 'DATA and content-length differ');
    return false;
  }

  // ── all other frames ──

  frameArrived(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case H2.HEADERS:
        return this.#headers(flags, id, bytes, start, end);
      case H2.CONTINUATION:
        return this.#continuation(flags, bytes, start, end);
      case H2.PRIORITY:
        if (H2.readStream(bytes, start) === id) this.fail(H2.PROTOCOL_ERROR, 'stream depends on itself');
        return undefined;
      case H2.RST_STREAM:
        return this.#wasReset(id, H2.readUint32(bytes, start));
      case H2.SETTINGS:
        return this.#settings(flags, bytes, start, end);
      case H2.PUSH_PROMISE:
        return this.fail(H2.PROTOCOL_ERROR, 'PUSH_PROMISE refused');
      case H2.PING:
        return this.#ping(flags, bytes, start, end);
      case H2.GOAWAY:
        return this.#goaway(H2.readStream(bytes, start), H2.readUint32(bytes, start + 4));
      case H2.WINDOW_UPDATE:
        return this.#windowUpdate(id, H2.readStream(bytes, start));
      default:
        return undefined;
    }
  }

  #headers(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const fragments = this.#fragments;
    const problem = fragments.begin(flags, id, bytes, start, end);
    if (problem !== 'none') return this.fail(HEADERS_CODES[problem], `HEADERS with a wrong ${problem}`);
    const endStream = (flags & H2.END_STREAM) !== 0;
    if ((flags & H2.END_HEADERS) !== 0)
      return this.#block(id, endStream, fragments.bytes, fragments.start, fragments.end);
    fragments.keep(id, endStream);
  }

  #continuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const fragments = this.#fragments;
    if (!fragments.add(bytes, start, end)) return this.fail(H2.ENHANCE_YOUR_CALM, 'block too large');
    if ((flags & H2.END_HEADERS) === 0) return;
    const { stream: id, endStream, bytes: block, end: blockEnd, oddities } = fragments;
    fragments.clear();
    this.#block(id, endStream, block, 0, blockEnd);
    if (oddities > 0) this.handler.glitch('block in many pieces', oddities);
  }

  /** Every block is read, also of streams nobody wants: the next one depends on it. */
  #block(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#furtherBlock(stream, endStream, bytes, start, end);
    else if (!this.#isIdle(id)) {
      if (this.#decode(bytes, start, end, NO_FIELDS) && !this.wasResetHere(id))
        this.fail(H2.STREAM_CLOSED, 'HEADERS on a closed stream');
    } else if (this.role === 'client' || this.#isOurs(id))
      this.fail(H2.PROTOCOL_ERROR, 'HEADERS on an idle stream');
    else this.#open(id, endStream, bytes, start, end);
  }

  #decode(bytes: Buffer, start: number, end: number, sink: FieldSink): boolean {
    if (this.#decoder.decode(bytes, start, end, sink, this.settings.maxListBytes)) return true;
    return this.#refuse(H2.COMPRESSION_ERROR, 'block of fields cannot be read');
  }

  #open(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const { maxStreams } = this.settings;
    const isUnwanted = id > this.lastServed;
    const isRefused = maxStreams > 0 && this.streams.size >= maxStreams;
    if (isUnwanted || isRefused) {
      if (!this.#decode(bytes, start, end, NO_FIELDS)) return;
      this.lastPeer = id;
      if (!isUnwanted) this.refuseStream(id);
      return;
    }
    if (!this.#decode(bytes, start, end, this.handler.streamOpens())) return;
    this.lastPeer = id;
    const stream = new Stream(id, this.peer.streamWindow, this.settings.streamWindow);
    if (endStream) stream.ended = REMOTE_ENDED;
    this.streams.add(stream);
    const owner = this.handler.streamOpened(stream, endStream, this.#decoder.tooLarge);
    if (stream.owner === undefined) stream.owner = owner;
    if (!endStream && !stream.closed && !this.dead) this.windows.begin(stream);
  }

  /** A response, or trailers, which end the stream where they come from a client. */
  #furtherBlock(stream: Stream, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const owner = stream.remoteEnded ? undefined : stream.owner;
    if (!this.#decode(bytes, start, end, owner?.fieldsBegin() ?? NO_FIELDS)) return;
    if (owner === undefined) return this.streamError(stream, H2.STREAM_CLOSED, 'HEADERS behind the end');
    if (!endStream && this.role === 'server')
      return this.streamError(stream, H2.PROTOCOL_ERROR, 'trailers without an end');
    if (endStream && !this.#isContentRight(stream, 0, true)) return;
    if (endStream) this.#peerEnds(stream);
    else this.windows.begin(stream);
    owner.fieldsEnd(endStream, this.#decoder.tooLarge);
    if (endStream) this.#endedByPeer(stream);
  }

  #wasReset(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.end(stream, code, 'peer');
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & H2.ACK) !== 0) return this.#acknowledged(end - start);
    if ((end - start) % SETTING_BYTES !== 0)
      return this.fail(H2.FRAME_SIZE_ERROR, 'SETTINGS of a wrong size');
    const { peer } = this;
    const window = peer.streamWindow;
    for (let at = start; at < end; at += SETTING_BYTES) {
      const code = peer.read(bytes, at);
      if (code !== H2.NO_ERROR) return this.fail(code, 'SETTINGS out of bounds');
    }
    if (peer.known && peer.streamWindow < window) this.handler.glitch('window reduced late');
    peer.known = true;
    this.block.maxFrame = Math.min(peer.maxFrame, H2.LARGEST_FRAME);
    this.block.encoder.peerTableSize(peer.tableBytes);
    if (!this.#moveWindows(peer.streamWindow - window)) return;
    this.output.frame(H2.SETTINGS, H2.ACK, 0, 0);
    this.handler.settingsReceived();
    this.resume();
  }

  #acknowledged(length: number): void {
    if (length > 0) return this.fail(H2.FRAME_SIZE_ERROR, 'acknowledgement with a payload');
    this.windows.acknowledged();
    this.#decoder.setLimit(this.settings.tableBytes);
  }

  /** RFC 9113 section 6.9.2. */
  #moveWindows(difference: number): boolean {
    if (difference === 0) return true;
    for (const stream of this.streams) {
      stream.sendWindow += difference;
      if (stream.sendWindow > H2.LARGEST_WINDOW)
        return this.#refuse(H2.FLOW_CONTROL_ERROR, 'SETTINGS make a window too large');
      this.sender.windowChanged(stream);
    }
    return true;
  }

  #ping(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & H2.ACK) !== 0) return;
    this.output.frame(H2.PING, H2.ACK, 0, end - start);
    this.output.bytes(bytes, start, end);
  }

  #goaway(last: number, code: number): void {
    this.handler.goawayReceived(last, code);
    if (this.role === 'server') return;
    this.lastTaken = Math.min(this.lastTaken, last);
    for (const stream of this.streams)
      if (stream.id > this.lastTaken) this.end(stream, H2.REFUSED_STREAM, 'refused');
  }

  #windowUpdate(id: number, increment: number): void {
    if (id === 0) return this.#connectionWindow(increment);
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (increment === 0) return this.streamError(stream, H2.PROTOCOL_ERROR, 'WINDOW_UPDATE of nothing');
    stream.sendWindow += increment;
    if (stream.sendWindow > H2.LARGEST_WINDOW)
      return this.streamError(stream, H2.FLOW_CONTROL_ERROR, 'window of the stream too large');
    this.sender.windowChanged(stream);
    this.resume();
  }

  #connectionWindow(increment: number): void {
    if (increment === 0) return this.fail(H2.PROTOCOL_ERROR, 'WINDOW_UPDATE of nothing');
    this.sender.window += increment;
    if (this.sender.window > H2.LARGEST_WINDOW)
      return this.fail(H2.FLOW_CONTROL_ERROR, 'window of the connection too large');
    this.resume();
  }
}

/** Bits of types: frames that only make sense on a stream that somebody has opened. */
const FOR_OPEN = (1 << H2.DATA) | (1 << H2.RST_STREAM) | (1 << H2.WINDOW_UPDATE);

const HEADERS_CODES: Record<Exclude<HeadersProblem, 'none'>, number> = {
  padding: H2.PROTOCOL_ERROR,
  size: H2.FRAME_SIZE_ERROR,
  priority: H2.PROTOCOL_ERROR,
};
