/**
 * What samples and logs ask about a TLS connection, over Node's TLSSocket. Made when the handshake is over, well or not:
 * what the socket knows only while it is open and logs want later (version, cipher, names, the client's certificate) is
 * taken then, everything else when it is asked for the first time.
 */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { verificationNumberOfCode } from '../../base/x509-verification.ts';
import { Certificate } from './certificate.ts';
import type { KeyLog } from './key-log.ts';
import type { HelloRandoms } from './records/handshake-records.ts';
import { sessionCertificate } from './session-certificate.ts';
import { SessionFacts } from './session-facts.ts';
import {
  type CertificateFacts,
  type HelloFacts,
  NO_CIPHER,
  type TlsError,
  type TlsFacts,
} from './tls-facts.ts';
import { CERTIFICATE_VERIFY_FAILED, tlsErrorOf } from './tls-error.ts';
import { buildChain, verificationErrors, type CertificateChain } from './verification.ts';
import type { VerificationError } from './verification.ts';

interface TlsCircumstances {
  /** Which end of it this is: `server` on a bind line, `client` towards a server. */
  readonly side: 'server' | 'client';
  /** What the peer's certificate was held against. */
  readonly authorities?: () => readonly X509Certificate[];
  /** Name of the certificate presented. */
  readonly certificateName?: string | undefined;
  /** The certificate itself, for sessions that are resumed: none is presented again. */
  readonly certificatePem?: string | undefined;
  /** What a server was offered to resume. */
  readonly session?: Buffer | undefined;
  /** The name the client asked for, where the socket does not know it any more. */
  readonly servername?: string | undefined;
  /** What ended the handshake; absent: it completed. */
  readonly error?: Error | TlsError | undefined;
  readonly hello?: HelloFacts | undefined;
  readonly keyLog?: KeyLog | undefined;
  /** Absent: nobody saw them. */
  readonly hellos?: HelloRandoms | undefined;
}

/** The part of Node's handle that has no method on the socket. */
interface TlsHandle {
  verifyError(): { readonly code: string } | null | undefined;
  getServername(): string | false | undefined;
}

export class TlsSocketFacts extends SessionFacts implements TlsFacts {
  readonly protocol: string | undefined;
  cipher: string;
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  readonly verifyResult: number;
  error: TlsError | undefined;
  readonly #socket: TLSSocket;
  readonly #circumstances: TlsCircumstances;
  #peer: X509Certificate | undefined;
  #peerAsked = false;
  #peerFacts: CertificateFacts | undefined;
  #ownFacts: CertificateFacts | undefined;
  #chain: CertificateChain | undefined;
  #errors: readonly VerificationError[] | undefined;
  #isOver = false;

  constructor(socket: TLSSocket, circumstances: TlsCircumstances) {
    super();
    this.#socket = socket;
    this.#circumstances = circumstances;
    const open = openOnly(socket);
    this.protocol = open?.getProtocol() ?? undefined;
    // Before there is one, Node answers undefined where its types say it does not.
    this.cipher = (open?.getCipher() as { readonly name: string } | undefined)?.name ?? NO_CIPHER;
    const handle = open && handleOf(open);
    this.sni = serverNameOf(socket, handle, circumstances.side) ?? circumstances.servername;
    this.alpn = typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined;
    this.resumed = open?.isSessionReused() === true;
    this.error = circumstances.error && tlsErrorOf(circumstances.error);
    const isJudged = circumstances.side === 'server' && circumstances.authorities !== undefined;
    // without a certificate Node answers that this is an error
    this.verifyResult = isJudged && this.#readPeer() !== undefined ? verifyResultOf(handle) : 0;
  }

  /** The socket is about to be destroyed: OpenSSL is not asked any more, what is known stays so. */
  letGo(): void {
    this.#isOver = true;
  }

  get peerCertificate(): CertificateFacts | undefined {
    const peer = this.#readPeer();
    return (this.#peerFacts ??= peer && new Certificate(peer.raw));
  }

  get peerChain(): string | undefined {
    const sent = this.#sentBeside();
    const sendsOwn = this.#circumstances.side === 'client' && !this.resumed;
    const own = sendsOwn ? this.#readPeer() : undefined;
    const all = own === undefined ? sent : [own, ...sent];
    return all.length === 0 ? undefined : all.map(({ raw }) => raw.toString('latin1')).join('');
  }

  get rootCertificate(): CertificateFacts | undefined {
    const top = this.resumed ? undefined : this.#verifiedChain()?.certificates.at(-1);
    return top && new Certificate(top.raw);
  }

  get ownCertificate(): CertificateFacts | undefined {
    const own = this.#ownFacts === undefined ? this.#readOwn() : undefined;
    return (this.#ownFacts ??= own && new Certificate(own.raw));
  }

  get ownCertificateName(): string | undefined {
    return this.#circumstances.certificateName;
  }

  get presentedCertificate(): boolean {
    return !this.resumed && this.#readPeer() !== undefined;
  }

  get certificateError(): number {
    return this.verificationErrors.find(({ depth }) => depth === 0)?.code ?? 0;
  }

  get chainError(): number {
    return this.#chainError()?.code ?? 0;
  }

  get chainErrorDepth(): number {
    return this.#chainError()?.depth ?? 0;
  }

  /** In the order they were met; none in a session that is resumed. */
  get verificationErrors(): readonly VerificationError[] {
    if (this.verifyResult === 0 || this.resumed) return [];
    const chain = this.#verifiedChain();
    return (this.#errors ??=
      chain === undefined ? [] : verificationErrors(chain, this.verifyResult, Date.now()));
  }

  /**
   * The peer is refused for the last of so many errors: had OpenSSL been to decide, it had never met the others, nor
   * agreed on a cipher before TLS 1.3.
   */
  refuseFor(count: number): void {
    this.#errors = this.verificationErrors.slice(0, count);
    this.error = CERTIFICATE_VERIFY_FAILED;
    if (this.protocol !== 'TLSv1.3') this.cipher = NO_CIPHER;
  }

  get clientRandom(): string | undefined {
    return this.#circumstances.hellos?.clientRandom?.toString('latin1');
  }

  get serverRandom(): string | undefined {
    return this.#circumstances.hellos?.serverRandom?.toString('latin1');
  }

  get uniqueId(): string | undefined {
    const finished = this.resumed ? this.#open()?.getFinished() : this.#open()?.getPeerFinished();
    return finished?.toString('latin1');
  }

  get hello(): HelloFacts | undefined {
    return this.#circumstances.hello;
  }

  secret(name: string): string | undefined {
    return this.#circumstances.keyLog?.secret(name);
  }

  #chainError(): VerificationError | undefined {
    return this.verificationErrors.find(({ depth }) => depth > 0);
  }

  protected sessionDer(): Buffer | undefined {
    return this.#open()?.getSession() ?? undefined;
  }

  #open(): TLSSocket | undefined {
    return this.#isOver ? undefined : openOnly(this.#socket);
  }

  #readOwn(): X509Certificate | undefined {
    const { certificatePem } = this.#circumstances;
    const isKnown = this.resumed && certificatePem !== undefined;
    return isKnown ? new X509Certificate(certificatePem) : this.#open()?.getX509Certificate();
  }

  #readPeer(): X509Certificate | undefined {
    if (!this.#peerAsked) {
      this.#peerAsked = true;
      this.#peer = (this.#isOver ? undefined : peerOf(this.#socket)) ?? this.#resumedPeer();
    }
    return this.#peer;
  }

  #resumedPeer(): X509Certificate | undefined {
    const { session } = this.#circumstances;
    return this.resumed && session !== undefined ? sessionCertificate(session) : undefined;
  }

  /** Node hangs what was sent, in that order, one under the other. */
  #sentBeside(): X509Certificate[] {
    const sent: X509Certificate[] = [];
    let next = this.#readPeer()?.issuerCertificate;
    for (; next !== undefined; next = next.issuerCertificate) sent.push(next);
    return sent;
  }

  #verifiedChain(): CertificateChain | undefined {
    const peer = this.#readPeer();
    if (peer === undefined) return undefined;
    return (this.#chain ??= buildChain(peer, this.#sentBeside(), this.#circumstances.authorities?.() ?? []));
  }
}

/** What Node keeps on a TLS socket that is being destroyed. */
interface Remains {
  readonly _handle: object | null;
  readonly _closeAfterHandlingError?: boolean;
}

/**
 * While Node takes a socket down its methods would reach for what OpenSSL has freed, and end the process. One whose
 * handshake failed keeps its handle until its `error` has been heard.
 */
function openOnly(socket: TLSSocket): TLSSocket | undefined {
  const { _handle, _closeAfterHandlingError } = socket as unknown as Remains;
  const keepsHandle = _closeAfterHandlingError === true && _handle !== null;
  return !socket.destroyed || keepsHandle ? socket : undefined;
}

/** Node takes what the peer sent beside its certificate out of the connection when it is first asked. */
const peers = new WeakMap<TLSSocket, X509Certificate>();

function peerOf(socket: TLSSocket): X509Certificate | undefined {
  const peer = peers.get(socket) ?? openOnly(socket)?.getPeerX509Certificate();
  if (peer !== undefined) peers.set(socket, peer);
  return peer;
}

function handleOf(socket: TLSSocket): TlsHandle | undefined {
  return (socket as { readonly ssl?: TlsHandle | null }).ssl ?? undefined;
}

function verifyResultOf(handle: TlsHandle | undefined): number {
  const code = handle?.verifyError()?.code;
  return code === undefined ? 0 : verificationNumberOfCode(code);
}

/** Node sets `servername` when the handshake is over; before that OpenSSL knows it. */
function serverNameOf(
  socket: TLSSocket,
  handle: TlsHandle | undefined,
  side: 'server' | 'client',
): string | undefined {
  const name = side === 'server' ? handle?.getServername() : (socket as { servername?: unknown }).servername;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
