/**
 * What of a TLS connection, or of a context, only Node's handle can do, or be told, on the server's side. Used by
 * tls-listener.ts and ticket-keys.ts; all that leans on how Node is made, but for what is asked in tls-socket-facts.ts, and
 * for the socket under it (scripted-socket.ts), is here.
 */
import { randomBytes } from 'node:crypto';
import type { SecureContext, TLSSocket } from 'node:tls';

interface TlsHandle {
  setVerifyMode(asks: boolean, refuses: boolean): void;
  getServername(): string | false | undefined;
  /** Called when OpenSSL needs a certificate, with the name the client asks for or an empty one. */
  oncertcb: (this: TlsHandle, info: { readonly servername: string }) => void;
  /** The context whose certificate Node puts in behind that. */
  sni_context?: unknown;
}

function handleOf(socket: TLSSocket): TlsHandle | undefined {
  return (socket as unknown as { readonly ssl?: TlsHandle | null }).ssl ?? undefined;
}

/** Node asks its SNICallback for clients with a name only: this is for the others. */
export function onNoName(socket: TLSSocket, choose: () => SecureContext | undefined): void {
  const handle = handleOf(socket);
  if (handle === undefined) return;
  const goOn = handle.oncertcb;
  handle.oncertcb = function (info) {
    try {
      if (info.servername === '') this.sni_context = (choose() as { context?: unknown } | undefined)?.context;
    } catch (error) {
      // as Node does with its own callback: an exception on OpenSSL's stack would end the thread
      return void socket.destroy(error as Error);
    }
    goOn.call(this, info);
  };
}

/** The name the client asks for, also where a session is resumed and no certificate is needed. */
export function askedName(socket: TLSSocket): string | undefined {
  const name = handleOf(socket)?.getServername();
  return typeof name === 'string' ? name : undefined;
}

/** The name is known when the handshake has begun: only now can it be told. */
export function askForCertificate(socket: TLSSocket, verify: 'none' | 'optional' | 'required'): void {
  handleOf(socket)?.setVerifyMode(isAsked(verify), verify === 'required');
}

export function isAsked(verify: string | undefined): boolean {
  return verify === 'optional' || verify === 'required';
}

/** What Node's own sockets do when they are given to a server's user: from now on errors are events of the socket. */
export function releaseToOwner(socket: TLSSocket): void {
  const inner = socket as unknown as { _releaseControl(): void; secureConnecting: boolean };
  inner._releaseControl();
  inner.secureConnecting = false;
}

/** 16 bytes of name, 16 of a key for AES-128-CBC, and a key for HMAC-SHA256. */
export interface TicketKey {
  readonly name: Buffer;
  readonly aes: Buffer;
  readonly mac: Buffer;
}

export interface TicketKeySource {
  readonly seal: () => TicketKey;
  /** Undefined: not known any more, the handshake is a full one. */
  readonly open: (name: Buffer) => TicketKey | undefined;
}

/** What Node takes from its callback: an answer as OpenSSL wants it, keys, and for a new ticket its name and IV. */
type TicketAnswer = readonly [answer: number, mac: Buffer, aes: Buffer, name?: Buffer, iv?: Buffer];

interface ContextHandle {
  onticketkeycallback?: (name: Buffer, iv: Buffer, isNew: boolean) => TicketAnswer;
  enableTicketKeyCallback?(): void;
}

/** Answers of SSL_CTX_set_tlsext_ticket_key_cb(3). */
export const NOT_OPENED = 0;
export const GOOD = 1;
/** The client is given a new ticket. */
export const GOOD_BUT_OLD = 2;
export const IV_BYTES = 16;

/** Where Node has no such callback the one key stays that the context was made with. */
export function askForTicketKeys(context: SecureContext, { seal, open }: TicketKeySource): void {
  const handle = (context as unknown as { readonly context: ContextHandle }).context;
  if (typeof handle.enableTicketKeyCallback !== 'function') return;
  handle.onticketkeycallback = (name, _iv, isNew) => {
    const sealer = seal();
    if (isNew) return [GOOD, sealer.mac, sealer.aes, sealer.name, randomBytes(IV_BYTES)];
    const key = open(name);
    if (key === undefined) return [NOT_OPENED, sealer.mac, sealer.aes];
    return [key === sealer ? GOOD : GOOD_BUT_OLD, key.mac, key.aes];
  };
  handle.enableTicketKeyCallback();
}
