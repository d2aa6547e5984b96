/**
 * One question to an OCSP responder (RFC 6960, appendix A): the request goes out by GET where it is short, as caches like
 * it, and what comes back is judged: that it is an OCSP response, who signed it, and whether it can be served.
 */
import type { X509Certificate } from 'node:crypto';
import {
  askServer,
  type ClientAnswer,
  type ClientCourse,
  type HttpClientSettings,
} from '../net/http-client.ts';
import { ocspRequest } from '../net/tls/ocsp-id.ts';
import { judgeOcspResponse, readOcspResponse } from '../net/tls/ocsp-response.ts';
import { faultOfSignature } from '../net/tls/ocsp-signature.ts';
import type { OcspSettings } from './ocsp-settings.ts';

/** As `show ssl ocsp-updates` numbers them (management manual). */
export const UPDATE_STATUS = {
  UNKNOWN: 0,
  SUCCESSFUL: 1,
  HTTP_ERROR: 2,
  NO_RESPONSE: 3,
  REFUSED: 4,
  NOT_INSERTED: 5,
} as const;

export type UpdateStatus = (typeof UPDATE_STATUS)[keyof typeof UPDATE_STATUS];

/** What HTTP made of it, for the log. */
export interface ResponderExchange extends ClientCourse {
  readonly startMs: number;
  readonly totalMs: number;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

export interface ResponderVerdict {
  readonly status: UpdateStatus;
  /** More words for the status; empty: there are none. */
  readonly reason: string;
  readonly exchange: ResponderExchange | undefined;
  /** Of a success. */
  readonly response?: Buffer;
  readonly untilMs?: number;
}

type Judged = Omit<ResponderVerdict, 'exchange'>;

interface ResponderQuestion {
  /** As the certificate has it. */
  readonly responder: string;
  /** DER of the CertID. */
  readonly id: Buffer;
  readonly issuer: X509Certificate;
}

/** Longer requests are posted (RFC 6960, appendix A.1: "after encoding"). */
const LONGEST_GET = 255;
const MOST_BYTES = 65_536;
const SILENCE_MS = 10_000;
/** For all of it, attempts included: a responder may drip. */
const DEADLINE_MS = 60_000;

export type AskResponder = (question: ResponderQuestion) => Promise<ResponderVerdict>;

/** Gives a function that asks. */
export function responderAsker({ proxy }: OcspSettings, client: HttpClientSettings): AskResponder {
  return question =>
    new Promise(resolve => {
      const { method, url, body } = requestOf(question);
      if (url === undefined) return resolve(failed(UPDATE_STATUS.HTTP_ERROR, 'the address is no HTTP URL'));
      const startMs = Date.now();
      const settle = (answer: ClientAnswer, course: ClientCourse): void => {
        clearTimeout(late);
        const totalMs = Date.now() - startMs;
        const seen = { method, url: url.href, status: answer.status, bytes: answer.body.length };
        resolve({ ...judgeAny(answer, question), exchange: { ...course, ...seen, startMs, totalMs } });
      };
      const stop = askServer(
        {
          method,
          url,
          headers: [['Content-Type', 'application/ocsp-request']],
          body,
          target: proxy && { kind: 'ip', ...proxy },
          byProxy: proxy !== undefined,
          timeoutMs: SILENCE_MS,
          mostBytes: MOST_BYTES,
        },
        client,
        settle,
      );
      const giveUp = (): void => {
        stop();
        settle({ status: 504, reason: 'Gateway Time-out', headers: [], body: Buffer.alloc(0) }, NO_COURSE);
      };
      const late = setTimeout(giveUp, DEADLINE_MS);
    });
}

const NO_COURSE: ClientCourse = { connectMs: -1, retries: 0 };

function requestOf({ responder, id }: ResponderQuestion): {
  readonly method: string;
  readonly url: URL | undefined;
  readonly body: Buffer | undefined;
} {
  const request = ocspRequest(id);
  const base = responder.replace(/\/$/, '');
  const byGet = `${base}/${encodeURIComponent(request.toString('base64'))}`;
  const isShort = byGet.length <= LONGEST_GET;
  const text = isShort ? byGet : responder;
  const isHttp = /^https?:/i.test(text) && URL.canParse(text);
  return {
    method: isShort ? 'GET' : 'POST',
    url: isHttp ? new URL(text) : undefined,
    body: isShort ? undefined : request,
  };
}

/** What OpenSSL throws at keys and certificates it cannot work with is a word against the response. */
function judgeAny(answer: ClientAnswer, question: ResponderQuestion): Judged {
  try {
    return judge(answer, question);
  } catch (error) {
    return failed(UPDATE_STATUS.REFUSED, (error as Error).message);
  }
}

function judge(answer: ClientAnswer, { id, issuer }: ResponderQuestion): Judged {
  const { status, reason, body } = answer;
  if (status !== 200) return failed(UPDATE_STATUS.HTTP_ERROR, `${status} ${reason}`);
  const type = headerOf(answer, 'content-type');
  if (type?.split(';')[0]?.trim().toLowerCase() !== 'application/ocsp-response')
    return failed(UPDATE_STATUS.NO_RESPONSE, type === undefined ? 'no content-type' : `content-type ${type}`);
  const response = readOcspResponse(body);
  if (response === undefined) return failed(UPDATE_STATUS.REFUSED, 'no OCSP response in DER');
  if (response.status !== 0)
    return failed(UPDATE_STATUS.REFUSED, `OCSP response status not successful (${response.status})`);
  const nowMs = Date.now();
  const fault = faultOfSignature(response, issuer, nowMs);
  if (fault !== undefined) return failed(UPDATE_STATUS.REFUSED, fault);
  const judged = judgeOcspResponse(body, id, nowMs);
  if ('error' in judged) return failed(UPDATE_STATUS.NOT_INSERTED, judged.error);
  return { status: UPDATE_STATUS.SUCCESSFUL, reason: '', response: body, untilMs: judged.untilMs };
}

function failed(status: UpdateStatus, reason: string): ResponderVerdict {
  return { status, reason, exchange: undefined };
}

function headerOf({ headers }: ClientAnswer, name: string): string | undefined {
  const at = headers.findIndex((word, index) => index % 2 === 0 && word.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
