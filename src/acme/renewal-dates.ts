/** When certificates are due (manual, section 12.8, and `acme.scheduler`). Times in milliseconds. */
import { X509Certificate } from 'node:crypto';

const DAY_MS = 86_400_000;
/** Where a certificate does not say since when it is good. */
const MARGIN_MS = 7 * DAY_MS;
const PART_OF_LIFE = 12;

export interface CertificateDates {
  readonly untilMs: number;
  /** From then on it is to be renewed: the last twelfth of its life. */
  readonly dueMs: number;
}

export function datesOf(certPem: string): CertificateDates {
  const { validFrom, validTo } = new X509Certificate(certPem);
  const fromMs = Date.parse(validFrom);
  // one whose date cannot be read has ended
  const untilMs = Date.parse(validTo) || 0;
  const marginMs = Number.isNaN(fromMs) ? MARGIN_MS : (untilMs - fromMs) / PART_OF_LIFE;
  return { untilMs, dueMs: untilMs - marginMs };
}

const FIRST_RETRY_MS = 60_000;
const GROWTH = 4;
export const LONGEST_WAIT_MS = DAY_MS / 2;

/** How long after so many failures in a row the next order begins, unless the authority asks for more. */
export function retryDelay(failures: number, retryAfterMs = 0): number {
  return Math.max(retryAfterMs, Math.min(FIRST_RETRY_MS * GROWTH ** (failures - 1), LONGEST_WAIT_MS));
}
