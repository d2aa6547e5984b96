/** Why a handshake with a client came to nothing, in HAProxy's words and numbers. */
import type { Socket } from 'node:net';
import { tlsErrorOf } from './tls-error.ts';

/** HAProxy's numbers of connection errors; what samples `fc_err` and `fc_err_name` give. */
export interface HandshakeFailure {
  readonly code: number;
  readonly name: string;
  readonly text: string;
  /** OpenSSL's own words, `error:0A0000C1:SSL routines::no shared cipher`. */
  readonly detail?: string;
  /** The number of the alert that is to tell the peer, where OpenSSL has not told it. */
  readonly alert?: number;
}

export const CLOSED: HandshakeFailure = {
  code: 24,
  name: 'SSL_EMPTY',
  text: 'Connection closed during SSL handshake',
};
export const ABORTED: HandshakeFailure = {
  code: 25,
  name: 'SSL_ABORT',
  text: 'Connection error during SSL handshake',
};
export const TIMED_OUT: HandshakeFailure = {
  code: 26,
  name: 'SSL_TIMEOUT',
  text: 'Timeout during SSL handshake',
};
export const CHAIN_REFUSED: HandshakeFailure = {
  code: 30,
  name: 'SSL_CA_FAIL',
  text: 'SSL client CA chain cannot be verified',
};
export const LEAF_REFUSED: HandshakeFailure = {
  code: 31,
  name: 'SSL_CRT_FAIL',
  text: 'SSL client certificate not trusted',
};
export const MISMATCH: HandshakeFailure = {
  code: 32,
  name: 'SSL_MISMATCH',
  text: 'Server presented an SSL certificate different from the configured one',
};
export const SNI_MISMATCH: HandshakeFailure = {
  code: 33,
  name: 'SSL_MISMATCH_SNI',
  text: 'Server presented an SSL certificate different from the expected one',
};
export const FAILED: HandshakeFailure = {
  code: 34,
  name: 'SSL_HANDSHAKE',
  text: 'SSL handshake failure',
};

/** `error` undefined: the client closed. `raw`: the socket under it, which knows whether anything had come. */
export function failureOf(error: NodeJS.ErrnoException | undefined, raw: Socket): HandshakeFailure {
  const detail = error && tlsErrorOf(error)?.text;
  if (detail !== undefined) return { ...FAILED, detail };
  if (raw.bytesRead > 0) return FAILED;
  return error?.syscall === undefined ? CLOSED : ABORTED;
}

/** The client closed without a word, as probes do, or let the time pass (`option dontlognull`). */
export function isSilent({ code }: HandshakeFailure): boolean {
  return code === CLOSED.code || code === ABORTED.code || code === TIMED_OUT.code;
}
