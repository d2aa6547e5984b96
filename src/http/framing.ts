/**
 * Where a message's body ends and whether its connection lives on (RFC 9112 sections 6 and 9.3), from the fields
 * of its head. What is left in the head afterwards says one thing only: repeated equal lengths and hosts become
 * one, a length beside a transfer coding goes, numbers and codings stand in their plain form.
 */
import type { HeadLimits } from './head-limits.ts';
import type { HeaderList } from './header-list.ts';
import { CONTENT_LENGTH, KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING } from './known-fields.ts';
import { endOfListItem, trimBlanks } from './list-items.ts';
import {
  AMBIGUOUS_LENGTH,
  INVALID_LENGTH,
  INVALID_TRANSFER_ENCODING,
  UNKNOWN_TRANSFER_ENCODING,
} from './parse-errors.ts';

export type Framing = 'none' | 'length' | 'chunked' | 'close' | 'tunnel';

/** All lengths a double holds exactly, and then some that no body has. */
const MOST_DIGITS = 15;

export class FramingFields {
  contentLength = -1;
  chunked = false;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;
  hasUpgrade = false;
  isWebsocket = false;

  reset(): void {
    this.contentLength = -1;
    this.chunked = false;
    this.connectionClose = false;
    this.connectionKeepAlive = false;
    this.connectionUpgrade = false;
    this.hasUpgrade = false;
    this.isWebsocket = false;
  }

  /** They were read of another message with the same fields. */
  become(other: FramingFields): void {
    this.contentLength = other.contentLength;
    this.chunked = other.chunked;
    this.connectionClose = other.connectionClose;
    this.connectionKeepAlive = other.connectionKeepAlive;
    this.connectionUpgrade = other.connectionUpgrade;
    this.hasUpgrade = other.hasUpgrade;
    this.isWebsocket = other.isWebsocket;
  }

  /**
   * Reads what `headers.seen` says may be there. Negative: refuse the message. `lax`: of a response with
   * `accept-unsafe-violations-in-http-response`, where codings may be empty or repeated.
   */
  read(headers: HeaderList, limits: HeadLimits, lax = false): number {
    const { seen } = headers;
    if ((seen & ((1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING))) !== 0) {
      const verdict = this.#readLengths(headers, limits, lax);
      if (verdict < 0) return verdict;
    }
    if ((seen & ((1 << KEEP_ALIVE) | (1 << PROXY_CONNECTION))) !== 0) removeHopFields(headers);
    return 0;
  }

  #readLengths(headers: HeaderList, limits: HeadLimits, lax: boolean): number {
    let first = headers.firstKnown(CONTENT_LENGTH);
    if (first >= 0 && this.#isPlainLength(headers, first)) return 0;
    for (let at = first; at >= 0;) {
      const verdict = this.#length(headers, at);
      if (verdict < 0) return verdict;
      if (at !== first) headers.discardAt(at);
      at = headers.find('content-length', at === first ? at + 1 : at);
    }
    if (lax) joinChunked(headers);
    const coding = headers.find('transfer-encoding');
    if (coding < 0) return 0;
    const verdict = this.#codings(headers, coding);
    if (verdict < 0 || first < 0) return verdict;
    // RFC 9112 section 6.3: the coding wins, the length goes, and the connection is not trusted any further
    if (limits.strict === true) return AMBIGUOUS_LENGTH;
    first = headers.find('content-length');
    headers.discardAt(first);
    this.contentLength = -1;
    if (limits.keepOnInsecureTransferEncoding !== true) this.connectionClose = true;
    return 0;
  }

  /** The usual case: one number in its plain form, and no coding beside it. */
  #isPlainLength(headers: HeaderList, index: number): boolean {
    if (((headers.repeated | ~headers.seen) & (1 << CONTENT_LENGTH)) !== 0) return false;
    if ((headers.seen & (1 << TRANSFER_ENCODING)) !== 0) return false;
    const { source, sourceStart } = headers;
    const start = headers.valueStart(index) + sourceStart;
    const end = headers.valueEnd(index) + sourceStart;
    if (source === undefined || end <= start || end - start > MOST_DIGITS) return false;
    if (source[start] === 0x30 && end > start + 1) return false;
    let length = 0;
    for (let at = start; at < end; at++) {
      const digit = (source[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return false;
      length = length * 10 + digit;
    }
    this.contentLength = length;
    return true;
  }

  /** RFC 9110 section 8.6: a list of equal lengths is one length. */
  #length(headers: HeaderList, index: number): number {
    const value = headers.valueAt(index);
    for (let at = 0; at <= value.length;) {
      const comma = value.indexOf(',', at);
      const end = comma < 0 ? value.length : comma;
      const length = plainNumber(trimBlanks(value, at, end));
      if (length < 0 || (this.contentLength >= 0 && this.contentLength !== length)) return INVALID_LENGTH;
      this.contentLength = length;
      at = end + 1;
    }
    const plain = String(this.contentLength);
    if (value !== plain) headers.amendValueAt(index, plain);
    return 0;
  }

  /** RFC 9112 section 7: chunked, once, and last; no other coding can be undone here. */
  #codings(headers: HeaderList, index: number): number {
    let other = false;
    for (let at = index; at >= 0; at = headers.find('transfer-encoding', at + 1)) {
      const value = headers.valueAt(at);
      if (value === '') return INVALID_TRANSFER_ENCODING;
      for (let start = 0; start <= value.length;) {
        const end = endOfListItem(value, start);
        const coding = trimBlanks(value, start, end).toLowerCase();
        if (coding === '' || this.chunked) return INVALID_TRANSFER_ENCODING;
        if (coding === 'chunked') this.chunked = true;
        else other = true;
        start = end + 1;
      }
      if (this.chunked && value !== 'chunked') headers.amendValueAt(at, 'chunked');
    }
    if (other) return this.chunked ? UNKNOWN_TRANSFER_ENCODING : INVALID_TRANSFER_ENCODING;
    return 0;
  }

  persistent(version: number): boolean {
    return !this.connectionClose && (version >= 11 || this.connectionKeepAlive);
  }
}

/** Empty codings go, and `chunked` said several times is said once. */
function joinChunked(headers: HeaderList): void {
  let chunked = false;
  for (let at = headers.find('transfer-encoding'); at >= 0;) {
    const said = headers.valueAt(at).toLowerCase().split(',');
    const codings = said.map(coding => coding.trim()).filter(coding => coding !== '');
    const kept = codings.filter(
      (coding, index) => coding !== 'chunked' || (!chunked && index === codings.indexOf(coding)),
    );
    chunked ||= codings.includes('chunked');
    if (kept.length === 0) headers.discardAt(at);
    else headers.amendValueAt(at, kept.join(', '));
    at = headers.find('transfer-encoding', kept.length === 0 ? at : at + 1);
  }
}

/** RFC 9110 section 7.6.1: fields of the one connection that is no concern of the other. */
function removeHopFields(headers: HeaderList): void {
  discardAll(headers, 'keep-alive');
  discardAll(headers, 'proxy-connection');
}

export function discardAll(headers: HeaderList, lowerName: string): void {
  for (let at = headers.find(lowerName); at >= 0; at = headers.find(lowerName, at)) headers.discardAt(at);
}

/** Digits only, leading zeros allowed; -1 for anything else. */
function plainNumber(text: string): number {
  let at = 0;
  while (at < text.length - 1 && text.charCodeAt(at) === 0x30) at++;
  if (text === '' || text.length - at > MOST_DIGITS) return -1;
  let number = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
