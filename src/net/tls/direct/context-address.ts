/**
 * Where OpenSSL has the context that Node's `SecureContext` stands for, so that connections can be made of it without
 * Node's. Node shows the address to whoever prints the object. A context that was made ready here must never be given to a
 * `TLSSocket`, nor one of a `TLSSocket` here: Node hangs callbacks on it that take every connection for one of its own, and
 * that call JavaScript, which they must not on the stack of a native call. The address is good for as long as the
 * `SecureContext` is held, to which Node's callback for its one ticket key refers as well.
 */
import type { SecureContext } from 'node:tls';
import { inspect } from 'node:util';
import { MOST_EARLY_DATA } from '../early/early-guard.ts';
import type { SslContext } from './ssl.ts';
import type { SslCalls } from './ssl-calls.ts';
import { type Taps, tapsOf } from './taps.ts';

const EXTERNAL = /^\[External: ([0-9a-f]{1,12})\]$/;
/** SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS: idle connections keep no memory for records. */
const MODE = 33;
const RELEASE_BUFFERS = 0x10;
/** SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB */
const STATUS_CALLBACK = 63;
/** SSL_VERIFY_PEER, SSL_VERIFY_FAIL_IF_NO_PEER_CERT */
const VERIFY_MODES = { optional: 1, required: 3 } as const;
const NONE = 0;
/** SSL_OP_NO_ANTI_REPLAY: OpenSSL's own way knows the hellos of one thread alone. */
const NO_ANTI_REPLAY = 0x0100_0000;
/** Of early data that is not accepted more bytes are skipped: each of its records is longer than what is in it. */
const SKIPPED = 2 * MOST_EARLY_DATA;

/** Undefined: this Node does not tell. */
export function addressOfContext(context: SecureContext): number | undefined {
  const { _external } = context.context as { readonly _external?: unknown };
  const [, digits] = EXTERNAL.exec(inspect(_external)) ?? [];
  const address = digits === undefined ? 0 : Number.parseInt(digits, 16);
  return address === 0 ? undefined : address;
}

interface Asked {
  /** More than the one that the context was made with. */
  readonly hasTicketKeys: boolean;
  readonly verify: 'none' | 'optional' | 'required';
  readonly takesEarly: boolean;
}

/** Node's callbacks for sessions are taken off. */
export function makeReady(calls: SslCalls, context: number, taps: Taps, asked: Asked): void {
  calls.onNewSession(context, NONE);
  calls.onLookUp(context, NONE);
  calls.controlContext(context, MODE, RELEASE_BUFFERS, NONE);
  calls.onKeyLog(context, taps.keyLog);
  calls.onProtocols(context, taps.protocols, NONE);
  calls.callbackOfContext(context, STATUS_CALLBACK, taps.staples);
  if (asked.hasTicketKeys) calls.onTicket(context, taps.tickets);
  if (asked.verify !== 'none') calls.onCertificate(context, VERIFY_MODES[asked.verify], taps.certificates);
  if (asked.takesEarly) takeEarlyData(calls, context, taps);
}

/** Who decides is there before there is anything to decide. */
function takeEarlyData(calls: SslCalls, context: number, taps: Taps): void {
  calls.onEarly(context, taps.early, NONE);
  calls.optionsOfContext(context, NO_ANTI_REPLAY);
  calls.takeEarly(context, SKIPPED);
  calls.announceEarly(context, MOST_EARLY_DATA);
}

/** For connections to servers, which OpenSSL verifies by itself. Undefined: this Node does not tell where it is. */
export function contextOfClient(
  calls: SslCalls,
  node: SecureContext,
  verify: 'none' | 'required',
): SslContext | undefined {
  const address = addressOfContext(node);
  if (address === undefined) return undefined;
  calls.onNewSession(address, NONE);
  calls.controlContext(address, MODE, RELEASE_BUFFERS, NONE);
  calls.onKeyLog(address, tapsOf(calls).keyLog);
  if (verify === 'required') calls.onCertificate(address, VERIFY_MODES.optional, NONE);
  return { calls, address, node, isLogged: true, takesEarly: false };
}

/** Handshakes that are under way have no line to come that would be needed. */
export function stopLogging(context: SslContext): void {
  context.calls.onKeyLog(context.address, NONE);
  context.isLogged = false;
}
