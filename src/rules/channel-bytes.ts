/**
 * Bytes that pass in one direction, while rules or filters look at them: those that are said to go on lie in front of
 * those that are still to be judged, as in a channel of HAProxy (Lua API: Channel class).
 *
 *   [ output ][ input ]       edit(sent, input): what is sent joins the output, the rest becomes the input
 */
export interface ChannelBytes {
  /** Still to be judged. Valid until it is edited. */
  readonly input: Buffer;
  /** Bytes that nobody looks at any more. */
  readonly output: number;
  /** Bytes there is room for. */
  readonly room: number;
  /** It holds as much as it is meant to. */
  readonly isFull: boolean;
  /** More can come before a decision is taken. */
  readonly mayReceive: boolean;
  edit(sent: Buffer, input: Buffer): void;
}
