/**
 * What Node has no word for in contexts that it makes, said to OpenSSL at their address: which authorities are announced to
 * clients (manual, section 5.1, `no-ca-names`, `ca-verify-file`), and that a certificate goes out with the chain of its file
 * alone. OpenSSL would else complete it by the authorities that peers are verified with. Where Node does not tell the address
 * nothing happens.
 */
import { createSecureContext, type SecureContext } from 'node:tls';
import { addressOfContext } from './direct/context-address.ts';
import { sslCalls } from './direct/ssl-calls.ts';

/** SSL_CTRL_MODE, SSL_MODE_NO_AUTO_CHAIN */
const MODE = 33;
const NO_AUTO_CHAIN = 0x8;

/** Whether this Node lets OpenSSL be told. */
export function canTellDetails(): boolean {
  return sslCalls() !== undefined && addressOfContext(createSecureContext({ ca: [] })) !== undefined;
}

/** What a user is told otherwise. */
export const AUTHORITIES_ANNOUNCED = `the names of all authorities are announced to clients, whatever 'no-ca-names' and 'ca-verify-file' say: this Node gives no access to its TLS library.`;

export function keepChain(context: SecureContext): SecureContext {
  const address = addressOfContext(context);
  if (address !== undefined) sslCalls()?.controlContext(address, MODE, NO_AUTO_CHAIN, 0);
  return context;
}

/** `authorities` in PEM. */
export function announceAuthorities(context: SecureContext, authorities: readonly string[]): SecureContext {
  const model = createSecureContext({ ca: [...authorities] });
  const [address, from] = [addressOfContext(context), addressOfContext(model)];
  const calls = sslCalls();
  if (calls === undefined || address === undefined || from === undefined) return context;
  calls.announceNames(address, calls.copyNames(calls.announcedNames(from)));
  return context;
}
