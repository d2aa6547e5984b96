/**
 * Tables of raw byte streams, one case a line, tab-separated. Escapes: `\r \n \t \0 \\ \xNN`; `{300*text}` repeats;
 * `{close}` at the end of a response closes the connection there.
 */
import { readFileSync } from 'node:fs';

export function readCases(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .filter(line => line !== '')
    .map(line => line.split('\t'));
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' };

/** The bytes, one char each. */
export function decodeBytes(text: string): string {
  return text
    .replace(/\{(\d+)\*([^}]*)\}/g, (_all, count: string, part: string) => part.repeat(Number(count)))
    .replace(/\\(?:x([0-9a-f]{2})|(.))/g, (all, hex: string | undefined, letter: string | undefined) =>
      hex === undefined ? (ESCAPES[letter as string] ?? all) : String.fromCharCode(parseInt(hex, 16)),
    );
}
