/** The Internet checksum (RFC 1071) over one piece of memory after another. */

/** Adds the 16-bit words of a piece; an odd last byte counts as the high half of a word. */
export function addWords(sum: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  let total = sum;
  let at = start;
  for (; at + 1 < end; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < end) total += (bytes[at] as number) << 8;
  return total;
}

/** One's complement of the folded sum: 0 over data that carries its own right checksum. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}
