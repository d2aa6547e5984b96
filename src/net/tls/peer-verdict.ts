/**
 * Whether a handshake that OpenSSL let pass was good enough (manual, section 5.1, `verify`, `crt-ignore-err`,
 * `ca-ignore-err`, and what a line of a crt-list says of versions). Node lets handshakes end whatever is wrong with a
 * certificate: the alert that tells the client is chosen here.
 */
import { verificationNumber } from '../../base/x509-verification.ts';
import { alertOfMissing, alertOfVerification, PROTOCOL_VERSION } from './alerts.ts';
import { CHAIN_REFUSED, FAILED, type HandshakeFailure, LEAF_REFUSED } from './handshake-failure.ts';
import type { TlsSocketFacts } from './tls-socket-facts.ts';
import type { VerificationError } from './verification.ts';

/** `all`, numbers or names of X509_V_ERR_*. */
export interface Excused {
  readonly ignoredLeafErrors: readonly string[];
  readonly ignoredChainErrors: readonly string[];
}

/** What the line says whose certificate was presented. */
export interface HeldAgainst extends Excused {
  readonly verify: 'none' | 'optional' | 'required';
  readonly minVersion: string | undefined;
  readonly maxVersion: string | undefined;
  /** Another line of the crt-list, which trusts others, may have let it in. */
  readonly mayResume: boolean;
}

/** Undefined: it may come in. What it is refused for the facts tell too. */
export function refusalOf(facts: TlsSocketFacts, held: HeldAgainst): HandshakeFailure | undefined {
  if (isWrongVersion(facts.protocol, held)) return { ...FAILED, alert: PROTOCOL_VERSION };
  const { verify } = held;
  if (verify === 'none') return undefined;
  const missing = { ...FAILED, alert: alertOfMissing(facts.protocol) };
  if (facts.peerCertificate === undefined) return verify === 'required' ? missing : undefined;
  if (facts.resumed) return held.mayResume ? refusalOfResumed(facts) : missing;
  for (const [index, error] of facts.verificationErrors.entries()) {
    if (isExcused(error, held)) continue;
    facts.refuseFor(index + 1);
    return { ...(error.depth > 0 ? CHAIN_REFUSED : LEAF_REFUSED), alert: alertOfVerification(error.code) };
  }
  return undefined;
}

export function isExcused({ depth, code }: VerificationError, excused: Excused): boolean {
  const ignored = depth > 0 ? excused.ignoredChainErrors : excused.ignoredLeafErrors;
  return ignored.some(one => one === 'all' || (verificationNumber(one) ?? Number(one)) === code);
}

/**
 * A client that was refused may have got a ticket all the same, before we could judge: its session remembers the error.
 * Where errors are ignored there are no sessions to resume (listener-settings.ts).
 */
function refusalOfResumed(facts: TlsSocketFacts): HandshakeFailure | undefined {
  if (facts.verifyResult === 0) return undefined;
  const alert = alertOfVerification(facts.verifyResult);
  facts.refuseFor(0);
  return { ...LEAF_REFUSED, alert };
}

/** OpenSSL has chosen the version before it asks for a certificate: a line of a crt-list can only refuse it. */
function isWrongVersion(protocol: string | undefined, { minVersion, maxVersion }: HeldAgainst): boolean {
  if (protocol === undefined) return false;
  return (
    (minVersion !== undefined && protocol < canonical(minVersion)) ||
    (maxVersion !== undefined && protocol > canonical(maxVersion))
  );
}

/** As OpenSSL names it: TLS 1.0 is `TLSv1`, which is also less than the others as a text. */
function canonical(version: string): string {
  return version === 'TLSv1.0' ? 'TLSv1' : version;
}
