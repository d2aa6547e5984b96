/** The system's error names (ECONNRESET, ...) as the few causes the rest of the program tells apart. */
import { getSystemErrorName } from 'node:util';
import type { Cause } from '../base/failure.ts';

const CAUSES: ReadonlyMap<string, Cause> = new Map<string, Cause>([
  ['ECONNREFUSED', 'refused'],
  ['ENOENT', 'refused'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ENOTCONN', 'reset'],
  ['ESHUTDOWN', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['EMFILE', 'resource'],
  ['ENFILE', 'resource'],
  ['ENOBUFS', 'resource'],
  ['ENOMEM', 'resource'],
  ['EADDRNOTAVAIL', 'resource'],
  ['EADDRINUSE', 'resource'],
  ['EAGAIN', 'resource'],
]);

export function causeOfCode(code: string | undefined): Cause {
  return CAUSES.get(code ?? '') ?? 'other';
}

/** `errno` as the kernel numbers it, positive. */
export function errorName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : 'UNKNOWN';
}
