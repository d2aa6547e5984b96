/**
 * Walks bytes in DER (X.690): one element at a time, nothing is copied. Bytes that are none, or that end early, are
 * answered with undefined: what peers present is read here, so nothing throws.
 */

export interface DerElement {
  /** Class, constructed bit and number of the first byte; tags above 30 are not read. */
  readonly tag: number;
  /** Where the element begins, where its content does, and where both end. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

export const DER = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** The element at that place; undefined: none that fits. */
export function derAt(buffer: Buffer, at: number, limit: number): DerElement | undefined {
  if (at + 2 > limit || limit > buffer.length) return undefined;
  const tag = buffer.readUInt8(at);
  const first = buffer.readUInt8(at + 1);
  if ((tag & 0x1f) === 0x1f || first === 0x80) return undefined;
  const more = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + more;
  if (more > 4 || start > limit) return undefined;
  const length = more === 0 ? first : buffer.readUIntBE(at + 2, more);
  const end = start + length;
  return end > limit ? undefined : { tag, at, start, end };
}

/** The elements within one, in order; those before a broken one. */
export function* derWithin(buffer: Buffer, { start, end }: DerElement): Generator<DerElement> {
  for (let at = start; at < end;) {
    const element = derAt(buffer, at, end);
    if (element === undefined) return;
    yield element;
    at = element.end;
  }
}

/** The first element within one. */
export function derInside(buffer: Buffer, { start, end }: DerElement): DerElement | undefined {
  return derAt(buffer, start, end);
}

/** `2.5.4.3`; empty when there is none. */
export function identifierText(buffer: Buffer, { start, end }: DerElement): string {
  const parts: bigint[] = [];
  let value = 0n;
  for (let at = start; at < end; at++) {
    const byte = buffer.readUInt8(at);
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte & 0x80) continue;
    parts.push(value);
    value = 0n;
  }
  const first = parts[0];
  if (first === undefined) return '';
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...parts.slice(1)].join('.');
}
