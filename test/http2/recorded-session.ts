/** A session whose events are written down, for tests of both roles. */
import { Session } from '../../src/http2/session.ts';
import type { FieldSink } from '../../src/http2/hpack/decoder.ts';
import type { SessionHandler } from '../../src/http2/session-handler.ts';
import type { LocalSettings, Role } from '../../src/http2/settings.ts';
import type { ResetBy, Stream, StreamOwner } from '../../src/http2/stream.ts';

export const SETTINGS: LocalSettings = {
  tableBytes: 4096,
  streamWindow: 65_536,
  sharedWindow: 1_638_400,
  maxStreams: 100,
  maxFrame: 16_384,
  takesConnect: true,
  maxListBytes: 16_384,
};

export class RecordedStream implements StreamOwner, FieldSink {
  readonly stream: Stream;
  readonly heads: string[][] = [];
  readonly #pieces: Buffer[] = [];
  ended = false;
  tooLarge = false;
  sent = 0;
  reset: readonly [code: number, by: ResetBy] | undefined;
  /** What comes is consumed at once. */
  consumes = true;
  readonly #session: Session;

  constructor(session: Session, stream: Stream) {
    this.#session = session;
    this.stream = stream;
  }

  get body(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  fieldsBegin(): FieldSink {
    this.heads.push([]);
    return this;
  }

  field(name: string, value: string): void {
    this.heads.at(-1)?.push(`${name}: ${value}`);
  }

  fieldsEnd(endStream: boolean, tooLarge: boolean): void {
    this.ended ||= endStream;
    this.tooLarge ||= tooLarge;
  }

  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.ended ||= endStream;
    if (this.consumes) this.#session.consumed(this.stream, end - start);
  }

  dataSent(): void {
    this.sent++;
  }

  streamReset(code: number, by: ResetBy): void {
    this.reset = [code, by];
  }
}

export class RecordedSession implements SessionHandler {
  readonly session: Session;
  /** Streams the peer has opened, and those opened here. */
  readonly streams: RecordedStream[] = [];
  readonly glitches: string[] = [];
  failure: readonly [code: number, reason: string] | undefined;
  away: readonly [last: number, code: number] | undefined;
  closed = 0;
  /** What is to become of a stream when its head has come. */
  onOpened: (stream: RecordedStream) => void = () => undefined;
  #opening: string[] = [];

  constructor(role: Role, settings: Partial<LocalSettings> = {}) {
    this.session = new Session(role, { ...SETTINGS, ...settings }, this);
    this.session.start();
  }

  /** Of clients. */
  open(): RecordedStream {
    const stream = this.session.openStream();
    const recorded = new RecordedStream(this.session, stream);
    stream.owner = recorded;
    this.streams.push(recorded);
    return recorded;
  }

  /** What is to be sent now. */
  take(): Buffer {
    const { output } = this.session;
    const { length } = output;
    const bytes = Buffer.from(output.take().subarray(0, length));
    this.session.resume();
    return bytes;
  }

  streamOpens(): FieldSink {
    const fields: string[] = (this.#opening = []);
    return { field: (name, value) => void fields.push(`${name}: ${value}`) };
  }

  streamOpened(stream: Stream, endStream: boolean, tooLarge: boolean): StreamOwner {
    const recorded = new RecordedStream(this.session, stream);
    recorded.heads.push(this.#opening);
    recorded.ended = endStream;
    recorded.tooLarge = tooLarge;
    this.streams.push(recorded);
    stream.owner = recorded;
    this.onOpened(recorded);
    return recorded;
  }

  streamClosed(): void {
    this.closed++;
  }
  frameReceived(): void {}
  frameSent(): void {}
  settingsReceived(): void {}
  goawayReceived(last: number, code: number): void {
    this.away = [last, code];
  }
  streamFailed(): void {}
  glitch(reason: string, amount = 1): void {
    for (let time = 0; time < amount; time++) this.glitches.push(reason);
  }
  failed(code: number, reason: string): void {
    this.failure = [code, reason];
  }
}

/** Carries bytes both ways until nobody has any; `piece`: bytes at a time. */
export function converse(one: RecordedSession, other: RecordedSession, piece = Infinity): void {
  for (let quiet = 0; quiet < 2; quiet++)
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      for (let bytes = from.take(); bytes.length > 0; bytes = from.take()) {
        quiet = 0;
        for (let at = 0; at < bytes.length; at += piece)
          to.session.feed(bytes, at, Math.min(bytes.length, at + piece));
      }
}

export function sendHead(
  { session }: RecordedSession,
  { stream }: RecordedStream,
  fields: readonly (readonly [string, string])[],
  endStream: boolean,
): boolean {
  session.block.begin(fields.reduce((sum, [name, value]) => sum + name.length + value.length + 16, 0));
  for (const [name, value] of fields) session.block.field(name, value);
  return session.endBlock(stream, endStream);
}
