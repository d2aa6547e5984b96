/** What a PROXY header tells a server of its client's TLS connection (manual, `proxy-v2-options`). */
import type { ClientTlsTlv } from '../../net/proxy-protocol/build.ts';
import { keyName } from '../../net/tls/key-name.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

/** Options that say something of TLS: each of them makes the field. */
const ABOUT_TLS = ['ssl', 'cert-cn', 'ssl-cipher', 'cert-sig', 'cert-key'] as const;

/** Undefined: nothing is told. `tls` undefined: the client's connection is plain, which is told. */
export function clientTlsTlv(
  options: readonly string[],
  tls: TlsFacts | undefined,
): ClientTlsTlv | undefined {
  if (!ABOUT_TLS.some(option => options.includes(option))) return undefined;
  if (tls === undefined) return { used: false };
  const { peerCertificate: peer, ownCertificate: own, presentedCertificate, verifyResult } = tls;
  const wanted = (option: string, value: string | undefined): string | undefined =>
    options.includes(option) ? value : undefined;
  const clientCertificate = presentedCertificate ? 'this-connection' : 'this-session';
  return {
    used: true,
    version: tls.protocol,
    ...(peer !== undefined && { clientCertificate, verifyResult }),
    commonName: wanted('cert-cn', peer?.subject?.entry('CN', 1)),
    keyAlgorithm: wanted('cert-key', own && keyName(own)),
    signatureAlgorithm: wanted('cert-sig', own?.signatureAlgorithm),
    cipher: wanted('ssl-cipher', tls.cipher),
  };
}
