/**
 * What a peer may do wrong behind the handshake: the alert that it is told by (RFC 8446, section 6.2), and OpenSSL's number of it,
 * by which samples and logs name it (`ssl_fc_err`).
 */
import { addressOf } from '../../memory-address.ts';
import { sslCalls } from '../direct/ssl-calls.ts';
import type { TlsError } from '../tls-facts.ts';

export interface RecordFault {
  readonly alert: number;
  /** SSL_R_* */
  readonly reason: number;
}

const UNEXPECTED_MESSAGE = 10;
const BAD_RECORD_MAC = 20;
const RECORD_OVERFLOW = 22;
const ILLEGAL_PARAMETER = 47;
const PROTOCOL_VERSION = 70;

export const BAD_MAC: RecordFault = { alert: BAD_RECORD_MAC, reason: 281 };
export const BAD_TYPE: RecordFault = { alert: UNEXPECTED_MESSAGE, reason: 443 };
export const BAD_MESSAGE: RecordFault = { alert: UNEXPECTED_MESSAGE, reason: 244 };
export const BAD_ALERT: RecordFault = { alert: UNEXPECTED_MESSAGE, reason: 205 };
export const BAD_LENGTH: RecordFault = { alert: UNEXPECTED_MESSAGE, reason: 271 };
export const BAD_KEY_UPDATE: RecordFault = { alert: ILLEGAL_PARAMETER, reason: 122 };
/** Records without data, one after the other. */
export const SAYS_NOTHING: RecordFault = { alert: UNEXPECTED_MESSAGE, reason: 298 };
export const TOO_LONG: RecordFault = { alert: RECORD_OVERFLOW, reason: 198 };
export const TOO_MUCH_CONTENT: RecordFault = { alert: RECORD_OVERFLOW, reason: 146 };
/** It is no TLS at all, or none of the versions since SSLv3. */
export const NO_RECORD: RecordFault = { alert: PROTOCOL_VERSION, reason: 267 };

/** Those of received alerts begin there. */
const OF_ALERTS = 1000;
/** ERR_LIB_SSL, as OpenSSL packs it. */
const LIBRARY = 0x0a000000;
const TEXT_BYTES = 256;

/** Of an SSL_R_* number. */
export function libraryError(reason: number): TlsError {
  const code = LIBRARY | reason;
  const text = sslCalls()?.errorText(code, addressOf(Buffer.alloc(TEXT_BYTES)));
  return { code, text: text ?? `error:${code.toString(16).toUpperCase().padStart(8, '0')}` };
}

/** Of an alert that the peer has sent. */
export function alertError(description: number): TlsError {
  return libraryError(OF_ALERTS + description);
}
