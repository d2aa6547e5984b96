/** The checksum of zlib's format (RFC 1950 section 8.2), as a signed number. It begins with 1. */
const MODULUS = 65_521;
/** The sums of so many bytes stay below 2^31. */
const AT_ONCE = 3800;

export function adler32(content: Uint8Array, before: number): number {
  let sum = before & 0xffff;
  let sumOfSums = before >>> 16;
  for (let at = 0; at < content.length;) {
    const end = Math.min(content.length, at + AT_ONCE);
    for (; at < end; at++) {
      sum += content[at] as number;
      sumOfSums += sum;
    }
    sum %= MODULUS;
    sumOfSums %= MODULUS;
  }
  return (sumOfSums << 16) | sum;
}
