/** Which statuses are a client's errors, and which a server's failures (`http-err-codes`, `http-fail-codes`). */
import type { Global, StatusRanges } from '../model/global.ts';

export class StatusKinds {
  readonly #errors: Uint8Array;
  readonly #failures: Uint8Array;

  constructor({ httpErrCodes, httpFailCodes }: Pick<Global, 'httpErrCodes' | 'httpFailCodes'>) {
    this.#errors = flags(httpErrCodes);
    this.#failures = flags(httpFailCodes);
  }

  isError(status: number): boolean {
    return this.#errors[status] === 1;
  }

  isFailure(status: number): boolean {
    return this.#failures[status] === 1;
  }
}

function flags(ranges: StatusRanges): Uint8Array {
  const table = new Uint8Array(600);
  for (const [first, last] of ranges) table.fill(1, first, last + 1);
  return table;
}
