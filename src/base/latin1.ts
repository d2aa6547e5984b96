/**
 * Buffer's own latin1 methods: half the cost of `toString('latin1')` and `write(…, 'latin1')` for a head,
 * present in every Node, absent from its type declarations.
 */
interface Latin1Methods {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}

export function latin1Slice(buffer: Buffer, start: number, end: number): string {
  return (buffer as unknown as Latin1Methods).latin1Slice(start, end);
}

/** Gives the bytes written. */
export function latin1Write(buffer: Buffer, text: string, offset: number): number {
  return (buffer as unknown as Latin1Methods).latin1Write(text, offset);
}

/** Above this, a call to V8 is cheaper than a loop. */
const LONGEST_LOOP = 40;

/** Writes a text that is often short; gives where it ends. */
export function writeLatin1(buffer: Buffer, text: string, offset: number): number {
  const { length } = text;
  if (length > LONGEST_LOOP) return offset + latin1Write(buffer, text, offset);
  for (let at = 0; at < length; at++) buffer[offset + at] = text.charCodeAt(at);
  return offset + length;
}
