/** A message that could not be understood, as `show errors` shows it. */

/** Plain data: it crosses threads. Proxies and servers by their rows. */
export interface BadMessage {
  readonly side: 'request' | 'response';
  /** The frontend of a request, the backend of a response. */
  readonly proxy: number;
  /** The backend of a request, the frontend of a response. */
  readonly otherProxy: number | undefined;
  readonly server: number | undefined;
  /** `address:port` of the client. */
  readonly source: string;
  readonly atMs: number;
  /** Which of the thread's it is, from 0. */
  readonly event: number;
  /** What is wrong with it. */
  readonly reason: string;
  /** From its first byte, as far as it was received. */
  readonly bytes: Uint8Array;
  readonly bufferSize: number;
}

export interface BadMessageReport {
  /** How many there were. */
  readonly count: number;
  readonly messages: readonly BadMessage[];
}
