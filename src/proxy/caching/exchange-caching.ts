/**
 * What one request and its response have to do with caches: `cache-use` looks for a stored response, `cache-store`
 * stores the one that comes (manual, section 6.2.2). What is looked up decides under which key is stored later, even
 * if rules change the request in between. Made once a stream, when a rule asks first.
 *
 *   use ─▶ found: open() gives its bytes in the place of a server
 *     └──▶ not found … store ─▶ follow(): the body passes by ─▶ complete
 */
import type { BodyDecoder, ContentSink } from '../../http/body-decoder.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import type { Headers, RequestHead } from '../../http/head.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import { isNotModified } from '../../http-cache/conditional.ts';
import {
  isUnsafe,
  MAY_BE_ANSWERED,
  MAY_BE_STORED,
  readRequestCaching,
} from '../../http-cache/request-caching.ts';
import { changedAt, mayBeStored, ownAge, ownLifetime } from '../../http-cache/response-caching.ts';
import { SAME_FOR_ALL, storedVariant, variantOf, variesOn } from '../../http-cache/vary.ts';
import type { CacheLookup } from '../../rules/context.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { CacheKey } from '../../state/http-cache/key.ts';
import { CacheReader } from '../../state/http-cache/cache-reader.ts';
import type { HttpCache, StoredFacts } from '../../state/http-cache/http-cache.ts';
import type { Variant } from '../../state/http-cache/variant.ts';
import { CacheFiller } from './cache-filler.ts';
import { CachedConnection, HEAD_ROOM, renderWhole } from './cached-connection.ts';
import type { DataThread } from '../runtime/runtime.ts';
import { etagPlace, isPlain, isReadable, storedHead } from './stored-head.ts';

const EVERY_FIELD = -1;
const NOTHING_SAID = MAY_BE_ANSWERED | MAY_BE_STORED;

export class ExchangeCaching implements ContentSink {
  readonly #thread: DataThread;
  readonly #key: CacheKey;
  readonly #reader = new CacheReader();
  #connection: CachedConnection | undefined;
  readonly #fillers: CacheFiller[] = [];
  #request: Headers | undefined;
  #decoder: BodyDecoder | undefined;
  #allowed = NOTHING_SAID;
  /** Of the request as it was when it was looked up; undefined: not known, or not comparable. */
  #variant: Variant | undefined;
  #notModified = false;
  readonly #variantOf = (fields: number): Variant | undefined => variantOf(this.#request as Headers, fields);

  constructor(thread: DataThread) {
    this.#thread = thread;
    this.#key = thread.state.caches.createKey();
  }

  // ── the request ──

  use(name: string, request: Http1RequestHead): CacheLookup {
    const cache = this.#cache(name);
    const { headers, target } = request;
    if (this.#reader.active) return 'not asked';
    this.#allowed &= readRequestCaching(request);
    if (!this.#key.load(headers.get('host'), target)) return 'not asked';
    if ((this.#allowed & MAY_BE_ANSWERED) === 0) return 'not asked';
    this.#request = headers;
    const entry = cache.find(this.#key, this.#variantOf, this.#seconds());
    if (entry === 0) {
      if (cache.settings.processVary) this.#variant = variantOf(headers, EVERY_FIELD);
      return 'not found';
    }
    this.#reader.begin(cache, entry);
    this.#notModified = isNotModified(headers, this.#reader);
    return 'found';
  }

  /**
   * Writes all of the stored response into a buffer, where nothing in it has to be looked at; gives its length. -1: it
   * does not fit, or its head is not to be sent as it is.
   */
  render(buffer: Buffer, isHead: boolean): number {
    const reader = this.#reader;
    if (this.#notModified || !reader.plain) return -1;
    const length = renderWhole(buffer, reader, this.#seconds(), isHead);
    if (length >= 0) reader.release();
    return length;
  }

  /** The stored response in the place of a server's connection. */
  open(handler: ConnectionHandler, client: Connection, isHead: boolean): Connection {
    const connection = (this.#connection ??= new CachedConnection(
      handler,
      this.#thread.buffers,
      this.#reader,
    ));
    const notModified = this.#notModified;
    connection.open(handler, client, { now: this.#seconds(), notModified, headOnly: isHead || notModified });
    return connection;
  }

  // ── the response ──

  /** Begins to store it, if that may be; answers why not. `limits`: of heads that come from the cache. */
  store(
    name: string,
    { method, version }: RequestHead,
    response: Http1ResponseHead,
    limits: HeadLimits,
  ): string {
    const { status, headers } = response;
    if (version < 11) return 'not stored: the request is older than HTTP/1.1';
    if (this.#key.length === 0) return 'not stored: no cache-use rule was evaluated';
    const cache = this.#cache(name);
    if (method !== 'GET') return this.#invalidate(cache, method, status);
    if (status !== 200) return 'not stored: its status is not 200';
    if (response.framing === 'none' && response.contentLength !== 0)
      return 'not stored: a rule has made it one that has a body';
    if (response.isMistrusted || response.contentLength > cache.settings.maxObjectBytes)
      return 'not stored: it is too large, or its length is doubtful';
    const varies = cache.settings.processVary ? variesOn(headers) : headers.has('vary') ? -1 : 0;
    const variant = this.#variantFor(varies, headers);
    if (variant === undefined) return 'not stored: it varies on what is not managed';
    if (!mayBeStored((this.#allowed & MAY_BE_STORED) !== 0, status, headers))
      return 'not stored: the request or the response forbids it, or it has neither a term nor a validator';
    return this.#begin(cache, response, varies, variant, limits);
  }

  /** RFC 9111 section 4.4: what is stored is out of date once an unsafe request has succeeded. */
  #invalidate(cache: HttpCache, method: string, status: number): string {
    if (!isUnsafe(method) || status < 200 || status >= 400) return 'not stored: the method is not GET';
    cache.invalidate(this.#key);
    return 'not stored: what was stored is dropped, an unsafe method has succeeded';
  }

  /** Undefined: nobody could tell whom it is for. */
  #variantFor(varies: number, headers: Headers): Variant | undefined {
    if (varies === 0) return SAME_FOR_ALL;
    if (varies < 0 || this.#variant === undefined) return undefined;
    return storedVariant(this.#variant, varies, headers);
  }

  #begin(
    cache: HttpCache,
    response: Http1ResponseHead,
    varies: number,
    variant: Variant,
    limits: HeadLimits,
  ): string {
    const { headers } = response;
    const now = this.#seconds();
    const date = Math.floor(Date.now() / 1000);
    const own = ownLifetime(headers, date);
    const age = ownAge(headers);
    if (Number.isNaN(own) || Number.isNaN(age) || own === 0 || age > Math.max(own, 0))
      return 'not stored: it is stale';
    if (age > 0 || headers.has('age')) headers.removeAt(headers.find('age'));
    const text = storedHead(response);
    const head = Buffer.from(text, 'latin1');
    if (head.length + response.contentLength > cache.settings.maxObjectBytes)
      return 'not stored: it is too large';
    if (!isReadable(head, limits) || head.length > this.#thread.buffers.size - HEAD_ROOM)
      return 'not stored: its head is too large, or is none';
    const lifetime = Math.min(own < 0 ? Infinity : own, cache.settings.maxAgeSeconds);
    const facts: StoredFacts = {
      varies,
      variant,
      expires: now + lifetime,
      validated: now,
      age,
      lastModified: changedAt(headers, date),
      chunked: response.framing === 'chunked',
      plain: isPlain(response),
      ...etagPlace(text, headers.get('etag')),
    };
    return this.#fill(cache, facts, head, now)
      ? `stored for ${lifetime} s`
      : 'not stored: there is no room, or it is being stored already';
  }

  #fill(cache: HttpCache, facts: StoredFacts, head: Buffer, now: number): boolean {
    const entry = cache.begin(this.#key, facts, now);
    if (entry === 0) return false;
    const filler = new CacheFiller(cache, entry, head.length, facts.chunked);
    if (cache.append(entry, head, 0, head.length)) this.#fillers.push(filler);
    else filler.abandon();
    return filler.active;
  }

  /** Nothing of the body has been decoded yet: it is shown what is. */
  follow(decoder: BodyDecoder): void {
    if (this.#fillers.length === 0) return;
    this.#decoder = decoder;
    if (decoder.done) this.end();
    else decoder.sink = this;
  }

  content(buffer: Buffer, start: number, end: number): void {
    for (const filler of this.#fillers) filler.content(buffer, start, end);
    if (!this.#fillers.some(filler => filler.active)) this.#stopFollowing();
  }

  trailers(buffer: Buffer, start: number, end: number): void {
    const lines = buffer.toString('latin1', start, end);
    for (const filler of this.#fillers) filler.trailers(lines);
  }

  end(): void {
    for (const filler of this.#fillers) filler.end();
    this.#stopFollowing();
  }

  #stopFollowing(): void {
    if (this.#decoder !== undefined) this.#decoder.sink = undefined;
    this.#decoder = undefined;
  }

  /** The exchange is over: what is half stored is thrown away, what was read let go. */
  finish(): void {
    this.#stopFollowing();
    for (const filler of this.#fillers) filler.abandon();
    this.#fillers.length = 0;
    this.#reader.release();
    this.#key.clear();
    this.#allowed = NOTHING_SAID;
    this.#variant = this.#request = undefined;
    this.#notModified = false;
  }

  /** Of the clock that all threads share, whatever becomes of the date. */
  #seconds(): number {
    return Math.floor(this.#thread.wheel.now / 1000);
  }

  /** The configuration was checked: it exists. */
  #cache(name: string): HttpCache {
    return this.#thread.state.caches.find(name) as HttpCache;
  }
}
