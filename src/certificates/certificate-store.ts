/**
 * All certificates, authorities and revocation lists of the process as they are now, in the control thread. Loading the
 * configuration fills it, commands change it; data threads have copies (net/tls/thread-certificates.ts).
 */
import type {
  AuthorityFile,
  LoadedCertEntry,
  LoadedCertificate,
  TlsMaterial,
} from '../model/tls-material.ts';

export class CertificateStore {
  readonly certificates = new Map<string, LoadedCertificate>();
  readonly authorities = new Map<string, AuthorityFile>();
  readonly listeners = new Map<string, LoadedCertEntry[]>();

  /** For a thread that starts. */
  material(): TlsMaterial {
    return {
      certificates: this.certificates,
      authorities: this.authorities,
      listeners: this.listeners,
    };
  }
}
