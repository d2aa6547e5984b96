/** When OCSP responses are fetched next (manual, section 12.7.1, `ocsp-update`), and what became of those before. */
import { UPDATE_STATUS, type UpdateStatus } from './ask-responder.ts';
import type { OcspSettings } from './ocsp-settings.ts';

/** One response that is fetched, or was: certificates with the same id share it. */
export interface OcspRecord {
  /** Hexadecimal DER of the CertID. */
  readonly key: string;
  /** The first certificate that has it. */
  name: string;
  responder: string;
  /** Undefined: by command only. */
  nextMs: number | undefined;
  lastMs: number | undefined;
  successes: number;
  failures: number;
  failuresInARow: number;
  status: UpdateStatus;
  reason: string;
}

export function newRecord(key: string): OcspRecord {
  return {
    key,
    name: '',
    responder: '',
    nextMs: undefined,
    lastMs: undefined,
    successes: 0,
    failures: 0,
    failuresInARow: 0,
    status: UPDATE_STATUS.UNKNOWN,
    reason: '',
  };
}

/** So long before the old one ends the new one is there. */
const MARGIN_MS = 60_000;

/** Of a response that is good until then. */
export function nextFetch(
  untilMs: number,
  nowMs: number,
  { leastDelayMs, mostDelayMs }: OcspSettings,
): number {
  return Math.max(nowMs + leastDelayMs, Math.min(nowMs + mostDelayMs, untilMs - MARGIN_MS));
}

const FIRST_RETRY_MS = 60_000;

/** Twice as long with each failure in a row; what is served may end meanwhile, so the shortest delay does not count. */
export function nextAttempt(failuresInARow: number, nowMs: number, { mostDelayMs }: OcspSettings): number {
  return nowMs + Math.min(FIRST_RETRY_MS * 2 ** (failuresInARow - 1), Math.max(mostDelayMs, FIRST_RETRY_MS));
}
