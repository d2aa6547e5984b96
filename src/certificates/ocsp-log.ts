/** What is logged of updates of OCSP responses (manual, section 12.7.1, `ocsp-update`). */
import { strftime } from '../base/strftime.ts';
import { type ResponderExchange, UPDATE_STATUS, type UpdateStatus } from './ask-responder.ts';

/** In the words of the management manual (`show ssl ocsp-updates`). */
const TEXTS: Readonly<Record<UpdateStatus, string>> = {
  [UPDATE_STATUS.UNKNOWN]: 'Unknown',
  [UPDATE_STATUS.SUCCESSFUL]: 'Update successful',
  [UPDATE_STATUS.HTTP_ERROR]: 'HTTP error',
  [UPDATE_STATUS.NO_RESPONSE]: 'Missing "ocsp-response" header',
  [UPDATE_STATUS.REFUSED]: 'OCSP response check failure',
  [UPDATE_STATUS.NOT_INSERTED]: 'Error during insertion',
};

/** The reason of a refused response stands between parentheses; HTTP errors have a line of their own. */
export function statusText(status: UpdateStatus, reason: string): string {
  const hasReason =
    reason !== '' && (status === UPDATE_STATUS.REFUSED || status === UPDATE_STATUS.NOT_INSERTED);
  return hasReason ? `${TEXTS[status]} (${reason})` : TEXTS[status];
}

interface UpdateFacts {
  readonly name: string;
  readonly status: UpdateStatus;
  readonly reason: string;
  readonly failures: number;
  readonly successes: number;
}

export function updateLine({ name, status, reason, failures, successes }: UpdateFacts): string {
  return `<OCSP-UPDATE> ${name} ${status} "${statusText(status, reason)}" ${failures} ${successes}`;
}

const SERVER_ERRORS = 500;

/** As `option httplog` with `option dontlog-normal` has it; undefined: HTTP itself went well. */
export function exchangeLine(exchange: ResponderExchange): string | undefined {
  const { startMs, totalMs, connectMs, method, url, status, bytes, retries } = exchange;
  if (status < SERVER_ERRORS) return undefined;
  const fraction = String(startMs % 1000).padStart(3, '0');
  const date = `${strftime('%d/%b/%Y:%H:%M:%S', Math.floor(startMs / 1000), true)}.${fraction}`;
  const isConnected = connectMs >= 0;
  const answerMs = bytes > 0 && isConnected ? Math.max(0, totalMs - connectMs) : -1;
  const end = isConnected ? (bytes > 0 ? '--' : 'SH') : 'SC';
  return `-:- [${date}] <OCSP-UPDATE> -/- 0/0/${connectMs}/${answerMs}/${totalMs} ${status} ${bytes} - - ${end}-- 0/0/0/0/${retries} 0/0 {} "${method} ${url} HTTP/1.1"`;
}

/** `30/Jan/2023:00:08:09 +0000`, local time. */
export function updateDate(ms: number): string {
  return strftime('%d/%b/%Y:%H:%M:%S %z', Math.floor(ms / 1000), true);
}
