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
