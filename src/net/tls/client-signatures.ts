/**
 * `client-sigalgs` (manual, sections 5.1 and 5.2): which signatures certificates of clients are asked for, or a client's own
 * makes. Node has no word for it: OpenSSL is told by koffi, at the context's address.
 */
import { createSecureContext, type SecureContext } from 'node:tls';
import { inspect } from 'node:util';
import { loadKoffi } from '../system-calls.ts';

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

/** Node shows its context as an external value, and where that points to. */
function addressOf(context: SecureContext): number | undefined {
  const { _external: external } = (
    context as unknown as { readonly context: { readonly _external?: unknown } }
  ).context;
  const found = /^\[External: (?:0x)?([0-9a-f]+)\]$/i.exec(inspect(external));
  return found?.[1] === undefined ? undefined : Number.parseInt(found[1], 16);
}

/** Whether this Node lets OpenSSL be told. */
export function canLimitSignatures(): boolean {
  return loadControl() !== undefined && addressOf(createSecureContext({ ca: [] })) !== undefined;
}

/** What a user is told otherwise. */
export const SIGNATURES_NOT_LIMITED = `'client-sigalgs' has no effect: this Node gives no access to its TLS library.`;

/** Where it cannot be told nothing happens. Throws when OpenSSL does not take the list. */
export function limitClientSignatures(context: SecureContext, list: string | undefined): SecureContext {
  const address = list === undefined ? undefined : addressOf(context);
  const tell = address === undefined ? undefined : loadControl();
  if (tell === undefined || address === undefined || list === undefined) return context;
  if (tell(address, SET_CLIENT_SIGALGS, 0, list) !== 1)
    throw new Error(`OpenSSL does not know all of the signature algorithms '${list}'`);
  return context;
}
