/** What is known of a handshake that ends at its hello, refused or never read whole: nothing was agreed on. */
import type { HelloReader } from './hello-reader.ts';
import { SessionFacts } from './session-facts.ts';
import { type HelloFacts, NO_CIPHER, type TlsError, type TlsFacts } from './tls-facts.ts';

export class UnansweredHello extends SessionFacts implements TlsFacts {
  readonly protocol = 'TLSv1.3';
  readonly cipher = NO_CIPHER;
  readonly sni: string | undefined;
  readonly alpn = undefined;
  readonly resumed = false;
  readonly peerCertificate = undefined;
  readonly peerChain = undefined;
  readonly rootCertificate = undefined;
  readonly ownCertificate = undefined;
  readonly ownCertificateName = undefined;
  readonly presentedCertificate = false;
  readonly verifyResult = 0;
  readonly certificateError = 0;
  readonly chainError = 0;
  readonly chainErrorDepth = 0;
  readonly clientRandom = undefined;
  readonly serverRandom = undefined;
  readonly uniqueId = undefined;
  error: TlsError | undefined;
  readonly hello: HelloFacts | undefined;

  /** `error`: why it is refused; undefined: there was none, or not all of it. */
  constructor({ servername, hello }: HelloReader, error: TlsError | undefined) {
    super();
    this.sni = servername;
    this.hello = hello;
    this.error = error;
  }

  secret(): undefined {
    return undefined;
  }

  protected sessionDer(): undefined {
    return undefined;
  }
}
