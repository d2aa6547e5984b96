/**
 * What samples and logs ask about one TLS connection. acl/ reads it, tls-socket-facts.ts answers it over a TLSSocket,
 * direct/direct-facts.ts over a connection of OpenSSL's.
 * Bytes are strings of one char a byte. What is absent is undefined.
 */

export const NO_CIPHER = '(NONE)';

export interface TlsFacts {
  /** `TLSv1.3` */
  readonly protocol: string | undefined;
  /** OpenSSL's name; NO_CIPHER before one is agreed on. */
  readonly cipher: string | undefined;
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  readonly sessionId: string | undefined;
  /** Bits of the cipher's key, and how many of them are secret. */
  readonly keySize: number | undefined;
  readonly usedKeySize: number | undefined;
  /** Group of the key exchange by OpenSSL's name. */
  readonly curve: string | undefined;

  readonly peerCertificate: CertificateFacts | undefined;
  /** What the peer sent beside it (a server: with it), one after the other. */
  readonly peerChain: string | undefined;
  /** The certificate the verified chain ends in. */
  readonly rootCertificate: CertificateFacts | undefined;
  readonly ownCertificate: CertificateFacts | undefined;
  /** Name of the certificate presented, as the configuration has it. */
  readonly ownCertificateName: string | undefined;
  /** A certificate came and was verified in this handshake, not in the one that is resumed. */
  readonly presentedCertificate: boolean;
  /** X509 verification results, 0: good. The last one, the first of the certificate, the first above it. */
  readonly verifyResult: number;
  readonly certificateError: number;
  readonly chainError: number;
  readonly chainErrorDepth: number;

  /** What ended the handshake, or the connection behind it. */
  error: TlsError | undefined;
  readonly clientRandom: string | undefined;
  readonly serverRandom: string | undefined;
  readonly sessionKey: string | undefined;
  /** The first Finished message (RFC 5929, section 3). */
  readonly uniqueId: string | undefined;
  /** Hexadecimal, as key logs have it: `client_traffic_secret_0`. */
  secret(name: string): string | undefined;
  /** Kept when `tune.ssl.capture-buffer-size` asks for it. */
  readonly hello: HelloFacts | undefined;
  /** Absent: no early data was accepted. */
  readonly early?: EarlyPhase | undefined;
}

/** A client whose data came ahead of its Finished (RFC 8446, section 2.3): until then anybody may have sent it again. */
export interface EarlyPhase {
  readonly state: 'waits' | 'complete' | 'failed';
  /** It is called once, when the state is another one; never while it is not. */
  whenOver(heard: () => void): void;
}

export interface CertificateFacts {
  readonly der: string;
  readonly sha1: string;
  readonly serial: string | undefined;
  readonly version: number | undefined;
  readonly signatureAlgorithm: string | undefined;
  readonly keyAlgorithm: string | undefined;
  /** YYMMDDhhmmss[Z] */
  readonly notBefore: string | undefined;
  readonly notAfter: string | undefined;
  readonly subject: NameFacts | undefined;
  readonly issuer: NameFacts | undefined;
  readonly alternativeNames: string | undefined;
}

export interface NameFacts {
  oneLine(): string | undefined;
  entry(name: string, occurrence: number): string | undefined;
  rfc2253(): string | undefined;
}

/** OpenSSL's number and text of an error. */
export interface TlsError {
  readonly code: number;
  readonly text: string;
}

/** Lists of a ClientHello, as far as the capture buffer held them. */
export interface HelloFacts {
  /** Version, major << 8 | minor. */
  readonly version: number;
  readonly ciphers: string;
  /** XXH64 of all of them. */
  readonly ciphersHash: bigint;
  readonly extensions: string;
  readonly groups: string;
  readonly pointFormats: string;
  readonly versions: string;
  readonly signatureAlgorithms: string;
}
