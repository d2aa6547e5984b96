/** CRC-32C (Castagnoli; RFC 9260, appendix A) over latin1 text, unsigned. PROXY protocol v2 carries it too. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

export function crc32c(text: string): number {
  let crc = -1;
  for (let index = 0; index < text.length; index++)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(index)) & 255] as number);
  return ~crc >>> 0;
}
