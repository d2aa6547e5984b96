/**
 * Whether a client's certificate is good enough (manual, section 5.1, `verify`, `crt-ignore-err`, `ca-ignore-err`). OpenSSL
 * has judged it by then; Node lets the handshake end in any case, so a client that is refused is not told by an alert.
 */
import type { TLSSocket } from 'node:tls';
import { CHAIN_REFUSED, FAILED, type HandshakeFailure, LEAF_REFUSED } from './handshake-failure.ts';
import type { ListenerSettings } from './listener-settings.ts';

/** Errors that are about authorities, whatever their depth; all others may be of either. */
const CHAIN_ERRORS: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_CHAIN_TOO_LONG',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
]);

/** Undefined: it may come in. */
export function refusalOf(socket: TLSSocket, settings: ListenerSettings): HandshakeFailure | undefined {
  const { verify } = settings.line;
  if (verify === undefined || verify === 'none') return undefined;
  const error = socket.authorizationError as unknown as string | null;
  const hasCertificate = socket.getPeerX509Certificate() !== undefined;
  if (!hasCertificate) return verify === 'required' ? FAILED : undefined;
  if (error === null || error === undefined) return undefined;
  const isOfChain = CHAIN_ERRORS.has(error);
  const ignored = isOfChain ? settings.ignoredChainErrors : settings.ignoredLeafErrors;
  if (ignored.includes('all') || ignored.some(one => one.replace('X509_V_ERR_', '') === error))
    return undefined;
  return isOfChain ? CHAIN_REFUSED : LEAF_REFUSED;
}
