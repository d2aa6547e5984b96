/**
 * What was wrong with a client's certificate, error by error as OpenSSL meets them, and which of that is excused (manual,
 * section 5.1, `crt-ignore-err`, `ca-ignore-err`). What is not ends the handshake, and OpenSSL tells the client why.
 */
import { CHAIN_REFUSED, type HandshakeFailure, LEAF_REFUSED } from '../handshake-failure.ts';
import { type Excused, isExcused } from '../peer-verdict.ts';
import type { VerificationError } from '../verification.ts';

export class ClientVerification {
  readonly #excused: Excused;
  #leaf: VerificationError | undefined;
  #chain: VerificationError | undefined;
  #failure: HandshakeFailure | undefined;
  #refused: Buffer | undefined;

  constructor(excused: Excused) {
    this.#excused = excused;
  }

  /** `der`: of the client's certificate, which nobody knows any more when it was refused. */
  excuses(error: VerificationError, der: () => Buffer | undefined): boolean {
    if (error.depth > 0) this.#chain ??= error;
    else this.#leaf ??= error;
    if (isExcused(error, this.#excused)) return true;
    this.#failure = error.depth > 0 ? CHAIN_REFUSED : LEAF_REFUSED;
    this.#refused = der();
    return false;
  }

  /** Why it was refused. */
  get failure(): HandshakeFailure | undefined {
    return this.#failure;
  }

  /** DER of the certificate that was refused. */
  get refused(): Buffer | undefined {
    return this.#refused;
  }

  /** The first error of the certificate. */
  get leafError(): number {
    return this.#leaf?.code ?? 0;
  }

  /** The first one above it. */
  get chainError(): VerificationError | undefined {
    return this.#chain;
  }
}
