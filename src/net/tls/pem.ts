/**
 * Blocks of a PEM file (RFC 7468), by what they hold. What stands between them is ignored, as OpenSSL does it; a block that is
 * damaged is not: what stands behind it is not read, and nobody is to think that it was.
 */

interface PemBlocks {
  /** Each as a text of its own, in the order of the file. */
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly dhParameters: readonly string[];
  readonly revocations: readonly string[];
  /** What is wrong with the first that is damaged, in OpenSSL's words. */
  readonly fault: string | undefined;
}

interface Block {
  readonly label: string;
  readonly lines: readonly string[];
}

const BYTE_ORDER_MARK = /^\u00ef\u00bb\u00bf/;
const BEGIN = /^-----BEGIN (.*)-----$/;
const END = '-----END ';
const CERTIFICATE = /^(?:X509 |TRUSTED )?CERTIFICATE$/;
const KEY = /PRIVATE KEY$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** `text`: of one character a byte. */
export function readPem(text: string): PemBlocks {
  const { blocks, fault } = readBlocks(text.replace(BYTE_ORDER_MARK, '').split('\n'));
  const labelled = (pattern: RegExp): readonly string[] =>
    blocks.filter(({ label }) => pattern.test(label)).map(({ lines }) => `${lines.join('\n')}\n`);
  return {
    certificates: labelled(CERTIFICATE),
    keys: labelled(KEY),
    dhParameters: labelled(/^(?:X9\.42 )?DH PARAMETERS$/),
    revocations: labelled(/^X509 CRL$/),
    fault,
  };
}

interface Blocks {
  readonly blocks: readonly Block[];
  readonly fault: string | undefined;
}

function readBlocks(lines: readonly string[]): Blocks {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const label = BEGIN.exec(lineAt(lines, at))?.[1];
    if (label === undefined) continue;
    const begin = at;
    while (++at < lines.length && !lineAt(lines, at).startsWith(END));
    if (lineAt(lines, at) !== `${END}${label}-----`) return { blocks, fault: 'bad end line' };
    const block = lines.slice(begin, at + 1).map(line => line.trimEnd());
    if (!isWhole(label, block)) return { blocks, fault: 'bad base64 decode' };
    blocks.push({ label, lines: block });
  }
  return { blocks, fault: undefined };
}

function lineAt(lines: readonly string[], at: number): string {
  return (lines[at] ?? '').trimEnd();
}

/** Certificates are judged by who takes them, encrypted keys by who opens them. */
function isWhole(label: string, lines: readonly string[]): boolean {
  const content = lines.slice(1, -1);
  if (CERTIFICATE.test(label) || content.some(line => line.includes(':'))) return true;
  const encoded = content.join('').replace(/\s+/g, '');
  return encoded.length % 4 === 0 && BASE64.test(encoded);
}
