/**
 * A certificate is one wherever it is used, so what is said of its files has to be the same everywhere (manual, section
 * 12.7): whether a further use agrees with the first.
 */
import type { CertificateLoad } from '../config-parser/haproxy/crt-load-options.ts';
import type { Global } from '../model/global.ts';
import type { StoredCertificate } from './certificate-store.ts';

const SAID = ['key', 'ocsp', 'issuer', 'sctl', 'acme', 'domains', 'ips'] as const;

/** What is wrong; undefined: they agree. A use without options takes any certificate of a `crt-store` as it is. */
export function conflictOf(
  known: StoredCertificate,
  load: CertificateLoad,
  origin: StoredCertificate['origin'],
  { ssl }: Pick<Global, 'ssl'>,
): string | undefined {
  if (origin === 'plain' && known.origin !== 'crt-list') return undefined;
  const found: string[] = [];
  for (const name of SAID)
    if (known.load[name] !== load[name])
      found.push(
        `- different parameter '${name}' : previously '${known.load[name] ?? '(null)'}' vs '${load[name] ?? '(null)'}'`,
      );
  const byDefault = ssl.get('ocsp-update.mode')?.[0] ?? 'off';
  const before = known.load.ocspUpdate ?? byDefault;
  const now = load.ocspUpdate ?? byDefault;
  const told = (said: string | undefined): string =>
    said === undefined ? `'default' (ocsp-update.mode ${byDefault})` : `'${said}'`;
  if (before !== now)
    found.push(
      `- different parameter 'ocsp-update' : previously ${told(known.load.ocspUpdate)} vs ${told(load.ocspUpdate)}`,
    );
  if (found.length === 0) return undefined;
  return `${[...headOf(known.origin, origin), ...found].join('\n')}\n`;
}

/** Where one of the uses says nothing of the files. */
function headOf(known: StoredCertificate['origin'], now: StoredCertificate['origin']): readonly string[] {
  if (now === 'plain')
    return [`Can't use the certificate previously defined with keywords without these keywords:`];
  return known === 'plain'
    ? [`Can't use the certificate previously defined without any keyword with these keywords:`]
    : [];
}
