/** Certificates and authorities as the control thread's own connections use them: those of checks. */
import type { TlsFiles } from '../net/tls/server-contexts.ts';
import type { CertificateStore } from './certificate-store.ts';

export function currentFiles({ certificates, authorities }: CertificateStore): TlsFiles {
  return {
    certificate: name => certificates.get(name)?.loaded,
    authorities: name => authorities.get(name)?.file,
  };
}
