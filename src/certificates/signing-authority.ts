/** Loads the authority that signs forged certificates (`ca-sign-file`, `ca-sign-pass`; manual, section 5.1). */
import { createPrivateKey } from 'node:crypto';
import type { SigningAuthority } from '../model/tls-material.ts';
import { canSign } from '../net/tls/forged-certificate.ts';
import { within } from './certificate-loader.ts';
import { keyFits, readCertificateFile, readKeyFile } from './certificate-parts.ts';
import type { CertificateFiles } from './files.ts';

type Wrong = { readonly error: string };

/** Certificate and key stand in one file; the key may lie beside it, in `<file>.key`. */
export function loadSigningAuthority(
  name: string,
  passphrase: string | undefined,
  folder: string,
  files: CertificateFiles,
): SigningAuthority | Wrong {
  const passphrases = (): readonly string[] => (passphrase === undefined ? [] : [passphrase]);
  const text = textOf(name, folder, files);
  if (text === undefined) return { error: `cannot open the file '${name}'.` };
  const parts = readCertificateFile(text, name, passphrases);
  if ('error' in parts) return parts;
  const keyFile = `${name}.key`;
  const keyText = textOf(keyFile, folder, files);
  const isEncrypted = /ENCRYPTED/.test(text);
  const none = isEncrypted
    ? `the private key is encrypted, and 'ca-sign-pass' does not fit.`
    : `No Private Key found in '${keyFile}'.`;
  const beside = keyText === undefined ? { error: none } : readKeyFile(keyText, keyFile, passphrases);
  const keyPem = parts.keyPem ?? ('error' in beside ? undefined : beside.pem);
  if (keyPem === undefined) return 'error' in beside ? beside : { error: none };
  if (!keyFits(parts, keyPem))
    return { error: `inconsistencies between private key and certificate loaded '${name}'.` };
  if (!canSign(createPrivateKey(keyPem)))
    return { error: 'certificates cannot be signed with its kind of key.' };
  return { certPem: parts.certPem, chainPem: parts.chainPem, keyPem };
}

function textOf(name: string, folder: string, files: CertificateFiles): string | undefined {
  const bytes = files.read(within(name, folder));
  return 'error' in bytes ? undefined : Buffer.from(bytes).toString('latin1');
}
