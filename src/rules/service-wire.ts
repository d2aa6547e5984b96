/**
 * Between a service of a script and the stream it serves: bytes both ways. proxy/ has the one end
 * (service-connection.ts), lua/ the other. Nothing is called back while a call of the other side is under way.
 */
export interface ServiceWire {
  /** Bytes that have come and were not taken. */
  readonly available: number;
  /** No more will come. */
  readonly inputEnded: boolean;
  /** Takes at most so many bytes of what has come. */
  take(most: number): Buffer;
  /** Where the first byte of that value is, or -1. */
  indexOf(byte: number): number;
  /** Adds to what goes out with the next flush(). */
  write(bytes: Buffer): void;
  /** More was written than went out: it is better to wait. */
  readonly full: boolean;
  flush(): void;
  /** Nothing follows what was written. */
  finish(): void;
  /** What was begun cannot be ended as it should. */
  fail(): void;
  /** Bytes have come, or the last of them has. */
  onInput: () => void;
  /** There is room again. */
  onRoom: () => void;
  /** Nobody listens any more. */
  onGone: () => void;
}
