/**
 * Hellos that need no OpenSSL to be refused: those that ask for a name nobody has a certificate for (manual, section 5.1,
 * `strict-sni`), and records longer than TLS allows, whose end nobody has to wait for. Alert and words are OpenSSL's.
 */
import type { TlsError } from './tls-facts.ts';

export interface HelloRefusal {
  /** RFC 8446, section 6.2 */
  readonly alert: number;
  readonly error: TlsError;
}

export const UNKNOWN_NAME: HelloRefusal = {
  alert: 112,
  error: { code: 0x0a0000ea, text: 'error:0A0000EA:SSL routines::callback failed' },
};
export const RECORD_TOO_LONG: HelloRefusal = {
  alert: 22,
  error: { code: 0x0a0000c6, text: 'error:0A0000C6:SSL routines::packet length too long' },
};
