/**
 * Hellos that need no OpenSSL to be refused: those that ask for a name nobody has a certificate for (manual, section 5.1,
 * `strict-sni`), and records longer than TLS allows, whose end nobody has to wait for. Alert and words are OpenSSL's.
 */
import type { HelloReader } from './hello-reader.ts';
import { SessionFacts } from './session-facts.ts';
import { type HelloFacts, NO_CIPHER, type TlsError, type TlsFacts } from './tls-facts.ts';

export interface HelloRefusal {
  /** RFC 8446, section 6.2 */
  readonly alert: number;
  readonly error: TlsError;
}

export const UNKNOWN_NAME: HelloRefusal = {
  alert: 112,
  error: { code: 0x0a0000ea, text: 'error:0A0000EA:SSL routines::callback failed' },
};
export const RECORD_TOO_LONG: HelloRefusal = {
  alert: 22,
  error: { code: 0x0a0000c6, text: 'error:0A0000C6:SSL routines::packet length too long' },
};

/** Nothing was agreed on. */
export class RefusedHello extends SessionFacts implements TlsFacts {
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
  readonly error: TlsError;
  readonly hello: HelloFacts | undefined;

  constructor({ servername, hello }: HelloReader, { error }: HelloRefusal) {
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
