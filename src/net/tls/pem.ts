/** Blocks of a PEM file (RFC 7468), by what they hold. What stands between them is ignored, as OpenSSL does it. */

interface PemBlocks {
  /** Each as a text of its own, in the order of the file. */
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly dhParameters: readonly string[];
  readonly revocations: readonly string[];
}

const CERTIFICATE = /^(?:X509 |TRUSTED )?CERTIFICATE$/;
const KEY = /PRIVATE KEY$/;
const BLOCK = /^-----BEGIN ([A-Z0-9. ]+)-----\s*$[^]*?^-----END \1-----\s*$/gm;

export function readPem(text: string): PemBlocks {
  const blocks = [...text.matchAll(BLOCK)].map(([all, label]) => ({
    label: label ?? '',
    text: `${all.trim()}\n`,
  }));
  const labelled = (pattern: RegExp): readonly string[] =>
    blocks.filter(({ label }) => pattern.test(label)).map(block => block.text);
  return {
    certificates: labelled(CERTIFICATE),
    keys: labelled(KEY),
    dhParameters: labelled(/^(?:X9\.42 )?DH PARAMETERS$/),
    revocations: labelled(/^X509 CRL$/),
  };
}
