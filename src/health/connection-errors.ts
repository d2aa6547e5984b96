/** How the end of a connection is told in a check's report, as HAProxy words it. */
import { SOCKS4_FAILURES } from '../net/socks4.ts';
import { ABORTED, CLOSED, FAILED, MISMATCH, SNI_MISMATCH } from '../net/tls/handshake-failure.ts';
import type { Cause } from '../base/failure.ts';
import { stepNumber, type Ruleset, type Step } from './ruleset.ts';

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'ECONNREFUSED returned by OS (Connection refused)',
  ECONNRESET: 'ECONNRESET returned by OS (Connection reset by peer)',
  EPIPE: 'EPIPE returned by OS (Broken pipe)',
  ENETUNREACH: 'General socket error (Network is unreachable)',
  EHOSTUNREACH: 'General socket error (No route to host)',
  ETIMEDOUT: 'General socket error (Connection timed out)',
  EACCES: 'General socket error (Permission denied)',
  ENOENT: 'General socket error (No such file or directory)',
  EMFILE: 'Too many sockets on the process (Too many open files)',
  ENFILE: 'Too many sockets on the system (Too many open files in system)',
  ENOBUFS: 'ENOBUFS returned by OS (No buffer space available)',
  ENOMEM: 'ENOMEM returned by OS (Cannot allocate memory)',
  EADDRNOTAVAIL: "Can't bind to source address (Cannot assign requested address)",
  SSL_EMPTY: CLOSED.text,
  SSL_ABORT: ABORTED.text,
  SSL_MISMATCH: MISMATCH.text,
  SSL_MISMATCH_SNI: SNI_MISMATCH.text,
  SSL_HANDSHAKE: FAILED.text,
  ...Object.fromEntries([...SOCKS4_FAILURES].map(([code, { text }]) => [code, text])),
  EADDRINUSE: 'Local source address already in use (Address already in use)',
};

const BY_CAUSE: Readonly<Record<Cause, string>> = {
  refused: BY_CODE['ECONNREFUSED'] as string,
  reset: BY_CODE['ECONNRESET'] as string,
  ended: 'Connection closed',
  timeout: BY_CODE['ETIMEDOUT'] as string,
  unreachable: BY_CODE['ENETUNREACH'] as string,
  resource: 'Out of sockets or ports',
  invalid: 'General socket error',
  other: 'General socket error',
};

/** `code`: the system's error name, where it is known; `isUnix`: over a unix socket. */
export function connectionErrorText(cause: Cause, code: string | undefined, isUnix: boolean): string {
  if (isUnix && code === 'ECONNREFUSED') return 'General socket error (Connection refused)';
  return BY_CODE[code ?? ''] ?? BY_CAUSE[cause];
}

/** Where in the rules of `option tcp-check` it happened. */
export function placeText({ kind }: Ruleset, step: Step | undefined): string {
  if (kind !== 'tcp-check' || step === undefined) return '';
  const number = stepNumber(step);
  if (number === 0) return ' at initial connection step of tcp-check';
  const comment = 'comment' in step && step.comment !== undefined ? ` comment: '${step.comment}'` : '';
  return ` at step ${number} of tcp-check${doing(step)}${comment}`;
}

function doing(step: Step): string {
  if (step.kind === 'connect')
    return typeof step.port === 'number' ? ` (connect port ${step.port})` : ' (connect)';
  if (step.kind === 'expect') return ` (${step.name})`;
  return step.kind === 'send' ? ' (send)' : '';
}
