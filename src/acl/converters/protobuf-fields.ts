/** The fields of a Protocol Buffers message, in their order. Bytes are strings, one char a byte. */

/** How a field is laid out, by the low three bits of its key; groups (3 and 4) are no longer in use. */
const WIRE_TYPES = ['varint', '64bit', 'bytes', undefined, undefined, '32bit'] as const;

export type WireType = NonNullable<(typeof WIRE_TYPES)[number]>;

export interface Field {
  readonly number: number;
  readonly wire: WireType;
  /** What it holds, without key and length. */
  readonly bytes: string;
}

const MAX_VARINT = 10;

/** Where the varint at `from` ends; undefined when it is cut, or longer than 64 bits need. */
function varintEnd(message: string, from: number): number | undefined {
  const last = Math.min(message.length, from + MAX_VARINT);
  for (let at = from; at < last; at++) if (message.charCodeAt(at) < 0x80) return at + 1;
  return undefined;
}

/** Unsigned: seven bits a byte, the least significant first. */
export function varintOf(bytes: string): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 7n) | BigInt(bytes.charCodeAt(at) & 0x7f);
  return BigInt.asUintN(64, value);
}

/** Where what a field holds begins and ends; undefined when that is not in the message. */
function contentAt(message: string, wire: WireType | undefined, at: number): [number, number] | undefined {
  switch (wire) {
    case '64bit':
      return [at, at + 8];
    case '32bit':
      return [at, at + 4];
    case 'varint':
    case 'bytes': {
      const end = varintEnd(message, at);
      if (end === undefined || wire === 'varint') return end === undefined ? undefined : [at, end];
      return [end, end + Number(varintOf(message.slice(at, end)))];
    }
    case undefined:
      return undefined;
  }
}

/** Ends with the message, or where what follows is no field. */
export function* fieldsOf(message: string): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const keyEnd = varintEnd(message, at);
    if (keyEnd === undefined) return;
    const key = varintOf(message.slice(at, keyEnd));
    const wire = WIRE_TYPES[Number(key & 7n)];
    const [start, end] = contentAt(message, wire, keyEnd) ?? [0, Infinity];
    if (wire === undefined || end > message.length) return;
    yield { number: Number(BigInt.asUintN(32, key >> 3n)), wire, bytes: message.slice(start, end) };
    at = end;
  }
}
