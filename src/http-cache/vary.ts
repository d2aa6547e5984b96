/**
 * Responses that differ by what was said in the request (Vary, RFC 9111 section 4.1). HAProxy manages Accept-Encoding,
 * Referer and Origin; responses that vary on anything else are not stored (manual, section 6.1).
 */
import { createHash } from 'node:crypto';
import type { Headers } from '../http/head.ts';
import { listItems } from '../http/list-items.ts';
import {
  BY_ACCEPT_ENCODING,
  BY_ORIGIN,
  BY_REFERER,
  OTHER_CODING,
  type Variant,
} from '../state/http-cache/variant.ts';

const MANAGED: ReadonlyMap<string, number> = new Map([
  ['accept-encoding', BY_ACCEPT_ENCODING],
  ['referer', BY_REFERER],
  ['origin', BY_ORIGIN],
]);

/** The fields a response varies on, as bits; -1: on one that is not managed. */
export function variesOn(response: Headers): number {
  let fields = 0;
  for (const item of listItems(response, 'vary')) {
    const field = MANAGED.get(item.toLowerCase());
    if (field === undefined) return -1;
    fields |= field;
  }
  return fields;
}

// ── content codings as bits ──

const IDENTITY = 1 << 8;
const ANY = 1 << 9;

/** The registered ones (RFC 9110 section 18.6). */
const CODINGS: ReadonlyMap<string, number> = new Map([
  ['gzip', 1],
  ['x-gzip', 1],
  ['deflate', 2],
  ['br', 4],
  ['compress', 8],
  ['x-compress', 8],
  ['aes128gcm', 16],
  ['exi', 32],
  ['pack200-gzip', 64],
  ['zstd', 128],
  ['identity', IDENTITY],
  ['*', ANY],
]);

const ALL = -1;
/** Whoever names more is not taken seriously. */
const MOST_CODINGS = 16;
const ITEM = /^([^; \t]*)[ \t]*(?:$|;[ \t]*(.*)$)/;
const REJECTED = /^q=0(?:\.0{0,3})?$/;

/** Codings the client takes; undefined: it says too much. */
export function acceptedCodings(request: Headers): number | undefined {
  if (!request.has('accept-encoding')) return ALL;
  const items = listItems(request, 'accept-encoding');
  if (items.length >= MOST_CODINGS) return undefined;
  // what is not coded is taken unless it is refused (RFC 9110 section 12.5.3)
  let accepted = IDENTITY;
  let rejected = 0;
  for (const item of items) {
    if (item === '') continue;
    const [, name = '', parameters = ''] = ITEM.exec(item.toLowerCase()) ?? [];
    const coding = CODINGS.get(name) ?? OTHER_CODING;
    if (REJECTED.test(parameters)) rejected |= coding;
    else accepted |= coding;
  }
  return ((accepted & ANY) === 0 ? accepted : ALL) & ~rejected;
}

/** Codings of a response's content; undefined: there is one that nobody knows. */
export function codingsOf(response: Headers): number | undefined {
  let codings = 0;
  for (const item of listItems(response, 'content-encoding')) {
    const coding = CODINGS.get(item.toLowerCase());
    if (coding === undefined || coding === ANY) return undefined;
    codings |= coding;
  }
  return codings === 0 ? IDENTITY : codings;
}

// ── variants ──

export const SAME_FOR_ALL: Variant = {
  codings: 0,
  refererLow: 0,
  refererHigh: 0,
  originLow: 0,
  originHigh: 0,
};

/** What those fields of a request say; undefined: nothing that could be compared. */
export function variantOf(request: Headers, fields: number): Variant | undefined {
  const codings = (fields & BY_ACCEPT_ENCODING) === 0 ? 0 : acceptedCodings(request);
  if (codings === undefined) return undefined;
  const [refererLow, refererHigh] = (fields & BY_REFERER) === 0 ? NOTHING : digest(request.get('referer'));
  const [originLow, originHigh] = (fields & BY_ORIGIN) === 0 ? NOTHING : digest(request.get('origin'));
  return { codings, refererLow, refererHigh, originLow, originHigh };
}

const NOTHING = [0, 0] as const;

function digest(value: string | undefined): readonly [low: number, high: number] {
  if (value === undefined) return NOTHING;
  const bytes = createHash('sha256').update(value, 'latin1').digest();
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
}

/** As the response to a request is stored: what it varies on, and its own coding; undefined: nobody knows that. */
export function storedVariant(request: Variant, fields: number, response: Headers): Variant | undefined {
  const codings = (fields & BY_ACCEPT_ENCODING) === 0 ? 0 : codingsOf(response);
  if (codings === undefined) return undefined;
  const byReferer = (fields & BY_REFERER) !== 0;
  const byOrigin = (fields & BY_ORIGIN) !== 0;
  return {
    codings,
    refererLow: byReferer ? request.refererLow : 0,
    refererHigh: byReferer ? request.refererHigh : 0,
    originLow: byOrigin ? request.originLow : 0,
    originHigh: byOrigin ? request.originHigh : 0,
  };
}
