/** Base64, hexadecimal, URL and chunked number encodings (manual, section 7.3.1; RFC 4648, RFC 3986). */
import type { Arguments, Mistake } from '../arguments.ts';
import { normalInt } from '../integer.ts';
import type { Convert, ConverterRow } from '../row.ts';

function simple(
  name: string,
  from: 'str' | 'bin',
  out: 'str' | 'bin' | 'int',
  summary: string,
  apply: (text: string) => string | number | bigint | undefined,
): ConverterRow {
  return { name, in: from, out, summary, compile: () => (text: string) => apply(text) };
}

const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();

/** Strict: length a multiple of four, padding only at the end. */
export function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('latin1');
}

function decodeBase64Url(text: string): string | undefined {
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(bare) || bare.length % 4 === 1) return undefined;
  return Buffer.from(bare, 'base64url').toString('latin1');
}

function hexToInt(text: string): number | bigint | undefined {
  if (/[^0-9a-fA-F]/.test(text)) return undefined;
  return text === '' ? 0 : normalInt(BigInt.asIntN(64, BigInt(`0x${text}`)));
}

/** Percent escapes; a broken one makes the whole string invalid. `+` is a blank behind the question mark, or always. */
function decodeUrl(text: string, inForm: boolean): string | undefined {
  let isQuery = inForm;
  let output = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '+' && isQuery) output += ' ';
    else if (char === '%') {
      const digits = text.slice(at + 1, at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
      output += String.fromCharCode(Number.parseInt(digits, 16));
      at += 2;
    } else {
      if (char === '?') isQuery = true;
      output += char;
    }
  }
  return output;
}

function encodeUrl(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

interface ChunkArgs {
  readonly separator: string;
  readonly size: number;
  /** Leave out an incomplete last chunk. */
  readonly truncate: boolean;
}

function chunkArgs(args: Arguments, size: number): ChunkArgs {
  return { separator: args[0]?.text ?? '', size, truncate: Number(args[2]?.int ?? 0) !== 0 };
}

function chunksOf(bytes: string, { size, truncate }: ChunkArgs): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    if (truncate && at + size > bytes.length) break;
    chunks.push(bytes.slice(at, at + size));
  }
  return chunks;
}

function chunkToDecimal(chunk: string, isBigEndian: boolean): string {
  const digits = Buffer.from(chunk, 'latin1');
  if (!isBigEndian) digits.reverse();
  return BigInt(`0x${digits.toString('hex')}`).toString();
}

function decimalConverter(name: string, summary: string, isBigEndian: boolean): ConverterRow {
  return {
    name,
    args: ['separator:str', 'chunk_size:int', 'truncate:int?'],
    in: 'bin',
    out: 'str',
    summary,
    compile: (args: Arguments): Convert | Mistake => {
      const size = Number(args[1]?.int ?? 0);
      if (size <= 0 || size > 8) return { error: 'chunk_size value must be between 1 and 8' };
      const chunking = chunkArgs(args, size);
      return (bytes: string) =>
        chunksOf(bytes, chunking)
          .map(chunk => chunkToDecimal(chunk, isBigEndian))
          .join(chunking.separator);
    },
  };
}

function compileHexChunks(args: Arguments): Convert | Mistake {
  const separator = args[0]?.text ?? '';
  const size = Number(args[1]?.int ?? 0);
  const cut = Number(args[2]?.int ?? 0);
  if (cut !== 0 && cut !== 1) return { error: 'truncate is 0 or 1' };
  const truncate = cut === 1;
  if (separator === '' && !truncate) return (bytes: string) => hex(bytes);
  if (size <= 0) return { error: 'chunk_size value must be greater than 0' };
  const chunking = { separator, size, truncate };
  return (bytes: string) => chunksOf(bytes, chunking).map(hex).join(separator);
}

export const ENCODING_CONVERTERS: readonly ConverterRow[] = [
  simple('base64', 'bin', 'str', 'base64 text', bytes => Buffer.from(bytes, 'latin1').toString('base64')),
  simple('b64dec', 'str', 'bin', 'bytes of base64 text', decodeBase64),
  simple('ub64enc', 'bin', 'str', 'URL-safe base64 text', bytes =>
    Buffer.from(bytes, 'latin1').toString('base64url'),
  ),
  simple('ub64dec', 'str', 'bin', 'bytes of URL-safe base64 text', decodeBase64Url),
  simple('hex', 'bin', 'str', 'hexadecimal text', hex),
  simple('hex2i', 'str', 'int', 'number of hexadecimal text', hexToInt),
  simple('base2', 'bin', 'str', 'binary digits', bytes =>
    Array.from(bytes, byte => byte.charCodeAt(0).toString(2).padStart(8, '0')).join(''),
  ),
  decimalConverter('be2dec', 'big endian chunks as decimal numbers', true),
  decimalConverter('le2dec', 'little endian chunks as decimal numbers', false),
  {
    name: 'be2hex',
    args: ['separator:str', 'chunk_size:int?', 'truncate:int?'],
    in: 'bin',
    out: 'str',
    summary: 'big endian chunks in hexadecimal',
    compile: compileHexChunks,
  },
  {
    name: 'url_dec',
    args: ['in_form:int?'],
    in: 'str',
    out: 'str',
    summary: 'percent escapes decoded',
    compile: args => {
      const inForm = Number(args[0]?.int ?? 0) !== 0;
      return (text: string) => decodeUrl(text, inForm);
    },
  },
  {
    name: 'url_enc',
    args: ['enc_type:str'],
    in: 'str',
    out: 'str',
    summary: 'percent escapes for query strings',
    compile: args => {
      const type = args[0]?.text ?? '';
      if (type !== '' && type !== 'query')
        return { error: "Unexpected encode type. Allowed value is 'query'" };
      return (text: string) => encodeUrl(text);
    },
  },
];
