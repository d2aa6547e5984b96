/**
 * What `compression` lines of a frontend and a backend mean together for a message (manual, section 4.2): the
 * backend's lists count before the frontend's, switches of either count.
 */
import type { BodyFacts } from '../../acl/context.ts';
import { preferredCoding } from '../../http/accepted-codings.ts';
import type { Headers, RequestHead } from '../../http/head.ts';
import { listItems } from '../../http/list-items.ts';
import type { Compression, Proxy } from '../../model/proxy.ts';
import { compressesOn, type FilterPath } from '../../rules/filter-order.ts';
import type { CodingName } from './content-coder.ts';

/** `paths`: on which it compresses. */
type Settings = Omit<Compression, 'direction'> & { readonly paths: readonly FilterPath[] };

const NOT_SAID: Settings = {
  algorithms: [],
  types: [],
  requestTypes: [],
  offload: false,
  paths: [],
  minSize: 0,
  minSizeRequest: 0,
};

export type BodySize = Pick<BodyFacts, 'complete' | 'announced'>;

/** Names in Accept-Encoding and Content-Encoding. */
const WIRE_NAMES: Readonly<Record<string, string>> = { 'raw-deflate': 'deflate' };

export function wireName(coding: CodingName): string {
  return WIRE_NAMES[coding] ?? coding;
}

function firstSaid<T>(own: readonly T[], others: readonly T[]): readonly T[] {
  return own.length > 0 ? own : others;
}

export class CompressionPlan {
  readonly ofResponses: boolean;
  readonly ofRequests: boolean;
  readonly offload: boolean;
  readonly requestCoding: CodingName | undefined;
  readonly #codings: readonly CodingName[];
  readonly #offered: readonly string[];
  readonly #types: readonly string[];
  readonly #requestTypes: readonly string[];
  readonly #minSize: number;
  readonly #minSizeRequest: number;

  constructor(frontend: Settings, backend: Settings) {
    const paths = [...frontend.paths, ...backend.paths];
    this.ofRequests = paths.includes('request');
    this.ofResponses = paths.includes('response');
    this.offload = frontend.offload || backend.offload;
    this.requestCoding = (backend.requestAlgorithm ?? frontend.requestAlgorithm) as CodingName | undefined;
    // as in HAProxy the last one said is the first one tried: it is what `*` gets
    this.#codings = firstSaid(backend.algorithms, frontend.algorithms).toReversed() as readonly CodingName[];
    this.#offered = this.#codings.map(wireName);
    this.#types = firstSaid(backend.types, frontend.types);
    this.#requestTypes = firstSaid(backend.requestTypes, frontend.requestTypes);
    this.#minSize = backend.minSize || frontend.minSize;
    this.#minSizeRequest = backend.minSizeRequest || frontend.minSizeRequest;
  }

  /** What the client takes; `identity` needs nobody's consent. */
  codingFor({ headers }: RequestHead): { readonly coding: CodingName; readonly asked: boolean } | undefined {
    if (isOldBrowser(headers.get('user-agent') ?? '')) return undefined;
    const place = preferredCoding(headers, this.#offered);
    const coding = this.#codings[place];
    if (coding !== undefined) return { coding, asked: true };
    return this.#codings.includes('identity') ? { coding: 'identity', asked: false } : undefined;
  }

  compressesRequest(headers: Headers, body: BodySize): boolean {
    if (headers.has('content-encoding') || this.requestCoding === undefined) return false;
    return isLarge(body, this.#minSizeRequest) && hasType(headers, this.#requestTypes);
  }

  compressesResponse(headers: Headers, status: number, body: BodySize): boolean {
    if (status < 200 || status > 203 || headers.has('content-encoding')) return false;
    if (!isLarge(body, this.#minSize)) return false;
    if (listItems(headers, 'cache-control').some(item => item.toLowerCase() === 'no-transform')) return false;
    if (!mayWeaken(headers) || /^multipart/i.test(headers.get('content-type') ?? '')) return false;
    return hasType(headers, this.#types);
  }
}

/** A body of unknown length is large enough as long as it is not all here. */
function isLarge({ complete, announced }: BodySize, least: number): boolean {
  return least === 0 || announced >= least || !complete;
}

/** Types are compared as prefixes: parameters follow. */
function hasType(headers: Headers, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  const type = headers.get('content-type')?.toLowerCase();
  return type !== undefined && types.some(wanted => type.startsWith(wanted.toLowerCase()));
}

const ENTITY_TAG = /^(?:W\/)?"[^]*"$/;

/** One entity tag at most, and a proper one. */
function mayWeaken(headers: Headers): boolean {
  const at = headers.find('etag');
  if (at < 0) return true;
  return ENTITY_TAG.test(headers.valueAt(at)) && headers.find('etag', at + 1) < 0;
}

/** "Mozilla/4" but for MSIE 6 with XP SP2 and MSIE 7 and later: they only think they understand compression. */
function isOldBrowser(agent: string): boolean {
  if (!agent.startsWith('Mozilla/4')) return false;
  if (agent.length < 31 || agent.slice(25, 30) !== 'MSIE ' || agent[30] === undefined) return true;
  return agent[30] < '6' || (agent[30] === '6' && agent.slice(51, 54) !== 'SV1');
}

const PATHS: readonly FilterPath[] = ['request', 'response'];

function settingsOf(proxy: Proxy): Settings {
  const { compression } = proxy;
  if (compression === undefined) return NOT_SAID;
  return { ...compression, paths: PATHS.filter(path => compressesOn(proxy, path)) };
}

const plans = new WeakMap<Proxy, WeakMap<Proxy, CompressionPlan>>();

/** Made once for each pair; undefined: neither of them compresses. */
export function compressionPlan(frontend: Proxy, backend: Proxy): CompressionPlan | undefined {
  if (frontend.compression === undefined && backend.compression === undefined) return undefined;
  let known = plans.get(frontend);
  if (known === undefined) plans.set(frontend, (known = new WeakMap()));
  let plan = known.get(backend);
  if (plan === undefined)
    known.set(backend, (plan = new CompressionPlan(settingsOf(frontend), settingsOf(backend))));
  return plan;
}
