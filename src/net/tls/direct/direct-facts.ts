/**
 * What samples and logs ask about a TLS connection whose handshake OpenSSL made by itself. Made when that is over, well or
 * not; what logs want later is taken then, everything else when it is asked for, as long as the connection is open. Clients
 * are not asked for certificates here.
 */
import { X509Certificate } from 'node:crypto';
import type { LoadedCertificate } from '../../../model/tls-material.ts';
import { Certificate } from '../certificate.ts';
import { SessionFacts } from '../session-facts.ts';
import {
  type CertificateFacts,
  type HelloFacts,
  NO_CIPHER,
  type TlsError,
  type TlsFacts,
} from '../tls-facts.ts';
import type { Ssl } from './ssl.ts';

export interface DirectCircumstances {
  readonly sni: string | undefined;
  readonly hello: HelloFacts | undefined;
  /** The preferred one. */
  readonly certificate: LoadedCertificate;
}

export class DirectFacts extends SessionFacts implements TlsFacts {
  readonly protocol: string | undefined;
  readonly cipher: string;
  readonly resumed: boolean;
  readonly alpn: string | undefined;
  readonly error: TlsError | undefined;
  readonly peerCertificate = undefined;
  readonly peerChain = undefined;
  readonly rootCertificate = undefined;
  readonly presentedCertificate = false;
  readonly verifyResult = 0;
  readonly certificateError = 0;
  readonly chainError = 0;
  readonly chainErrorDepth = 0;
  readonly clientRandom = undefined;
  readonly #ssl: Ssl;
  readonly #circumstances: DirectCircumstances;
  #own: CertificateFacts | undefined;

  /** `error`: what ended the handshake; undefined: it completed, or nothing is known. */
  constructor(
    ssl: Ssl,
    circumstances: DirectCircumstances,
    alpn: string | undefined,
    error: TlsError | undefined,
  ) {
    super();
    this.#ssl = ssl;
    this.#circumstances = circumstances;
    this.alpn = alpn;
    this.error = error;
    this.protocol = ssl.version;
    this.cipher = ssl.cipher ?? NO_CIPHER;
    this.resumed = ssl.isResumed;
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
    return this.#circumstances.certificate.name;
  }

  get uniqueId(): string | undefined {
    return this.#ssl.finished(!this.resumed)?.toString('latin1');
  }

  /** Key logs are Node's to keep. */
  secret(): undefined {
    return undefined;
  }

  protected sessionDer(): Buffer | undefined {
    return this.#ssl.session();
  }

  /** In a session that is resumed none is presented. */
  #ownDer(): Buffer | undefined {
    if (!this.resumed) return this.#ssl.certificate();
    return new X509Certificate(this.#circumstances.certificate.certPem).raw;
  }
}
