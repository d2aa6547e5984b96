/**
 * Files of authorities and of revocation lists: `ca-file`, `ca-verify-file`, `crl-file` of listeners and servers (manual,
 * section 5.1): a file, a folder, or `@system-ca`.
 */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { AuthorityFile } from '../model/tls-material.ts';
import { readPem } from '../net/tls/pem.ts';
import { RevocationList } from '../net/tls/revocation-list.ts';
import { within } from './certificate-loader.ts';
import type { CertificateFiles } from './files.ts';

export const SYSTEM_AUTHORITIES = '@system-ca';

/** Where OpenSSL looks when nobody says otherwise. */
function systemFolder(): string {
  return process.env['SSL_CERT_DIR'] ?? '/etc/ssl/certs';
}

interface Loaded {
  readonly file: AuthorityFile;
  readonly warnings: readonly string[];
}

type Wrong = { readonly error: string };

export function loadAuthorities(name: string, folder: string, files: CertificateFiles): Loaded | Wrong {
  if (name === SYSTEM_AUTHORITIES) return loadSystem(files);
  const path = within(name, folder);
  const kind = files.kindOf(path);
  if (typeof kind !== 'string') return { error: `Couldn't open the ca-file '${name}' (${kind.error}).` };
  if (kind === 'directory') return warnEmpty(loadFolder(name, path, files));
  const read = loadOne(path, files);
  if ('error' in read) return { error: `Couldn't open the ca-file '${name}' (${read.error}).` };
  return { file: { name, ...read }, warnings: [] };
}

type Blocks = Pick<AuthorityFile, 'certificates' | 'revocations'>;

function loadOne(path: string, files: CertificateFiles): Blocks | Wrong {
  const bytes = files.read(path);
  return 'error' in bytes ? bytes : readAuthorities(Buffer.from(bytes).toString('latin1'));
}

/** Certificates and revocation lists of a text. */
export function readAuthorities(text: string): Blocks | Wrong {
  const { certificates, revocations, fault } = readPem(text);
  const wrong =
    [...certificates.map(reasonAgainst), ...revocations.map(noList)].find(reason => reason !== undefined) ??
    fault;
  if (wrong === undefined && certificates.length + revocations.length === 0)
    return { error: 'no certificate or crl found' };
  return wrong === undefined
    ? { certificates: withoutRepetitions(certificates), revocations }
    : { error: wrong };
}

/** In OpenSSL's words. */
function noList(pem: string): string | undefined {
  return RevocationList.read(pem) === undefined ? 'wrong tag' : undefined;
}

/** A store of OpenSSL's has each once. */
function withoutRepetitions(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function reasonAgainst(pem: string): string | undefined {
  try {
    void new X509Certificate(pem);
    return undefined;
  } catch (error) {
    const { reason, message } = error as { reason?: string; message: string };
    return reason ?? message;
  }
}

const IN_FOLDERS = /^[^.].*\.(?:pem|crt|cer|crl)$/;

function loadFolder(name: string, path: string, files: CertificateFiles): Loaded | Wrong {
  const names = files.list(path);
  if ('error' in names) return { error: `Couldn't open the ca-file '${name}' (${names.error}).` };
  const warnings: string[] = [];
  const certificates: string[] = [];
  const revocations: string[] = [];
  for (const one of names.filter(entry => IN_FOLDERS.test(entry))) {
    const read = loadOne(`${path}/${one}`, files);
    if ('error' in read) warnings.push(`ca-file: '${name}' couldn't load '${path}/${one}' (${read.error})`);
    else {
      certificates.push(...read.certificates);
      revocations.push(...read.revocations);
    }
  }
  return { file: { name, certificates: withoutRepetitions(certificates), revocations }, warnings };
}

function warnEmpty(loaded: Loaded | Wrong): Loaded | Wrong {
  if ('error' in loaded) return loaded;
  const { file, warnings } = loaded;
  if (file.certificates.length + file.revocations.length > 0) return loaded;
  return { file, warnings: [...warnings, `ca-file: 0 CA were loaded from '${file.name}'`] };
}

/** Those that the system trusts; those that Node came with where it keeps none. */
function loadSystem(files: CertificateFiles): Loaded | Wrong {
  const loaded = loadFolder(SYSTEM_AUTHORITIES, systemFolder(), files);
  if (!('error' in loaded) && loaded.file.certificates.length > 0) return loaded;
  return {
    file: { name: SYSTEM_AUTHORITIES, certificates: [...rootCertificates], revocations: [] },
    warnings: [],
  };
}
