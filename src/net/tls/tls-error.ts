/**
 * OpenSSL's number and text of what ended a handshake. Node keeps both within its message:
 *
 *   80AC61644C7F0000:error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher:../deps/…:2226:
 *
 * OpenSSL 3 leaves the function out of its own text.
 */
import type { TlsError } from './tls-facts.ts';

/** Node completes the handshake and has us judge the certificate: this is what OpenSSL calls it when it judges. */
export const CERTIFICATE_VERIFY_FAILED: TlsError = {
  code: 0x0a000086,
  text: 'error:0A000086:SSL routines::certificate verify failed',
};

const MESSAGE = /error:([0-9A-Fa-f]{8}):([^:]*):[^:]*:([^:\n]*)/;

export function tlsErrorOf(error: Error | TlsError): TlsError | undefined {
  if (!(error instanceof Error)) return error;
  const [, number, library, reason] = MESSAGE.exec(error.message) ?? [];
  if (number === undefined) return undefined;
  return { code: Number.parseInt(number, 16), text: `error:${number}:${library}::${reason}` };
}
