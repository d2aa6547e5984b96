/** Why an order cannot go on, in words for the log. */
export class AcmeFailure extends Error {
  /** The same again may succeed soon. */
  readonly mayPass: boolean;
  /** When the authority wants to hear of it again. */
  readonly retryAfterMs: number | undefined;
  /** Of a problem document (RFC 8555, section 6.7), without its prefix; empty: there was none. */
  readonly problem: string;

  constructor(
    message: string,
    {
      mayPass = false,
      retryAfterMs,
      problem = '',
    }: {
      readonly mayPass?: boolean;
      readonly retryAfterMs?: number | undefined;
      readonly problem?: string;
    } = {},
  ) {
    super(message);
    this.mayPass = mayPass;
    this.retryAfterMs = retryAfterMs;
    this.problem = problem;
  }
}

const LONGEST_WORDS = 300;

/** What came over the network, fit for a line of a log. */
export function logWords(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return plain.length > LONGEST_WORDS ? `${plain.slice(0, LONGEST_WORDS)}...` : plain;
}
