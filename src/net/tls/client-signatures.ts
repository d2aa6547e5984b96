/**
 * `client-sigalgs` (manual, sections 5.1 and 5.2): which signatures certificates of clients are asked for, or a client's own
 * makes. Node has no word for it: OpenSSL is told by koffi, at the context's address.
 */
import { createSecureContext, type SecureContext } from 'node:tls';
import { loadKoffi } from '../system-calls.ts';
import { addressOfContext } from './direct/context-address.ts';

type Control = (context: number, command: number, number: number, text: string) => number;

/** SSL_CTRL_SET_CLIENT_SIGALGS_LIST of SSL_CTX_ctrl(3). */
const SET_CLIENT_SIGALGS = 102;

let control: Control | undefined;
let isMissing = false;

function loadControl(): Control | undefined {
  if (control !== undefined || isMissing) return control;
  try {
    const node = loadKoffi().load(null);
    control = node.func('long SSL_CTX_ctrl(uintptr_t context, int command, long number, const char *text)');
  } catch {
    isMissing = true;
  }
  return control;
}

/** Whether this Node lets OpenSSL be told. */
export function canLimitSignatures(): boolean {
  return loadControl() !== undefined && addressOfContext(createSecureContext({ ca: [] })) !== undefined;
}

/** What a user is told otherwise. */
export const SIGNATURES_NOT_LIMITED = `'client-sigalgs' has no effect: this Node gives no access to its TLS library.`;

/** Where it cannot be told nothing happens. Throws when OpenSSL does not take the list. */
export function limitClientSignatures(context: SecureContext, list: string | undefined): SecureContext {
  const address = list === undefined ? undefined : addressOfContext(context);
  const tell = address === undefined ? undefined : loadControl();
  if (tell === undefined || address === undefined || list === undefined) return context;
  if (tell(address, SET_CLIENT_SIGALGS, 0, list) !== 1)
    throw new Error(`OpenSSL does not know all of the signature algorithms '${list}'`);
  return context;
}
