/**
 * Where a message's body ends and whether its connection lives on (RFC 9112 sections 6 and 9.3), collected field
 * by field. Whatever two readers could take differently is refused: two lengths, a length beside a transfer
 * coding, a coding that is not exactly `chunked`, a Content-Length that is not plain digits.
 */
import { INVALID_LENGTH, INVALID_TRANSFER_ENCODING, UNKNOWN_TRANSFER_ENCODING } from './parse-errors.ts';

export type Framing = 'none' | 'length' | 'chunked' | 'close' | 'tunnel';

export class FramingFields {
  contentLength = -1;
  /** The same length stood there more than once: one is sent on. */
  lengthRepeated = false;
  chunked = false;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;
  hasConnection = false;
  hasUpgrade = false;

  reset(): void {
    this.contentLength = -1;
    this.lengthRepeated = false;
    this.chunked = false;
    this.connectionClose = false;
    this.connectionKeepAlive = false;
    this.connectionUpgrade = false;
    this.hasConnection = false;
    this.hasUpgrade = false;
  }

  /** Negative: refuse. */
  field(lowerName: string, value: string): number {
    switch (lowerName) {
      case 'content-length':
        return this.#length(value);
      case 'transfer-encoding':
        return this.#coding(value);
      case 'connection':
        return this.#connection(value);
      case 'upgrade':
        this.hasUpgrade = true;
        return 0;
      default:
        return 0;
    }
  }

  /** RFC 9110 section 8.6: a list of equal lengths is one length. */
  #length(value: string): number {
    for (const part of value.split(',')) {
      const digits = trimBlanks(part);
      if (!/^\d{1,15}$/.test(digits)) return INVALID_LENGTH;
      const length = Number(digits);
      if (this.contentLength >= 0) {
        if (this.contentLength !== length) return INVALID_LENGTH;
        this.lengthRepeated = true;
      }
      this.contentLength = length;
    }
    return 0;
  }

  #coding(value: string): number {
    for (const part of value.split(',')) {
      if (this.chunked) return INVALID_TRANSFER_ENCODING;
      if (trimBlanks(part).toLowerCase() !== 'chunked') return UNKNOWN_TRANSFER_ENCODING;
      this.chunked = true;
    }
    return 0;
  }

  #connection(value: string): number {
    this.hasConnection = true;
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === 'close') this.connectionClose = true;
      else if (option === 'keep-alive') this.connectionKeepAlive = true;
      else if (option === 'upgrade') this.connectionUpgrade = true;
    }
    return 0;
  }

  /** Both a length and a coding: ambiguous by nature (RFC 9112 section 6.3). */
  get conflicting(): boolean {
    return this.chunked && this.contentLength >= 0;
  }

  persistent(version: number): boolean {
    return !this.connectionClose && (version >= 11 || this.connectionKeepAlive);
  }
}

/** Only what HTTP calls white space: String.trim() knows more. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
