/** TLS of connections that the control thread serves itself: of peers, on their listener and towards the others, and of admin sockets. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { currentFiles } from '../certificates/current-files.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import type { Bind } from '../model/bind.ts';
import type { Global } from '../model/global.ts';
import type { TlsChange } from '../model/tls-material.ts';
import { createTlsListener } from '../net/tls/create-tls-listener.ts';
import { rawSocketOver } from '../net/tls/raw-socket.ts';
import { secureConnect, type SecureConnect } from '../net/tls/secure-connect.ts';
import { ServerContexts } from '../net/tls/server-contexts.ts';
import { ThreadCertificates } from '../net/tls/thread-certificates.ts';
import { duplicateDescriptor } from '../net/system-calls.ts';

const HANDSHAKE_MS = 5000;
/** Key, HMAC and name of session tickets, as OpenSSL wants them. */
const TICKET_KEY_BYTES = 48;
const NO_COUNTS = { lookedUp: () => undefined, stapled: () => undefined };

/** Takes a connection nothing was read of, but the bytes `ahead`; calls back with the encrypted one, or when nothing came of it. */
export type SecureAccept = (
  socket: Socket,
  ahead: Buffer | undefined,
  adopt: (socket: Socket) => void,
  gaveUp?: () => void,
) => void;

export class ControlTls {
  readonly #global: Global;
  readonly #certificates: CertificateStore;
  /** Towards servers. */
  readonly over: SecureConnect;
  #incoming: ThreadCertificates | undefined;

  constructor(global: Global, certificates: CertificateStore) {
    this.#global = global;
    this.#certificates = certificates;
    this.over = secureConnect(new ServerContexts(currentFiles(certificates)));
  }

  /** Undefined: the line has no `ssl`. `failed` hears of handshakes that nothing came of. */
  accepting(bind: Bind, failed: (from: string) => void): SecureAccept | undefined {
    if (bind.ssl === undefined) return undefined;
    this.#incoming ??= new ThreadCertificates(this.#certificates.material());
    const keys = randomBytes(TICKET_KEY_BYTES);
    const listener = createTlsListener(bind, this.#global, 'tcp', this.#incoming, [keys], NO_COUNTS);
    return (socket, ahead, adopt, gaveUp = () => undefined) => {
      const from = socket.remoteAddress ?? 'unix socket';
      const fd = duplicateDescriptor(descriptorOf(socket));
      socket.destroy();
      if (fd < 0 || listener === undefined) return gaveUp();
      const over = (): void => clearTimeout(tooLate);
      const handshake = listener.accept(rawSocketOver({ fd, ahead }, false), {
        secured: secured => {
          over();
          adopt(secured);
        },
        failed: () => {
          over();
          failed(from);
          gaveUp();
        },
      });
      const tooLate = setTimeout(() => {
        handshake.abort();
        gaveUp();
      }, HANDSHAKE_MS);
    };
  }

  /** Commands have exchanged certificates. */
  follow(changes: readonly TlsChange[]): void {
    for (const change of changes) this.#incoming?.follow(change);
  }
}

/** Node tells the number of a socket to those who ask its handle. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? -1;
}
