/**
 * What of a TLS connection only Node's handle can do, or be told, on the server's side. Used by tls-listener.ts; all that
 * leans on how Node is made, but for what is asked in tls-socket-facts.ts, is here.
 */
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
    if (info.servername === '') this.sni_context = (choose() as { context?: unknown } | undefined)?.context;
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
