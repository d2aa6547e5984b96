/**
 * Where a message's body ends and whether its connection lives on (RFC 9112 sections 6 and 9.3), collected field
 * by field. Whatever two readers could take differently is refused: two lengths, a length beside a transfer
 * coding, a coding that is not exactly `chunked`, a Content-Length that is not plain digits.
 */
import { INVALID_LENGTH, INVALID_TRANSFER_ENCODING, UNKNOWN_TRANSFER_ENCODING } from './parse-errors.ts';

export type Framing = 'none' | 'length' | 'chunked' | 'close' | 'tunnel';

export class FramingFields {
  contentLength = -1;
  chunked = false;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;
  hasConnection = false;
  hasUpgrade = false;

  reset(): void {
    this.contentLength = -1;
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
      const digits = part.trim();
      if (!/^\d{1,15}$/.test(digits)) return INVALID_LENGTH;
      const length = Number(digits);
      if (this.contentLength >= 0 && this.contentLength !== length) return INVALID_LENGTH;
      this.contentLength = length;
    }
    return 0;
  }

  #coding(value: string): number {
    if (this.chunked) return INVALID_TRANSFER_ENCODING;
    const coding = value.toLowerCase();
    if (coding === 'chunked') {
      this.chunked = true;
      return 0;
    }
    return coding.includes('chunked') || coding === ''
      ? INVALID_TRANSFER_ENCODING
      : UNKNOWN_TRANSFER_ENCODING;
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
