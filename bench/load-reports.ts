/** What load generators print, as figures. A report without a single request is an error. */

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** NaN where the generator does not tell. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of sockets, and answers that are not 2xx. */
  readonly errors: number;
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** On a busy machine a second may pass with handshakes alone. */
export class NoRequests extends Error {}

function some(requests: number, text: string): number {
  if (!(requests > 0)) throw new NoRequests(`no requests:\n${text}`);
  return requests;
}

/** The pattern's group, NaN where it is not found. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? NaN);
}

export function readWrk(text: string): LoadResult {
  const requests = some(numberIn(text, /(\d+) requests in/), text);
  const percentile = (name: string): number => {
    const found = new RegExp(`^ +${name}% +([\\d.]+)(us|ms|s|m)$`, 'm').exec(text);
    return found === null ? NaN : Number(found[1]) * (UNITS[found[2] as string] as number);
  };
  const failures = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  return {
    requests,
    perSecond: numberIn(text, /Requests\/sec: +([\d.]+)/),
    p50Ms: percentile('50'),
    p99Ms: percentile('99'),
    errors: (failures?.slice(1).reduce((sum, count) => sum + Number(count), 0) ?? 0) + refused,
  };
}

interface AutocannonReport {
  readonly requests: { readonly total: number; readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly errors: number;
  readonly non2xx: number;
}

export function readAutocannon(text: string): LoadResult {
  const { requests, latency, errors, non2xx } = JSON.parse(text) as AutocannonReport;
  return {
    requests: some(requests.total, text),
    perSecond: requests.average,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    errors: errors + non2xx,
  };
}

export function readAb(text: string): LoadResult {
  return {
    requests: some(numberIn(text, /^Complete requests: +(\d+)/m), text),
    perSecond: numberIn(text, /^Requests per second: +([\d.]+)/m),
    p50Ms: numberIn(text, /^ +50% +(\d+)/m),
    p99Ms: numberIn(text, /^ +99% +(\d+)/m),
    errors:
      numberIn(text, /^Failed requests: +(\d+)/m) + (numberIn(text, /^Non-2xx responses: +(\d+)/m) || 0),
  };
}

/** Its failures are other statuses than 2xx and 3xx, and requests that came to no end. */
export function readH2load(text: string): LoadResult {
  return {
    requests: some(numberIn(text, /^requests: .* (\d+) done,/m), text),
    perSecond: numberIn(text, /^finished in .*, ([\d.]+) req\/s/m),
    p50Ms: NaN,
    p99Ms: NaN,
    errors: numberIn(text, /^requests: .* (\d+) failed,/m) + numberIn(text, /^status codes: .* (\d+) 3xx,/m),
  };
}

interface WebsocketReport {
  readonly messages: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export function readWebsocketClients(text: string, seconds: number): LoadResult {
  const { messages, p50Ms, p99Ms, errors } = JSON.parse(text) as WebsocketReport;
  return { requests: some(messages, text), perSecond: messages / seconds, p50Ms, p99Ms, errors };
}
