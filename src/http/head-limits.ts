/** How far a head may go, and how strictly it is read. */
export interface HeadLimits {
  /** Bytes of a whole head. */
  readonly maxHeadBytes: number;
  /** `tune.http.maxhdr`: one of them is the end of the head. */
  readonly maxHeaders: number;
  /** `tune.http.strict on`: what HAProxy takes and mends is refused instead. */
  readonly strict?: boolean;
  /** `option accept-unsafe-violations-in-http-request` or `-response`. */
  readonly relaxed?: boolean;
  /** `accept-payload-with-any-method`: HTTP/1.0 GET, HEAD and DELETE may have a body. */
  readonly payloadWithAnyMethod?: boolean;
  /** `h1-do-not-close-on-insecure-transfer-encoding` */
  readonly keepOnInsecureTransferEncoding?: boolean;
}
