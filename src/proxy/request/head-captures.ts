/** `capture request|response header` and `capture cookie`: kept from heads as they came, for logs (manual, section 4.2). */
import { cookiePair, endOfCookie } from '../../http/cookie-field.ts';
import type { Headers } from '../../http/head.ts';
import type { Captures } from '../../model/proxy.ts';

/** Where captured texts go. */
interface CaptureStore {
  readonly requestCaptures: (string | undefined)[];
  readonly responseCaptures: (string | undefined)[];
  requestCookieCapture: string | undefined;
  responseCookieCapture: string | undefined;
}

interface HeaderSlot {
  readonly slot: number;
  readonly name: string;
  readonly len: number;
}

export class HeadCaptures {
  readonly empty: boolean;
  readonly #request: readonly HeaderSlot[];
  readonly #response: readonly HeaderSlot[];
  readonly #cookie: Captures['cookie'];

  constructor(captures: Captures) {
    const lowered = ({ header, len, slot }: Captures['request'][number]): HeaderSlot => ({
      name: header.toLowerCase(),
      len,
      slot,
    });
    this.#request = captures.request.map(lowered);
    this.#response = captures.response.map(lowered);
    this.#cookie = captures.cookie;
    this.empty = this.#request.length + this.#response.length === 0 && this.#cookie === undefined;
  }

  request(store: CaptureStore, headers: Headers): void {
    if (this.#request.length > 0) keep(this.#request, headers, store.requestCaptures);
  }

  /** When its cookies are looked at: not of a request that is answered before. */
  cookie(store: CaptureStore, headers: Headers): void {
    if (this.#cookie !== undefined) store.requestCookieCapture = findCookie(headers, 'cookie', this.#cookie);
  }

  response(store: CaptureStore, headers: Headers): void {
    if (this.#response.length > 0) keep(this.#response, headers, store.responseCaptures);
    if (this.#cookie !== undefined)
      store.responseCookieCapture = findCookie(headers, 'set-cookie', this.#cookie);
  }
}

/** Of several fields with the name the last one counts. */
function keep(slots: readonly HeaderSlot[], headers: Headers, into: (string | undefined)[]): void {
  for (const { name, len, slot } of slots)
    for (let at = headers.find(name); at >= 0; at = headers.find(name, at + 1))
      into[slot] = headers.valueAt(at).slice(0, len);
}

/** The first `name=value` that begins with the name given: `name=` asks for exactly that cookie. */
function findCookie(
  headers: Headers,
  header: 'cookie' | 'set-cookie',
  { name, len }: NonNullable<Captures['cookie']>,
): string | undefined {
  const isList = header === 'cookie';
  for (let at = headers.find(header); at >= 0; at = headers.find(header, at + 1)) {
    const field = headers.valueAt(at);
    for (let start = 0; start < field.length;) {
      const end = endOfCookie(field, start, isList);
      const pair = cookiePair(field.slice(start, end));
      const cookie = pair === undefined ? '' : `${pair.name}=${pair.value}`;
      if (cookie.startsWith(name) && cookie !== '') return cookie.slice(0, len);
      start = isList ? end + 1 : field.length;
    }
  }
  return undefined;
}
