/**
 * Names in certificates (X.501 Name), in the three forms samples have for them: `/C=FR/O=x` with the bytes as they are,
 * one entry of them, and RFC 2253. And OpenSSL's one line, which alternative names want.
 */
import { latin1Slice } from '../../base/latin1.ts';
import { DER, derWithin, identifierText, type DerElement } from './der.ts';
import { shortName } from './object-names.ts';

interface NameEntry {
  /** `CN`, or the dotted identifier of what OpenSSL has no name for. */
  readonly name: string;
  readonly known: boolean;
  readonly value: DerElement;
  /** Entries of one number stand in one set (`OU=a+OU=b`). */
  readonly set: number;
}

export class DistinguishedName {
  readonly #buffer: Buffer;
  readonly #entries: readonly NameEntry[];

  constructor(buffer: Buffer, name: DerElement) {
    this.#buffer = buffer;
    this.#entries = readEntries(buffer, name);
  }

  /** `/C=FR/CN=x`; undefined: an empty name. */
  oneLine(): string | undefined {
    if (this.#entries.length === 0) return undefined;
    return this.#entries.map(entry => `/${entry.name}=${this.#bytes(entry)}`).join('');
  }

  /** The value of the `occurrence`th entry of that name, from the end when it is negative. */
  entry(name: string, occurrence: number): string | undefined {
    const wanted = name.toLowerCase();
    const found = this.#entries.filter(entry => entry.name.toLowerCase() === wanted);
    const entry = occurrence === 0 ? undefined : found.at(occurrence > 0 ? occurrence - 1 : occurrence);
    return entry && this.#bytes(entry);
  }

  /** `CN=x,C=FR` (RFC 2253): the last first, odd characters escaped. */
  rfc2253(): string | undefined {
    if (this.#entries.length === 0) return undefined;
    return this.#join([...this.#entries].reverse(), ',', '+', entry =>
      entry.known
        ? `${entry.name}=${escaped(this.#buffer, entry.value)}`
        : `${entry.name}=${dumped(this.#buffer, entry.value)}`,
    );
  }

  /** `C = FR, CN = x`, in quotes where it has to be. */
  spaced(): string {
    return this.#join(
      this.#entries,
      ', ',
      ' + ',
      entry => `${entry.name} = ${quoted(this.#buffer, entry.value)}`,
    );
  }

  #bytes({ value }: NameEntry): string {
    return latin1Slice(this.#buffer, value.start, value.end);
  }

  #join(
    entries: readonly NameEntry[],
    between: string,
    within: string,
    render: (entry: NameEntry) => string,
  ): string {
    let text = '';
    for (const [index, entry] of entries.entries()) {
      if (index > 0) text += entries[index - 1]?.set === entry.set ? within : between;
      text += render(entry);
    }
    return text;
  }
}

function readEntries(buffer: Buffer, name: DerElement): NameEntry[] {
  const entries: NameEntry[] = [];
  let set = 0;
  for (const group of derWithin(buffer, name)) {
    for (const pair of derWithin(buffer, group)) {
      const [type, value] = derWithin(buffer, pair);
      if (type?.tag !== DER.IDENTIFIER || value === undefined) continue;
      const dotted = identifierText(buffer, type);
      const known = shortName(dotted);
      entries.push({ name: known ?? dotted, known: known !== undefined, value, set });
    }
    set++;
  }
  return entries;
}

/** Bytes a character of the types of strings; all others are dumped. */
const CHARACTER_BYTES: Readonly<Record<number, 1 | 2 | 4 | 'utf8'>> = {
  12: 'utf8',
  18: 1,
  19: 1,
  20: 1,
  22: 1,
  23: 1,
  24: 1,
  26: 1,
  28: 4,
  30: 2,
};

/** The characters as bytes of UTF-8, one char a byte; undefined: no string, or not of that type. */
function textOf(buffer: Buffer, { tag, start, end }: DerElement): string | undefined {
  const width = CHARACTER_BYTES[tag];
  if (width === undefined) return undefined;
  if (width === 'utf8') return latin1Slice(buffer, start, end);
  if ((end - start) % width !== 0) return undefined;
  let text = '';
  for (let at = start; at < end; at += width) {
    const code = buffer.readUIntBE(at, width);
    if (code > 0x10ffff) return undefined;
    text += String.fromCodePoint(code);
  }
  return Buffer.from(text, 'utf8').toString('latin1');
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** `#` and the whole element. */
function dumped(buffer: Buffer, { at, end }: DerElement): string {
  return `#${buffer.toString('hex', at, end).toUpperCase()}`;
}

const SPECIAL = ',+"\\<>;';

/** True at a `#` or a space in front, and at a space at the end (RFC 2253, section 2.4). */
function isSpecial(text: string, index: number): boolean {
  const char = text.charAt(index);
  if (SPECIAL.includes(char)) return true;
  return (index === 0 && (char === '#' || char === ' ')) || (index === text.length - 1 && char === ' ');
}

function controlEscape(code: number): string | undefined {
  return code < 0x20 || code > 0x7e ? `\\${hex(code)}` : undefined;
}

function escaped(buffer: Buffer, value: DerElement): string {
  const text = textOf(buffer, value);
  if (text === undefined) return dumped(buffer, value);
  let result = '';
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    result += isSpecial(text, index) ? `\\${char}` : (controlEscape(text.charCodeAt(index)) ?? char);
  }
  return result;
}

function quoted(buffer: Buffer, value: DerElement): string {
  const text = textOf(buffer, value);
  if (text === undefined) return dumped(buffer, value);
  let result = '';
  let needsQuotes = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"' || char === '\\') result += `\\${char}`;
    else result += controlEscape(text.charCodeAt(index)) ?? char;
    needsQuotes ||= char !== '"' && char !== '\\' && isSpecial(text, index);
  }
  return needsQuotes ? `"${result}"` : result;
}
