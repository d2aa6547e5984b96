/** Answers of an authority, and what its refusals mean (RFC 8555, section 6.7). */
import type { ClientAnswer } from '../net/http-client.ts';
import { AcmeFailure, logWords } from './failure.ts';
import { objectIn, objectsIn, optionalText, parseObject, type JsonObject } from './json.ts';

const PROBLEM_PREFIX = 'urn:ietf:params:acme:error:';
/** One that asks for more is taken at this: dates may be wrong. */
const LONGEST_RETRY_AFTER_MS = 7 * 86_400_000;

export class Reply {
  readonly url: string;
  readonly body: Buffer;
  readonly #headers: readonly string[];

  constructor(url: string, { headers, body }: ClientAnswer) {
    this.url = url;
    this.body = body;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    for (let at = 0; at < this.#headers.length; at += 2)
      if (this.#headers[at]?.toLowerCase() === name) return this.#headers[at + 1];
    return undefined;
  }

  json(): JsonObject {
    return parseObject(this.body, `the answer of ${logWords(this.url)}`);
  }

  /** Seconds, or a date. */
  retryAfterMs(nowMs: number): number | undefined {
    const text = this.header('retry-after');
    if (text === undefined) return undefined;
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
    return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
  }
}

/** What a status of 400 and more says. */
export function failureOf(reply: Reply, status: number): AcmeFailure {
  const document = problemIn(reply);
  const problem = document === undefined ? '' : problemName(document);
  const words = document === undefined ? `HTTP status ${status}` : problemWords(document);
  const retryAfterMs = reply.retryAfterMs(Date.now());
  const isBusy = status === 429 || problem === 'rateLimited';
  return new AcmeFailure(`${logWords(reply.url)} answers ${words}`, {
    problem,
    retryAfterMs: problem === 'badNonce' ? 0 : retryAfterMs,
    mayPass: status >= 500 || problem === 'badNonce' || (isBusy && retryAfterMs !== undefined),
  });
}

function problemIn(reply: Reply): JsonObject | undefined {
  try {
    const document = reply.json();
    return optionalText(document, 'type') === undefined ? undefined : document;
  } catch {
    return undefined;
  }
}

function problemName(document: JsonObject): string {
  const type = optionalText(document, 'type') ?? '';
  return type.startsWith(PROBLEM_PREFIX) ? type.slice(PROBLEM_PREFIX.length) : type;
}

/** Type and detail, of what it is made of too. */
export function problemWords(document: JsonObject): string {
  const parts = objectsIn(document, 'subproblems').map(part => {
    const identifier = objectIn(part, 'identifier');
    const name = identifier === undefined ? '' : `${optionalText(identifier, 'value') ?? ''} `;
    return `; ${name}${problemName(part)}: ${optionalText(part, 'detail') ?? ''}`;
  });
  const detail = optionalText(document, 'detail') ?? '';
  return logWords(`${problemName(document)}: ${detail}${parts.join('')}`);
}
