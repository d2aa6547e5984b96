/** Field blocks written byte by byte (RFC 7541), and what a decoder makes of them. */
import type { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { HUFFMAN_CODES } from '../../src/http2/hpack/huffman.ts';

export type Fields = readonly (readonly [name: string, value: string])[];

/** What one block says; undefined: it is bad. */
export function fieldsOf(decoder: HpackDecoder, block: Buffer, maxListBytes = Infinity): Fields | undefined {
  const found: [string, string][] = [];
  const sink = { field: (name: string, value: string) => void found.push([name, value]) };
  // stands in the middle of other bytes
  const around = Buffer.concat([Buffer.alloc(3, 0x82), block, Buffer.alloc(40, 0x82)]);
  return decoder.decode(around, 3, 3 + block.length, sink, maxListBytes) ? found : undefined;
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

/** `mask`: the bits of the first byte that belong to the number. */
export function integer(pattern: number, mask: number, value: number): Buffer {
  if (value < mask) return Buffer.of(pattern | value);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return Buffer.from([...bytes, rest]);
}

/** The code of the symbols, padded with ones. */
export function huffman(symbols: readonly number[], padding = '1111111'): Buffer {
  const bits = symbols.map(symbol => {
    const { code, length } = HUFFMAN_CODES[symbol] as { code: number; length: number };
    return code.toString(2).padStart(length, '0');
  });
  const all = bits.join('');
  const padded = all + padding.slice(0, (8 - (all.length % 8)) % 8);
  return Buffer.from((padded.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)));
}

export function text(value: string, isCoded = false): Buffer {
  const bytes = isCoded ? huffman([...Buffer.from(value, 'latin1')]) : Buffer.from(value, 'latin1');
  return Buffer.concat([integer(isCoded ? 0x80 : 0, 0x7f, bytes.length), bytes]);
}

export function indexed(index: number): Buffer {
  return integer(0x80, 0x7f, index);
}

export function sizeUpdate(size: number): Buffer {
  return integer(0x20, 0x1f, size);
}

const LITERAL = { added: [0x40, 0x3f], plain: [0, 0x0f], never: [0x10, 0x0f] } as const;

/** `name`: a text, or the index of one. */
export function literal(
  kind: keyof typeof LITERAL,
  name: string | number,
  value: string,
  isCoded = false,
): Buffer {
  const [pattern, mask] = LITERAL[kind];
  return typeof name === 'number'
    ? Buffer.concat([integer(pattern, mask, name), text(value, isCoded)])
    : Buffer.concat([Buffer.of(pattern), text(name, isCoded), text(value, isCoded)]);
}
