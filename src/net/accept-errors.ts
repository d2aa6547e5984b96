/** What accept(2) fails with. */

/** Where something is missing, descriptors mostly, it is tried again after so long. */
export const BACK_OFF_MS = 100;

/** No lack of anything: a client that has gone again, a signal. */
const HARMLESS = new Set([
  'ECONNABORTED',
  'EPROTO',
  'EINTR',
  'ENETDOWN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EPERM',
]);

/** The next one may be accepted at once. */
export function isHarmless(code: string): boolean {
  return HARMLESS.has(code);
}
