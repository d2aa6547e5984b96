/** What a session (session.ts) tells the one who drives it. */
import type { FieldSink } from './hpack/decoder.ts';
import type { Stream, StreamOwner } from './stream.ts';

export interface SessionHandler {
  /** The peer opens a stream: where its fields go. Of servers. */
  streamOpens(): FieldSink;
  /**
   * They are complete; `tooLarge`: some were left out. Gives who follows the stream; undefined: it has been reset, or
   * rejected() says why it is.
   */
  streamOpened(stream: Stream, endStream: boolean, tooLarge: boolean): StreamOwner | undefined;
  /** Nothing more can happen to it. */
  streamClosed(stream: Stream): void;
  /** A frame of that type has come, or was sent (RST_STREAM and GOAWAY). */
  frameReceived(type: number): void;
  /** `code`: the error that it tells. */
  frameSent(type: number, code: number): void;
  settingsReceived(): void;
  goawayReceived(lastStream: number, code: number): void;
  /** The peer has made an error that costs it a stream. */
  streamFailed(stream: number, code: number, reason: string): void;
  /** It has opened one more than it may have. Of servers. */
  streamRefused?(stream: number): void;
  /** It made an error of any kind, or did what is forgiven and suspicious. `amount`: how often at a time, once if not said. */
  glitch(reason: string, amount?: number): void;
  /** It has broken the protocol: GOAWAY is written, nothing more is read. */
  failed(code: number, reason: string): void;
}

/** Fields that nobody wants. */
export const NO_FIELDS: FieldSink = { field(): void {} };
