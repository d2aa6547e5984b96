/**
 * What samples and logs ask about a TLS connection whose handshake OpenSSL made by itself. Made when that is over, well or
 * not; what logs want later is taken then, everything else when it is asked for, as long as the connection is open.
 */
import { X509Certificate } from 'node:crypto';
import type { LoadedCertificate } from '../../../model/tls-material.ts';
import { Certificate } from '../certificate.ts';
import type { KeyLog } from '../key-log.ts';
import { SessionFacts } from '../session-facts.ts';
import {
  type CertificateFacts,
  type EarlyPhase,
  type HelloFacts,
  NO_CIPHER,
  type TlsError,
  type TlsFacts,
} from '../tls-facts.ts';
import type { ClientVerification } from './client-verification.ts';
import type { Ssl } from './ssl.ts';

export interface DirectCircumstances {
  /** Which end of it this is. */
  readonly side: 'server' | 'client';
  readonly sni: string | undefined;
  readonly hello: HelloFacts | undefined;
  /** The preferred one; undefined: nobody asks for its name. */
  readonly certificate: LoadedCertificate | undefined;
  /** Undefined: clients are not asked for certificates. */
  readonly verification: ClientVerification | undefined;
  /** `tune.ssl.keylog` */
  readonly keyLog: KeyLog | undefined;
}

/** DER. */
interface SentCertificates {
  readonly own: Buffer;
  readonly chain: readonly Buffer[];
  readonly root: Buffer | undefined;
}

/** Undefined: the client has none. */
function sentCertificates(ssl: Ssl, refused: Buffer | undefined): SentCertificates | undefined {
  const own = refused ?? ssl.peerCertificate();
  return own && { own, chain: ssl.peerChain(), root: ssl.root() };
}

export class DirectFacts extends SessionFacts implements TlsFacts {
  readonly protocol: string | undefined;
  readonly cipher: string;
  readonly resumed: boolean;
  readonly alpn: string | undefined;
  error: TlsError | undefined;
  readonly early: EarlyPhase | undefined;
  readonly verifyResult: number;
  readonly #ssl: Ssl;
  readonly #circumstances: DirectCircumstances;
  readonly #sent: SentCertificates | undefined;
  #own: CertificateFacts | undefined;
  #peer: CertificateFacts | undefined;

  /** `error`: what ended the handshake; undefined: it completed, or nothing is known. */
  constructor(
    ssl: Ssl,
    circumstances: DirectCircumstances,
    alpn: string | undefined,
    error: TlsError | undefined,
    early: EarlyPhase | undefined,
  ) {
    super();
    this.#ssl = ssl;
    this.#circumstances = circumstances;
    this.alpn = alpn;
    this.error = error;
    this.early = early;
    this.protocol = ssl.version;
    this.cipher = ssl.cipher ?? NO_CIPHER;
    this.resumed = ssl.isResumed;
    const { verification, side } = circumstances;
    const isAsked = verification !== undefined || side === 'client';
    this.#sent = isAsked ? sentCertificates(ssl, verification?.refused) : undefined;
    // servers are judged by who makes the handshake
    this.verifyResult = this.#sent === undefined || side === 'client' ? 0 : ssl.verifyResult;
  }

  get sni(): string | undefined {
    return this.#circumstances.sni;
  }

  get hello(): HelloFacts | undefined {
    return this.#circumstances.hello;
  }

  get ownCertificate(): CertificateFacts | undefined {
    const der = this.#own === undefined ? this.#ownDer() : undefined;
    return (this.#own ??= der && new Certificate(der));
  }

  get ownCertificateName(): string | undefined {
    return this.#circumstances.certificate?.name;
  }

  get peerCertificate(): CertificateFacts | undefined {
    return (this.#peer ??= this.#sent && new Certificate(this.#sent.own));
  }

  get peerChain(): string | undefined {
    const chain = this.#sent?.chain ?? [];
    return chain.length === 0 ? undefined : Buffer.concat(chain).toString('latin1');
  }

  get rootCertificate(): CertificateFacts | undefined {
    const root = this.resumed ? undefined : this.#sent?.root;
    return root && new Certificate(root);
  }

  get presentedCertificate(): boolean {
    return !this.resumed && this.#sent !== undefined;
  }

  get certificateError(): number {
    return this.#circumstances.verification?.leafError ?? 0;
  }

  get chainError(): number {
    return this.#circumstances.verification?.chainError?.code ?? 0;
  }

  get chainErrorDepth(): number {
    return this.#circumstances.verification?.chainError?.depth ?? 0;
  }

  get uniqueId(): string | undefined {
    const isClients = !this.resumed;
    return this.#ssl.finished(isClients === (this.#circumstances.side === 'server'))?.toString('latin1');
  }

  get clientRandom(): string | undefined {
    return this.#ssl.random(true)?.toString('latin1');
  }

  get serverRandom(): string | undefined {
    return this.#ssl.random(false)?.toString('latin1');
  }

  secret(name: string): string | undefined {
    return this.#circumstances.keyLog?.secret(name);
  }

  protected sessionDer(): Buffer | undefined {
    return this.#ssl.session();
  }

  /** In a session that is resumed none is presented. */
  #ownDer(): Buffer | undefined {
    if (!this.resumed) return this.#ssl.certificate();
    const { certificate } = this.#circumstances;
    return certificate && new X509Certificate(certificate.certPem).raw;
  }
}
