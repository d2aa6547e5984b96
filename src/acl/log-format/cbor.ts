/** CBOR items (RFC 8949) as text of bytes; without `+bin` every byte is written as two hexadecimal digits. */

export const CBOR_NULL = '\xf6';
export const CBOR_TRUE = '\xf5';
export const CBOR_FALSE = '\xf4';
export const CBOR_BREAK = '\xff';
export const CBOR_MAP = '\xbf';
export const CBOR_ARRAY = '\x9f';
export const CBOR_TEXT = '\x7f';
export const CBOR_BYTES = '\x5f';

/** Major type and argument, in the shortest form. */
function head(major: number, argument: bigint): string {
  const type = major << 5;
  if (argument < 24n) return String.fromCharCode(type | Number(argument));
  const [info, size] =
    argument < 256n ? [24, 1] : argument < 65536n ? [25, 2] : argument < 2n ** 32n ? [26, 4] : [27, 8];
  let bytes = String.fromCharCode(type | info);
  for (let shift = (size - 1) * 8; shift >= 0; shift -= 8)
    bytes += String.fromCharCode(Number((argument >> BigInt(shift)) & 255n));
  return bytes;
}

export function cborInt(value: bigint): string {
  return value >= 0n ? head(0, value) : head(1, -1n - value);
}

export function cborText(text: string): string {
  return head(3, BigInt(text.length)) + text;
}

export function cborBytes(bytes: string): string {
  return head(2, BigInt(bytes.length)) + bytes;
}

export function toHex(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();
}
