/** Bytes that tell where they belong: a table of random bytes, read from a place that differs by stream. */
const PERIOD = 65_521;
const LONGEST = 1 << 17;

const table = makeTable();

function makeTable(): Buffer {
  const bytes = Buffer.alloc(PERIOD + LONGEST);
  let state = 0x2545f491;
  for (let i = 0; i < PERIOD; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  for (let i = PERIOD; i < bytes.length; i++) bytes[i] = bytes[i - PERIOD] as number;
  return bytes;
}

/** At most LONGEST bytes of a stream, from `offset` on. */
export function patternOf(stream: number, offset: number, length: number): Buffer {
  const start = (stream * 7919 + offset) % PERIOD;
  return table.subarray(start, start + Math.min(length, LONGEST));
}

export function isPattern(stream: number, offset: number, bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += LONGEST) {
    const part = bytes.subarray(at, at + LONGEST);
    if (!part.equals(patternOf(stream, offset + at, part.length))) return false;
  }
  return true;
}
