/**
 * Requests that go to a server ahead of the handshake with it (manual, section 5.2, `allow-0rtt`; RFC 8470): anybody may have
 * the server read them once more. So it is done where the client has taken that risk, and with safe methods where
 * `retry-on 0rtt-rejected` wants it; and not again with one that has been tried.
 */
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

interface MaybeTls {
  readonly tls?: TlsFacts | undefined;
}

/** What of an exchange decides. */
export interface EarlyCandidate {
  readonly requestLine: { readonly method: string } | undefined;
  readonly retries: number;
  readonly backendRuntime: { readonly retryOn: ReadonlySet<string> } | undefined;
  readonly client: MaybeTls;
}

export const TOO_EARLY = 425;

/** RFC 9110, section 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** False of TCP sessions. */
export function maySendEarly(transaction: EarlyCandidate): boolean {
  const { requestLine, retries, backendRuntime } = transaction;
  if (requestLine === undefined || retries > 0) return false;
  if (cameEarly(transaction)) return true;
  return backendRuntime?.retryOn.has('0rtt-rejected') === true && isSafe(transaction);
}

interface Sent {
  readonly transaction: EarlyCandidate;
  readonly server: { readonly connection: MaybeTls | undefined };
}

/** RFC 8470, section 5.2: who has not sent early data is not told that it was too early. */
export function wasSentEarly({ transaction, server }: Sent): boolean {
  return server.connection?.tls?.early !== undefined && !cameEarly(transaction);
}

/** The handshake has failed behind it, and should the server have acted on it, that does no harm. */
export function hasFailedEarly({ transaction, server }: Sent): boolean {
  return server.connection?.tls?.early?.state === 'failed' && isSafe(transaction);
}

function cameEarly({ client }: EarlyCandidate): boolean {
  return client.tls?.early?.state === 'waits';
}

function isSafe({ requestLine }: EarlyCandidate): boolean {
  return requestLine !== undefined && SAFE.has(requestLine.method);
}
