/**
 * What sets the responses to one key apart (Vary, RFC 9111 section 4.1): the fields of requests that HAProxy manages.
 * Of Accept-Encoding the codings a client takes are compared with the one the response has, the others with the
 * digest of what the first client said.
 */

/** Fields a response varies on, as bits. */
export const BY_ACCEPT_ENCODING = 1;
export const BY_REFERER = 2;
export const BY_ORIGIN = 4;

/** A coding nobody knows. */
export const OTHER_CODING = 1 << 10;

/** As a request has it: everything; as a response is stored: what it varies on, the others 0. */
export interface Variant {
  /** Content codings as bits. */
  readonly codings: number;
  readonly refererLow: number;
  readonly refererHigh: number;
  readonly originLow: number;
  readonly originHigh: number;
}

/** The client takes every coding of the stored response. */
export function takesCodings(stored: number, taken: number): boolean {
  return (stored & OTHER_CODING) === 0 && (stored & taken) === stored;
}
