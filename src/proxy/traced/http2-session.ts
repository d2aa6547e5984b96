/** A connection of HTTP/2 that tells of its frames, both ways, and of what goes wrong. Made while something is traced. */
import * as H2 from '../../http2/frames.ts';
import type { SessionHandler } from '../../http2/session-handler.ts';
import { Session } from '../../http2/session.ts';
import type { LocalSettings } from '../../http2/settings.ts';
import type { Stream } from '../../http2/stream.ts';
import type { TraceSubject } from '../../traces/source.ts';
import type { TracePoint } from '../../traces/trace-point.ts';
import type { Traces } from '../../traces/traces.ts';
import { FRAMES, H2_POINTS, OTHER_FRAME } from './http2-points.ts';
import { http2Stream, joinParts, MINIMAL, numbersText, SIMPLE } from './subject.ts';

/** Whose connection it is. */
interface TracedPeer {
  readonly traces: Traces;
  readonly role: 'server' | 'client';
  readonly isReversed: boolean;
  readonly subject: TraceSubject;
  /** For lines that say more. */
  readonly names: string;
}

const FLAG_NAMES = [
  [H2.END_STREAM, 'END_STREAM'],
  [H2.END_HEADERS, 'END_HEADERS'],
  [H2.PADDED, 'PADDED'],
  [H2.WITH_PRIORITY, 'PRIORITY'],
] as const;

export class TracedHttp2Session extends Session {
  readonly #peer: TracedPeer;
  #isOver = false;

  constructor(peer: TracedPeer, settings: LocalSettings, handler: SessionHandler) {
    super(peer.role, settings, handler, peer.isReversed);
    this.#peer = peer;
    this.output.watcher = (bytes, length) => this.#sent(bytes, length);
    this.#tell(H2_POINTS.connected, 0, '');
  }

  override prefaceIsWrong(): void {
    this.#tell(H2_POINTS.noPreface, 0, '');
    super.prefaceIsWrong();
  }

  override frameBegins(type: number, flags: number, id: number, length: number): boolean {
    const isNew = type === H2.HEADERS && id > this.lastPeer && this.role === 'server';
    this.#frame(true, type, flags, id, length);
    if (isNew) this.#tell(H2_POINTS.opened, id, `sid=${id}`);
    return super.frameBegins(type, flags, id, length);
  }

  override fail(code: number, reason: string): void {
    if (!this.dead) this.#tell(H2_POINTS.failed, 0, `${reason} (code ${code})`);
    super.fail(code, reason);
  }

  override tooManyGlitches(): void {
    if (!this.dead) this.#tell(H2_POINTS.failed, 0, `too many glitches (code ${H2.ENHANCE_YOUR_CALM})`);
    super.tooManyGlitches();
  }

  override streamError(stream: Stream, code: number, reason: string): void {
    if (!this.dead && !stream.closed)
      this.#tell(H2_POINTS.streamFailed, stream.id, `sid=${stream.id} ${reason} (code ${code})`);
    super.streamError(stream, code, reason);
  }

  protected override end(stream: Stream, code: number, by: 'peer' | 'us' | 'lost' | 'refused'): void {
    this.#tell(H2_POINTS.cut, stream.id, `sid=${stream.id} by ${by} (code ${code})`);
    super.end(stream, code, by);
  }

  protected override sideEnded(stream: Stream): void {
    if (stream.closed) this.#tell(H2_POINTS.closed, stream.id, `sid=${stream.id}`);
    super.sideEnded(stream);
  }

  override lost(): void {
    if (!this.#isOver) this.#tell(H2_POINTS.over, 0, '');
    this.#isOver = true;
    super.lost();
  }

  /** Whole frames, but for the preface of a client's. */
  #sent(bytes: Buffer, length: number): void {
    let at = 0;
    if (length >= H2.PREFACE.length && bytes.subarray(0, H2.PREFACE.length).equals(H2.PREFACE)) {
      this.#tell(H2_POINTS.prefaceSent, 0, '');
      at = H2.PREFACE.length;
    }
    while (at + H2.FRAME_HEAD <= length) {
      const payload = bytes.readUIntBE(at, 3);
      const [type, flags] = [bytes[at + 3] as number, bytes[at + 4] as number];
      this.#frame(false, type, flags, H2.readStream(bytes, at + 5), payload);
      at += H2.FRAME_HEAD + payload;
    }
  }

  #frame(isReceived: boolean, type: number, flags: number, id: number, length: number): void {
    const { name, received, sent, receivedLast, sentLast } = FRAMES[type] ?? OTHER_FRAME;
    const isLast = (type === H2.DATA || type === H2.HEADERS) && (flags & H2.END_STREAM) !== 0;
    const [plain, last] = isReceived ? [received, receivedLast] : [sent, sentLast];
    this.#tell(isLast ? last : plain, id, `${name}${flagsText(type, flags)} sid=${id} len=${length}`);
  }

  #tell(point: TracePoint, id: number, clean: string): void {
    const { traces, names, role } = this.#peer;
    const subject = id === 0 ? this.#peer.subject : http2Stream(this.#peer.subject, id);
    traces.of.h2.tell(point, subject, verbosity =>
      joinParts([
        `${role === 'server' ? '[F]' : '[B]'} ${clean}`.trim(),
        verbosity >= MINIMAL ? numbersText(subject) : '',
        verbosity >= SIMPLE ? names : '',
      ]),
    );
  }
}

/** ` END_STREAM|END_HEADERS`; flags mean something else in each type. */
function flagsText(type: number, flags: number): string {
  if (type === H2.SETTINGS || type === H2.PING) return (flags & H2.ACK) === 0 ? '' : ' ACK';
  const names = FLAG_NAMES.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
  return names.length === 0 ? '' : ` ${names.join('|')}`;
}
