/** The system's errors in the words of strerror(3), which HAProxy prints: with a capital, unlike libuv's. */
import { getSystemErrorMap } from 'node:util';

const EADDRNOTAVAIL = 99;

/** Node makes it anew whenever it is asked for. */
let texts: ReadonlyMap<number, readonly [name: string, message: string]> | undefined;

/** `errno` as the system counts it, positive. */
export function describeErrno(errno: number): string {
  if (errno === EADDRNOTAVAIL) return 'Cannot assign requested address';
  const text = (texts ??= getSystemErrorMap()).get(-errno)?.[1] ?? `error ${errno}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Of what Node throws when the system refuses something. */
export function describeSystemError(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? String(error) : describeErrno(-errno);
}
