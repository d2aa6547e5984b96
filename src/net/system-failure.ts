/**
 * What the system says of a connection that is no more, in HAProxy's numbers and words: samples `fc_err`, `bc_err` and those of
 * their names and texts (manual, section 7.3.3).
 */
import type { Cause } from '../base/failure.ts';

export interface SystemFailure {
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

const FAILURES: Readonly<Partial<Record<Cause, SystemFailure>>> = {
  refused: { code: 47, name: 'EREFUSED', text: 'ECONNREFUSED returned by OS' },
  reset: { code: 48, name: 'ERESET', text: 'ECONNRESET returned by OS' },
  unreachable: { code: 49, name: 'EUNREACH', text: 'ENETUNREACH returned by OS' },
};

/** Undefined: it was not the system. */
export function systemFailure(cause: Cause): SystemFailure | undefined {
  return FAILURES[cause];
}
