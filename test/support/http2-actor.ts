/**
 * One end of an HTTP/2 connection without a socket, that does whatever it may: opens streams, sends heads, contents in
 * pieces, trailers, consumes late, resets, from within events too. What it has heard is checked as it comes.
 */
import assert from 'node:assert/strict';
import { DATA, readUint32, WINDOW_UPDATE } from '../../src/http2/frames.ts';
import type { FieldSink } from '../../src/http2/hpack/decoder.ts';
import type { SessionHandler } from '../../src/http2/session-handler.ts';
import { Session } from '../../src/http2/session.ts';
import type { LocalSettings, Role } from '../../src/http2/settings.ts';
import type { ResetBy, Stream, StreamOwner } from '../../src/http2/stream.ts';

const MOST_BODY = 200_000;
const MOST_PIECE = 70_000;
const LONGEST_VALUE = 3000;
const FIRST_WINDOW = 65_535;
const FRAME_HEAD = 9;
/** What contents consist of: the byte at a place is known. */
const CONTENT = Buffer.from(Array.from({ length: MOST_BODY + 256 }, (_, at) => at % 251));

export interface Nature {
  /** It resets streams, and calls what makes no sense. */
  readonly isRude: boolean;
  /** From within events it does more than to answer. */
  readonly isHasty: boolean;
}

/** One stream: what it still has to send, and what has come. */
export class ActedStream implements StreamOwner, FieldSink {
  readonly stream: Stream;
  readonly #actor: Http2Actor;
  /** Contents: sent, to be sent in all, come, come and not consumed. */
  sent = 0;
  readonly length: number;
  received = 0;
  held = 0;
  hasHead = false;
  isSending = false;
  isDone = false;
  remoteEnded = false;
  heads = 0;
  wasReset = false;

  constructor(actor: Http2Actor, stream: Stream, length: number) {
    this.#actor = actor;
    this.stream = stream;
    this.length = length;
  }

  fieldsBegin(): FieldSink {
    this.heads++;
    return this;
  }

  field(name: string, value: string): void {
    assert.ok(name.length > 0 || this.#actor.isFed || value.length > 0);
  }

  fieldsEnd(endStream: boolean): void {
    this.remoteEnded ||= endStream;
    this.#actor.react(this);
  }

  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    assert.ok(!this.remoteEnded, 'contents behind the end');
    const wanted = CONTENT.subarray(this.received, this.received + end - start);
    assert.ok(this.#actor.isFed || bytes.subarray(start, end).equals(wanted), 'other contents');
    this.received += end - start;
    this.held += end - start;
    this.remoteEnded = endStream;
    this.#actor.react(this);
  }

  dataSent(): void {
    assert.ok(this.isSending, 'it was told before that all is sent');
    this.isSending = false;
    this.#actor.react(this);
  }

  streamReset(_code: number, _by: ResetBy): void {
    this.wasReset = true;
    this.#actor.react(this);
  }
}

export class Http2Actor implements SessionHandler {
  readonly session: Session;
  readonly streams: ActedStream[] = [];
  failure = '';
  glitches = 0;
  /** Bytes of DATA that the peer may send in all, as it was told; and those that were said here. */
  granted = FIRST_WINDOW;
  dataSaid = 0;
  /** What it reads was not said by another of its kind. */
  isFed = false;
  readonly #below: (limit: number) => number;
  readonly #nature: Nature;
  readonly #role: Role;
  #toOpen: number;
  #depth = 0;
  #isGone = false;

  constructor(role: Role, settings: LocalSettings, below: (limit: number) => number, nature: Nature) {
    this.#role = role;
    this.#below = below;
    this.#nature = nature;
    this.#toOpen = role === 'client' ? 1 + below(30) : 0;
    this.session = new Session(role, settings, this);
    this.session.start();
    if (below(2) === 0) this.session.widenWindow();
  }

  /** Nothing is left that it would do. */
  get isDone(): boolean {
    return this.#toOpen === 0 && this.streams.every(one => one.wasReset || (one.isDone && one.remoteEnded));
  }

  /** What it says now, all of it. */
  take(): Buffer {
    const { output } = this.session;
    const { length } = output;
    const bytes = Buffer.from(output.take().subarray(0, length));
    this.session.resume();
    this.#count(bytes);
    return bytes;
  }

  /** It says whole frames. */
  #count(bytes: Buffer): void {
    let at = bytes.subarray(0, 3).toString() === 'PRI' ? 24 : 0;
    for (let length = 0; at < bytes.length; at += FRAME_HEAD + length) {
      length = bytes.readUIntBE(at, 3);
      if (bytes[at + 3] === DATA) this.dataSaid += length;
      if (bytes[at + 3] === WINDOW_UPDATE && bytes.readUInt32BE(at + 5) === 0)
        this.granted += readUint32(bytes, at + FRAME_HEAD);
    }
  }

  /** Something it may do now. */
  act(): void {
    if (this.#toOpen > 0 && this.session.mayOpen && this.#below(2) === 0) return this.#open();
    const live = this.streams.filter(one => !one.wasReset && !(one.isDone && one.held === 0));
    const one = live[this.#below(Math.max(1, live.length))];
    if (one !== undefined) this.#actOn(one);
    if (this.#nature.isRude && this.#below(50) === 0) this.#misbehave();
  }

  #open(): void {
    this.#toOpen--;
    const one = new ActedStream(this, this.session.openStream(), this.#length());
    one.stream.owner = one;
    this.streams.push(one);
    this.#sendHead(one);
  }

  #length(): number {
    return this.#below(3) === 0 ? 0 : this.#below(this.#below(4) === 0 ? MOST_BODY : 2000);
  }

  /** From within an event. */
  react(one: ActedStream): void {
    if (!this.#nature.isHasty || this.#depth > 2 || this.#below(3) > 0) return;
    this.#depth++;
    if (this.#below(4) === 0) this.act();
    else if (this.#below(8) === 0) this.session.resume();
    else if (!one.wasReset) this.#actOn(one);
    this.#depth--;
  }

  #actOn(one: ActedStream): void {
    if (one.held > 0 && this.#below(2) === 0) return this.#consume(one);
    if (one.isDone || one.isSending || one.wasReset) return;
    if (!one.hasHead) this.#sendHead(one);
    else if (one.sent < one.length) this.#sendPiece(one);
    else this.#finish(one);
  }

  #consume(one: ActedStream): void {
    const bytes = this.#below(3) === 0 ? 1 + this.#below(one.held) : one.held;
    one.held -= bytes;
    this.session.consumed(one.stream, bytes);
  }

  #sendHead(one: ActedStream): void {
    const isLast = one.length === 0 && this.#below(2) === 0;
    one.hasHead = true;
    if (this.#role === 'server') this.#block(one, [[':status', '200']], isLast);
    else
      this.#block(
        one,
        [
          [':method', 'POST'],
          [':path', '/'],
        ],
        isLast,
      );
    if (isLast) one.isDone = true;
  }

  #block(one: ActedStream, pseudo: readonly (readonly [string, string])[], ends: boolean): void {
    const { block } = this.session;
    const fields = Array.from(
      { length: this.#below(4) },
      () => ['x-field', 'v'.repeat(this.#below(this.#below(9) === 0 ? LONGEST_VALUE : 20))] as const,
    );
    block.begin(200 + fields.reduce((sum, [, value]) => sum + value.length + 30, 0));
    for (const [name, value] of [...pseudo, ...fields]) block.field(name, value);
    assert.ok(this.session.endBlock(one.stream, ends));
  }

  #sendPiece(one: ActedStream): void {
    const end = Math.min(one.length, one.sent + 1 + this.#below(MOST_PIECE));
    const ends = end === one.length && this.#below(2) === 0;
    const start = one.sent;
    one.sent = end;
    one.isDone ||= ends;
    one.isSending = true;
    if (this.session.send(one.stream, CONTENT, start, end, ends)) one.isSending = false;
  }

  /** By trailers, or by an empty piece. */
  #finish(one: ActedStream): void {
    one.isDone = true;
    if (this.#below(2) === 0) this.#block(one, [['x-trailer', 't']], true);
    else {
      one.isSending = true;
      if (this.session.send(one.stream, CONTENT, 0, 0, true)) one.isSending = false;
    }
  }

  #misbehave(): void {
    const one = this.streams[this.#below(Math.max(1, this.streams.length))];
    switch (this.#below(12)) {
      case 0:
        return this.session.goaway(this.#below(14), this.#below(3));
      case 1:
        return this.session.fail(this.#below(14), 'a whim');
      case 2:
        return this.session.lost();
      case 3:
        return this.session.widenWindow();
      default:
        if (one === undefined || one.wasReset) return;
        one.wasReset = true;
        this.session.reset(one.stream, this.#below(14));
    }
  }

  // ── SessionHandler ──

  streamOpens(): FieldSink {
    return { field: () => undefined };
  }

  streamOpened(stream: Stream, endStream: boolean, tooLarge: boolean): StreamOwner | undefined {
    if (this.#nature.isRude && this.#below(20) === 0) {
      this.session.reset(stream, 1);
      return undefined;
    }
    assert.ok(!tooLarge || this.isFed);
    const one = new ActedStream(this, stream, this.#length());
    one.remoteEnded = endStream;
    stream.owner = one;
    this.streams.push(one);
    this.react(one);
    return one;
  }

  streamClosed(): void {}
  frameReceived(): void {}
  frameSent(): void {}
  settingsReceived(): void {}
  goawayReceived(): void {
    this.#toOpen = 0;
  }
  streamFailed(_stream: number, _code: number, reason: string): void {
    if (!this.isFed) this.failure ||= reason;
  }
  glitch(): void {
    this.glitches++;
  }
  failed(_code: number, reason: string): void {
    this.failure ||= reason;
    this.#isGone = true;
  }

  get isGone(): boolean {
    return this.#isGone || this.session.dead;
  }
}
