/**
 * One stream of a session (RFC 9113 section 5.1): what has ended of it, its windows, and what waits to be sent on it.
 * What it means is its owner's.
 */
import type { FieldSink } from './hpack/decoder.ts';

/** Who ended a stream before both sides had: the peer, this side, or nobody, as the connection is gone. */
export type ResetBy = 'peer' | 'us' | 'lost' | 'refused';

/** What follows one stream. */
export interface StreamOwner {
  /** A block of fields begins behind those that opened the stream: a response, or trailers. Where they go. */
  fieldsBegin(): FieldSink;
  /** `tooLarge`: some were left out. */
  fieldsEnd(endStream: boolean, tooLarge: boolean): void;
  /** In place: what is kept has to be copied. It has to be consumed() some time. */
  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** All of what was sent last has been framed: its memory is free. */
  dataSent(): void;
  /** The stream is over before its end. `refused`: the peer has not seen it and never will. */
  streamReset(code: number, by: ResetBy): void;
}

export const LOCAL_ENDED = 1;
export const REMOTE_ENDED = 2;
/** It was reset, or the connection is gone. */
export const CUT = 4;

const NOTHING: Buffer = Buffer.alloc(0);

export class Stream {
  readonly id: number;
  owner: StreamOwner | undefined;
  /** LOCAL_ENDED, REMOTE_ENDED, CUT. */
  ended = 0;
  /** Bytes that the peer takes from us, and that we take from it. */
  sendWindow: number;
  receiveWindow: number;
  /** Bytes received and not consumed. */
  held = 0;
  /** More are to come. */
  isFilling = false;
  /** Bytes of content to come as Content-Length has it; -1: it was not said. */
  contentLeft = -1;
  /** What waits to be sent. */
  out: Buffer = NOTHING;
  outStart = 0;
  outEnd = 0;
  /** Behind it the stream ends. */
  outEnds = false;
  /** Something waits, or an end. */
  sending = false;
  /** It waits its turn, not for its own window. */
  queued = false;

  constructor(id: number, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  get closed(): boolean {
    return (
      (this.ended & CUT) !== 0 || (this.ended & (LOCAL_ENDED | REMOTE_ENDED)) === (LOCAL_ENDED | REMOTE_ENDED)
    );
  }

  get localEnded(): boolean {
    return (this.ended & (LOCAL_ENDED | CUT)) !== 0;
  }

  get remoteEnded(): boolean {
    return (this.ended & (REMOTE_ENDED | CUT)) !== 0;
  }

  /** What waits is not sent any more. */
  dropOut(): void {
    this.sending = false;
    this.out = NOTHING;
    this.outStart = this.outEnd = 0;
  }
}
